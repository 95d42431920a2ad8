# SPDX-License-Identifier: MIT
"""One spelling for one address, and one definition of "one source".

An IPv4 address that arrived over an IPv6 socket (`::ffff:192.0.2.1`, RFC 4291 §2.5.5.2) is that IPv4 address. A zone
(`fe80::1%eth0`, RFC 4007 §11) is dropped: it is the name that one host gave its own interface.

One source is an IPv4 address or an IPv6 /64. A /64 is the smallest network that a provider assigns (RFC 6177, BCP 157)
and a host chooses its addresses freely within it (RFC 8981), so a limit per IPv6 address would limit nobody. A wider
prefix would make neighbours answer for each other; IPv4 addresses are too scarce to be changed at will.

`ipaddress` costs 0.3 MiB (USS beside asyncio, Python 3.13). Every resident worker that needs this module had it
loaded before (urllib.parse and SQLAlchemy import it too); the forwarder, which does not, imports neither.
"""

from collections.abc import Collection
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from socket import AF_INET, inet_ntop, inet_pton

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_HOST_BITS = 64
_MAPPED_BITS = 96
"""Before the IPv4 address in an IPv4-mapped one."""


def parse_address(text: str) -> Address | None:
    """Return the canonical address that `text` spells, None when it spells none."""
    try:
        return unmapped(ip_address(text.partition("%")[0]))
    except ValueError:
        return None


def unmapped(address: Address) -> Address:
    """Return `address` without a zone, an IPv4-mapped one as IPv4."""
    if isinstance(address, IPv4Address):
        return address
    return address.ipv4_mapped or IPv6Address(int(address))


@lru_cache(maxsize=1024)
def canonical(text: str) -> str | None:
    """Return the canonical address as text (RFC 5952), None when `text` is no address."""
    if _is_dotted(text):
        return text
    address = parse_address(text)
    return None if address is None else str(address)


def _is_dotted(text: str) -> bool:
    """Return whether `text` spells an IPv4 address in the only canonical way; `ipaddress` takes ten times as long."""
    try:
        return inet_ntop(AF_INET, inet_pton(AF_INET, text)) == text
    except (OSError, ValueError):  # no address; what no C string holds
        return False


def peer_address(host: str) -> str:
    """Return the host of a socket's peer name in its canonical form; what is no address, as it stands."""
    return canonical(host) or host


def source_of(text: str) -> str:
    """Return the source that limits apply to: the IPv4 address, or the first address of the IPv6 /64.

    Text that is no address, such as the name of a UNIX peer, is a source of its own.
    """
    address = canonical(text)
    if address is None or ":" not in address:
        return address or text
    return str(IPv6Address(int(IPv6Address(address)) >> _HOST_BITS << _HOST_BITS))


def prefix_of(text: str) -> str:
    """Return the network in which one attacker may well have many sources: the IPv4 /24, or the IPv6 /48.

    Limits may count what is in it together, but not as one source. Text that is no address is a network of its own.
    """
    address = canonical(text)
    if address is None:
        return text
    if ":" in address:
        return str(ip_network(f"{address}/48", strict=False))
    return f"{address.rpartition('.')[0]}.0/24"


def lies_in(text: str, networks: Collection[Network]) -> bool:
    """Return whether `text` spells an address of one of the networks, such as those of trusted proxies."""
    address = parse_address(text) if networks else None
    return address is not None and any(address in network for network in networks)


def parse_network(text: str, *, strict: bool = False) -> Network:
    """Return the network that `text` spells, without a zone, an IPv4-mapped one as IPv4; raises ValueError.

    `strict` refuses an address with bits beyond its prefix.
    """
    address, slash, prefix = text.partition("/")
    network = ip_network(address.partition("%")[0] + slash + prefix, strict=strict)
    if (
        isinstance(network, IPv4Network)
        or network.network_address.ipv4_mapped is None
        or network.prefixlen < _MAPPED_BITS
    ):
        return network
    return IPv4Network((network.network_address.ipv4_mapped, network.prefixlen - _MAPPED_BITS))


def parse_endpoint(text: str) -> tuple[str, int]:
    """Return address and port of `ADDRESS:PORT`, an IPv6 address in brackets; raises ValueError."""
    host, _, port = text.rpartition(":")
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    try:
        address = str(ip_address(bare))
    except ValueError as error:
        raise ValueError(f"{text!r} is not ADDRESS:PORT: {error}") from error
    if not (port.isascii() and port.isdigit() and int(port) <= 65_535):
        raise ValueError(f"{text!r} is not ADDRESS:PORT: it has no port")
    return address, int(port)
