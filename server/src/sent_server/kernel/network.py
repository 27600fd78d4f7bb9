"""Which network an internet address belongs to, for limits per address."""

import functools
import ipaddress


@functools.lru_cache(maxsize=4096)
def network(address: str) -> str:
    """The IPv4 address itself, or the /64 of an IPv6 address, which one customer owns. Other text stays unchanged.

    Every spelling of an address gives the same network. An IPv4-mapped IPv6 address gives the IPv4 address.
    """
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((int(parsed), 64), strict=False))
