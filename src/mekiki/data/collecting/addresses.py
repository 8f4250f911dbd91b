"""Which network addresses may be asked: public ones. Others are somebody's own network, and a list must not reach it.

Judged is the numeric address that a connection goes to, never a name or a spelling (``connecting.py`` sees to that).
The tables follow IANA's special-purpose registries for IPv4 and IPv6 (RFC 6890 and its updates), and do not depend on
the version of Python, whose ``is_global`` has changed. IPv6 is public inside 2000::/3 only. The addresses where clouds
hand out credentials to the machines in them are never asked, whatever is allowed.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

METADATA = "cloud metadata"
"""The kind of address that is never asked."""

_NOT_PUBLIC_4: tuple[tuple[IPv4Network, str], ...] = tuple(
    (IPv4Network(network), kind)
    for network, kind in (
        ("0.0.0.0/8", "unspecified"),
        ("10.0.0.0/8", "private"),
        ("100.64.0.0/10", "carrier-grade NAT"),
        ("127.0.0.0/8", "loopback"),
        ("169.254.0.0/16", "link-local"),
        ("172.16.0.0/12", "private"),
        ("192.0.0.0/24", "reserved"),
        ("192.0.2.0/24", "documentation"),
        ("192.88.99.0/24", "reserved"),
        ("192.168.0.0/16", "private"),
        ("198.18.0.0/15", "benchmarking"),
        ("198.51.100.0/24", "documentation"),
        ("203.0.113.0/24", "documentation"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved"),
    )
)
_NOT_PUBLIC_6: tuple[tuple[IPv6Network, str], ...] = tuple(
    (IPv6Network(network), kind)
    for network, kind in (
        ("::/128", "unspecified"),
        ("::1/128", "loopback"),
        ("2001::/32", "Teredo tunnel"),
        ("2001::/23", "reserved"),
        ("2001:db8::/32", "documentation"),
        ("2002::/16", "6to4 tunnel"),
        ("3fff::/20", "documentation"),
        ("fc00::/7", "private"),
        ("fe80::/10", "link-local"),
        ("fec0::/10", "private"),
        ("ff00::/8", "multicast"),
    )
)
_METADATA = frozenset(
    ip_address(address)
    for address in (
        "169.254.169.254",  # Amazon, Google, Azure and most others
        "169.254.170.2",  # Amazon, containers
        "169.254.170.23",
        "fd00:ec2::254",
        "fd00:ec2::23",
        "fd20:ce::254",  # Google
        "168.63.129.16",  # Azure; inside the public range
        "100.100.100.200",  # Alibaba
        "192.0.0.192",  # Oracle
    )
)
_PUBLIC_6 = IPv6Network("2000::/3")
_HOLDS_IPV4 = (IPv6Network("::ffff:0:0/96"), IPv6Network("64:ff9b::/96"))
"""IPv4-mapped addresses and the well-known prefix of NAT64: the last 32 bits are the address that is reached."""


def why_not_public(address: str) -> str:
    """Tell what kind of address this is, if it is not a public one.

    Args:
        address: Numeric IPv4 or IPv6, as the resolver gives it; an IPv6 zone (``%eth0``) may follow.

    Returns:
        "loopback", "private", "link-local" and so on; empty if the address is public.

    Raises:
        ValueError: It is no numeric address.

    Example:
        >>> why_not_public("::ffff:127.0.0.1")
        'loopback'
    """
    reached = _reached(address)
    if reached in _METADATA:
        return METADATA
    return _why_not_4(reached) if isinstance(reached, IPv4Address) else _why_not_6(reached)


def _reached(address: str) -> IPv4Address | IPv6Address:
    """Return the address that packets go to: without its zone, and the IPv4 address that an IPv6 one holds."""
    given = ip_address(address)
    if isinstance(given, IPv4Address):
        return given
    bare = IPv6Address(int(given))
    return IPv4Address(int(bare) & 0xFFFFFFFF) if any(bare in network for network in _HOLDS_IPV4) else bare


def _why_not_4(address: IPv4Address) -> str:
    return next((kind for network, kind in _NOT_PUBLIC_4 if address in network), "")


def _why_not_6(address: IPv6Address) -> str:
    kind = next((kind for network, kind in _NOT_PUBLIC_6 if address in network), "")
    return kind or ("" if address in _PUBLIC_6 else "reserved")
