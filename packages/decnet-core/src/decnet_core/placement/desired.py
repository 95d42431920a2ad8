# SPDX-License-Identifier: MIT
"""A decky as it should be, in the words of the runtimes. Pure."""

import ipaddress
from typing import Any, Literal, TypeAlias

import msgspec

Interface: TypeAlias = ipaddress.IPv4Interface | ipaddress.IPv6Interface
"""An address with the length of its network's prefix."""
Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Transport: TypeAlias = Literal["tcp", "udp"]
Endpoint: TypeAlias = tuple[Address, Transport, int]
"""Address, transport and port."""


class Service(msgspec.Struct, frozen=True):
    """A service of a decky and its port."""

    service: str
    port: int
    transport: Transport = "tcp"
    settings: dict[str, Any] = {}
    listens: int | None = None
    """The port to which the packet filter leads what comes to `port`; None: it is not led elsewhere."""


class Stack(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The TCP/IP personality that a persona asks for: what the network sees of its kernel."""

    ttl: int = 64
    """The time to live of IPv4, and the hop limit of IPv6."""
    window: int | None = None
    """Bytes of the window in a SYN+ACK; None: what this kernel says."""
    window_scale: int | None = 7
    """The exponent by which later windows are scaled (RFC 7323), of Linux by default up to 6.10 or so, which newer
    kernels exceed; None: what this kernel says."""
    mss: int | None = None
    """Bytes of the maximum segment size in a SYN+ACK; None: what fits the interface."""
    timestamps: bool = True
    sack: bool = True
    option_order: Literal["linux", "scale_first", "bsd"] = "linux"
    """The order of the TCP options in a SYN+ACK; scale_first: window scale right after MSS, as Windows does; bsd: so,
    and what pads SACK permitted ends the options."""
    ip_id: Literal["zero", "increment", "swapped", "random"] = "zero"
    """The identification of IPv4 packets: zero in packets that must not be fragmented, as Linux does, one counter for
    all, one whose bytes are swapped, or random."""
    dont_fragment: bool = True
    """Whether IPv4 packets say that they must not be fragmented."""
    echo_code_kept: bool = True
    """Whether the answer to an IPv4 ping has the code of the request; Windows answers with code 0."""
    reset_ack_zero: bool = True
    """Whether the acknowledgement number of a reset that acknowledges nothing is zero; of Windows it is not."""
    ecn: bool = True
    """Whether it agrees when a client asks for explicit congestion notification."""
    closed_ports: Literal["reset", "silent"] = "reset"
    ping: bool = True
    """Whether it answers ICMP echo requests."""
    mss_limited: bool = False
    """Whether a SYN+ACK tells no larger maximum segment size than the client's, as of BSDs."""
    syn_fin_answered: bool = False
    """Whether a SYN that has FIN, too, is taken for a SYN, as by BSDs; Linux drops it."""
    resets_may_fragment: bool = False
    """Whether IPv4 packets with a reset may be fragmented though others must not."""
    echo_as_fragile: bool = False
    """Whether the answer to an IPv4 ping must not be fragmented where the request must not; of Linux it always may."""


_DATA_PORTS = {"ftp": 4}
"""How many transfers at once a service's clients may connect to; vsftpd's range is often as small."""
_CLIENTS = 2
"""How many connections from a decky there may be at once of each family: one session, and the next."""
_FIRST_DYNAMIC, _DYNAMIC_PORTS, _MOST_SERVICES = 49152, 16384, 256
"""The dynamic ports (RFC 6335, 6)."""


class DesiredDecky(msgspec.Struct, frozen=True, kw_only=True):
    """What must be there for a decky, and what is played on it."""

    name: str
    host_name: str
    runtime: str
    addresses: tuple[Interface, ...]
    """The first is the one that it shows as its own."""
    persona: str
    services: tuple[Service, ...]
    version: int
    wanted: bool = True
    existing: frozenset[Address] = frozenset()
    """Those of its addresses that this host must have: they are never added, nor removed."""
    interface: str | None = None
    gateways: tuple[Address, ...] = ()
    mac: str | None = None
    seed: int = 0
    stack: Stack = Stack()
    persona_document: dict[str, Any] | None = None
    image: str | None = None
    """What runs in its container, as in the catalogue of images."""
    client_sockets: bool = False
    """Whether `orchestrator` may connect from it where that cannot by itself."""

    @property
    def data_ports(self) -> tuple[int, ...]:
        """The ports that are bound for connections which services ask for: where `decoys` cannot open them itself."""
        if self.runtime != "netns":
            return ()
        wanted = sum(_DATA_PORTS.get(one.service, 0) for one in self.services)
        used = {one.port for one in self.services}
        first = _FIRST_DYNAMIC + self.seed % (_DYNAMIC_PORTS - 2 * _MOST_SERVICES)
        return tuple(port for port in range(first, first + wanted + len(used)) if port not in used)[:wanted]

    @property
    def clients(self) -> tuple[Literal[4, 6], ...]:
        """The IP versions of the sockets by which `orchestrator` connects from it."""
        if self.runtime != "netns" or not self.client_sockets:
            return ()
        versions = {one.version for one in self.addresses}
        return tuple(version for version in (4, 6) if version in versions for _ in range(_CLIENTS))

    def data_endpoints(self) -> list[Endpoint]:
        """Return where those are bound."""
        return [(one.ip, "tcp", port) for one in self.addresses for port in self.data_ports]

    def endpoints(self) -> list[Endpoint]:
        """Return what it listens on: for each address in order, each service in order."""
        return [(one.ip, service.transport, service.port) for one in self.addresses for service in self.services]
