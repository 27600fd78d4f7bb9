"""Which addresses are public."""

from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sent_server.egress import addresses

PUBLIC = ["8.8.8.8", "1.1.1.1", "93.184.216.34", "100.63.255.255", "100.128.0.0", "172.32.0.1", "2606:4700::1111"]
BLOCKED = [
    "0.0.0.0", "0.1.2.3", "10.1.2.3", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.255.255.255",
    "168.63.129.16", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.0.192", "192.0.2.1",
    "192.31.196.1", "192.52.193.1", "192.88.99.1", "192.168.1.1", "192.175.48.1", "198.18.0.1", "198.19.255.255",
    "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255",
    "::", "::1", "::ffff:8.8.8.8", "::ffff:127.0.0.1", "::8.8.8.8", "::ffff:0:8.8.8.8", "64:ff9b::808:808",
    "64:ff9b:1::1", "100::1", "100:0:0:1::1", "2001::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:10::1",
    "2001:20::1", "2001:db8::1", "2002:7f00:1::1", "2620:4f:8000::1", "3fff::1", "5f00::1", "fc00::1",
    "fd00:ec2::254", "fe80::1", "fe80::1%eth0", "2606:4700::1%eth0", "fec0::1", "ff02::1",
]  # fmt: skip
NOT_ADDRESSES = ["", "localhost", "127.1", "2130706433", "0x7f.0.0.1", "010.0.0.1", "1.2.3.4 ", "[::1]", "1.2.3.4\n"]


@pytest.mark.parametrize("address", PUBLIC)
def test_an_address_of_the_internet_is_public(address: str) -> None:
    assert addresses.is_public(address)


@pytest.mark.parametrize("address", BLOCKED + NOT_ADDRESSES)
def test_a_special_address_is_not_public(address: str) -> None:
    assert not addresses.is_public(address)


@pytest.mark.parametrize(("address", "loopback"), [
    ("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("::ffff:127.0.0.1", False), ("128.0.0.1", False),
    ("localhost", False), ("0.0.0.0", False),
])  # fmt: skip
def test_loopback_is_what_is_written_as_loopback(address: str, loopback: bool) -> None:
    assert addresses.is_loopback(address) is loopback


@given(st.ip_addresses(v=4))
def test_what_the_standard_library_calls_private_is_never_public(ip: IPv4Address) -> None:
    if not ip.is_global or ip.is_multicast or ip.is_reserved or ip.is_loopback or ip.is_link_local:
        assert not addresses.is_public(str(ip))


@given(st.ip_addresses(v=6))
def test_the_same_for_ipv6(ip: IPv6Address) -> None:
    if not ip.is_global or ip.is_multicast or ip.is_reserved or ip.ipv4_mapped or ip.sixtofour or ip.teredo:
        assert not addresses.is_public(str(ip))


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_in_ipv6_dress_is_never_public(ip: IPv4Address) -> None:
    tail = f"{int(ip) >> 16:x}:{int(ip) & 0xFFFF:x}"
    for dressed in (f"::ffff:{ip}", f"::{ip}", f"64:ff9b::{tail}", f"2002:{tail}::", f"2001:0:{tail}::"):
        assert not addresses.is_public(dressed)
