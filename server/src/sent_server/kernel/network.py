"""Whose an internet address is, as far as limits per address go."""

import functools
import ipaddress


@functools.lru_cache(maxsize=4096)
def network(address: str) -> str:
    """An IPv4 address itself; of an IPv6 address the /64, which one customer has whole. Anything else is left as it is.

    Every spelling of an address gives the same network, an IPv4 address inside an IPv6 one that address.
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
