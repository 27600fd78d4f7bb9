"""Decides which addresses are on the public internet. Pure.

The standard library's `is_global` does not suffice: it considers multicast, NAT64 and others public. So this lists
every special-purpose range of the IANA registries (IPv4, IPv6) and the metadata addresses of clouds.
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

_BLOCKED_4 = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # shared by carriers; Alibaba's metadata 100.100.100.200
        "127.0.0.0/8",  # loopback
        "168.63.129.16/32",  # Azure's host
        "169.254.0.0/16",  # link-local; metadata 169.254.169.254
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments; Oracle's metadata 192.0.0.192
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",  # AS112
        "192.52.193.0/24",  # AMT
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "192.175.48.0/24",  # AS112
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
    )
)
# Only 2000::/3 is allocated, so mapped, NAT64, unique-local, link-local, site-local and multicast are outside it.
_UNICAST_6 = IPv6Network("2000::/3")
_BLOCKED_6 = tuple(
    IPv6Network(text)
    for text in (
        "2001::/23",  # protocol assignments: Teredo, ORCHID, benchmarks, AMT, AS112
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: contains an IPv4 address
        "2620:4f:8000::/48",  # AS112
        "3fff::/20",  # documentation
    )
)
_LOOPBACK_4 = IPv4Network("127.0.0.0/8")
_LOOPBACK_6 = IPv6Address("::1")


def is_public(address: str) -> bool:
    """Also False for text that is not an address. An address with a zone (`fe80::1%eth0`) is never public."""
    match _parse(address):
        case IPv4Address() as ip:
            return not any(ip in network for network in _BLOCKED_4)
        case IPv6Address() as ip:
            return ip in _UNICAST_6 and not any(ip in network for network in _BLOCKED_6)
        case None:
            return False


def is_loopback(address: str) -> bool:
    """127.0.0.0/8 and ::1 only, not addresses that are routed there."""
    match _parse(address):
        case IPv4Address() as ip:
            return ip in _LOOPBACK_4
        case IPv6Address() as ip:
            return ip == _LOOPBACK_6
        case None:
            return False


def _parse(address: str) -> IPv4Address | IPv6Address | None:
    if "%" in address:
        return None
    try:
        return ip_address(address)
    except ValueError:
        return None
