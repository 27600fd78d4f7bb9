"""The limit of requests without a key, per address, whatever way an address is written."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sent_server.errors import ApiError
from sent_server.http.anonymous_limits import PER_IP, AnonymousRateLimiter
from sent_server.kernel import network


def _admitted(addresses: list[str]) -> int:
    limiter, count = AnonymousRateLimiter(now_ms=lambda: 5), 0
    for address in addresses:
        try:
            limiter.hit_ip(address)
        except ApiError:
            continue
        count += 1
    return count


@pytest.mark.parametrize("form", ["2001:db8::{:x}", "2001:db8:0:0:0:0:0:{:x}", "2001:DB8::1:{:x}", "fe80::{:x}%eth0"])
def test_a_network_of_64_bits_is_one_customer(form: str) -> None:
    assert _admitted([form.format(number) for number in range(1, 1_000)]) == PER_IP


def test_other_networks_and_ipv4_addresses_have_limits_of_their_own() -> None:
    assert _admitted([f"2001:db8:0:{number:x}::1" for number in range(1_000)]) == 1_000
    assert _admitted([f"192.0.2.{number}" for number in range(256)]) == 256
    assert _admitted(["192.0.2.1", "::ffff:192.0.2.1"] * 200) == PER_IP


@given(st.integers(0, 2**128 - 1), st.integers(0, 2**64 - 1))
def test_every_spelling_and_every_host_of_a_network_is_the_same(number: int, host: int) -> None:
    address = ipaddress.IPv6Address(number)
    if address.ipv4_mapped is None:
        neighbour = ipaddress.IPv6Address((number >> 64 << 64) | host)
        found = {network.network(text) for text in (address.compressed, address.exploded, address.exploded.upper())}
        if neighbour.ipv4_mapped is None:
            found.add(network.network(str(neighbour)))
        assert len(found) == 1


@given(st.text(max_size=40))
def test_anything_else_is_left_as_it_is(text: str) -> None:
    assert isinstance(network.network(text), str)
