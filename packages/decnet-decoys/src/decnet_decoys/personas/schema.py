# SPDX-License-Identifier: MIT
"""The schema of a persona file; everything in one must be coherent."""

from typing import Annotated, Any, Literal, TypeVar, get_args

import msgspec

P = TypeVar("P")


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Part of a persona: an unknown key is an error."""


Port = Annotated[int, msgspec.Meta(ge=1, le=65535)]
MacPrefix = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{2}:[0-9a-f]{2}:[0-9a-f]{2}$")]


class Stack(Part, frozen=True, kw_only=True):
    """The TCP/IP stack that scanners see where the runtime can set it; the defaults are those of Linux."""

    ttl: Annotated[int, msgspec.Meta(ge=1, le=255)] = 64
    window: Annotated[int, msgspec.Meta(ge=1, le=65535)] = 65160
    """Of the SYN+ACK, in bytes."""
    window_scale: Annotated[int, msgspec.Meta(ge=0, le=14)] = 7
    mss: Annotated[int, msgspec.Meta(ge=536, le=65495)] = 1460
    timestamps: bool = True
    sack: bool = True
    option_order: Literal["linux", "scale_first", "bsd"] = "linux"
    """Of the SYN+ACK; scale_first: window scale right after MSS, as Windows does; bsd: and with padding at the end."""
    ip_id: Literal["zero", "increment", "swapped", "random"] = "zero"
    """The identification of IPv4 packets; zero: as Linux, where they must not be fragmented; swapped: a counter whose
    bytes are."""
    dont_fragment: bool = True
    echo_code_kept: bool = True
    """Whether the answer to an IPv4 ping has the code of the request; Windows answers with code 0."""
    reset_ack_zero: bool = True
    """Whether the acknowledgement number of a reset that acknowledges nothing is zero; of Windows it is not."""
    ecn: bool = True
    closed_ports: Literal["reset", "silent"] = "reset"
    ping: bool = True
    mss_limited: bool = False
    """Whether a SYN+ACK tells no larger maximum segment size than the client's, as of BSDs."""
    syn_fin_answered: bool = False
    """Whether a SYN that has FIN, too, is taken for a SYN, as by BSDs; Linux drops it."""
    resets_may_fragment: bool = False
    """Whether IPv4 packets with a reset may be fragmented though others must not."""
    echo_as_fragile: bool = False
    """Whether the answer to an IPv4 ping must not be fragmented where the request must not; of Linux it always may."""


Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = get_args(Day)
_TIME = "([01][0-9]|2[0-3]):[0-5][0-9]"


class Work(Part, frozen=True, kw_only=True):
    """When people work at the machine; its synthetic users (`orchestrator`) do so then."""

    timezone: Annotated[str, msgspec.Meta(min_length=1, max_length=64)] = "UTC"
    """IANA name, such as Europe/Berlin; UTC: that of `[orchestrator] timezone`."""
    hours: Annotated[str, msgspec.Meta(pattern=f"^{_TIME}-({_TIME}|24:00)$")] = "08:00-17:00"
    """Also over midnight, such as 22:00-06:00."""
    days: tuple[Day, ...] = DAYS[:5]


class User(Part, frozen=True, kw_only=True):
    """An account; `passwords` are those that a login accepts."""

    name: str
    uid: int
    gid: int
    gecos: str = ""
    home: str
    shell: str
    groups: tuple[str, ...] = ()
    passwords: tuple[str, ...] = ()
    sudo: bool = False


class Process(Part, frozen=True, kw_only=True):
    """A line of `ps`; sizes in KiB, times as `ps` prints them."""

    pid: int
    user: str = "root"
    command: str
    vsz: int = 0
    rss: int = 0
    cpu: float = 0.0
    stat: str = "S"
    tty: str = "?"
    time: str = "0:00"


class Listener(Part, frozen=True, kw_only=True):
    """A listening socket as `ss` and `netstat` show it."""

    port: int
    address: str = "0.0.0.0"  # noqa: S104  # what the decoy claims, nothing is bound to it
    protocol: Literal["tcp", "udp"] = "tcp"
    pid: int = 0
    process: str = ""


class Disk(Part, frozen=True, kw_only=True):
    """A line of `df` and `mount`; sizes in KiB."""

    device: str
    mount: str
    type: str
    size: int
    used: int


class Traffic(Part, frozen=True, kw_only=True):
    """What the network interface has carried since the machine booted."""

    received_bytes: int = 2914857023
    received_packets: int = 4471902
    sent_bytes: int = 1127340981
    sent_packets: int = 3310277


LOOPBACK_TRAFFIC = Traffic(
    received_bytes=48211904, received_packets=310442, sent_bytes=48211904, sent_packets=310442
)  # fmt: skip
"""What the loopback interface has carried, on every machine."""


class Hardware(Part, frozen=True, kw_only=True):
    """What /proc, `free` and `lscpu` show."""

    cpu: str
    cores: int
    mhz: float
    memory_kib: int
    used_kib: int
    interface: str
    disks: tuple[Disk, ...]
    mac: Annotated[str, msgspec.Meta(pattern="^(([0-9a-f]{2}:){5}[0-9a-f]{2})?$")] = ""
    """Empty: drawn, with one of the persona's `mac_prefixes`."""
    traffic: Traffic = Traffic()


_NOT_SHOWN = Hardware(cpu="", cores=1, mhz=0, memory_kib=1 << 20, used_kib=0, interface="", disks=())


class Persona(Part, frozen=True, kw_only=True):
    """The description of one machine.

    Its texts may contain {hostname}, {address}, {mac}, {serial}, {secret} (a password of its own), {kernel},
    {kernel_build} and {machine}, which each decky fills in with its own.
    """

    name: str
    summary: str = ""
    """What the machine is, in one line."""
    os: str
    family: Literal["debian", "busybox"] | None = None
    """Whose shell and commands it has; none: nobody can log in."""
    hostname: str
    mac_prefixes: tuple[MacPrefix, ...] = ("52:54:00",)
    """First half of its MAC address: who made the network card (IEEE OUI)."""
    serial: str = "##########"
    """The form of its serial number: # is a digit, @ a capital letter."""
    stack: Stack = Stack()
    work: Work = Work()
    ports: dict[str, Port] = {}
    """On which port the machine has a service, where that is not the usual one."""
    kernel: str = ""
    kernel_build: str = ""
    machine: str = "x86_64"
    uptime_days: int = 30
    """Its age on the day its host key was made."""
    motd: str = ""
    users: tuple[User, ...] = ()
    hardware: Hardware = _NOT_SHOWN
    processes: tuple[Process, ...] = ()
    listeners: tuple[Listener, ...] = ()
    packages: tuple[str, ...] = ()
    history: tuple[str, ...] = ()
    files: dict[str, str] = {}
    services: dict[str, Any] = {}
    """Service and its profile: what the machine would run."""

    def profile(self, kind: type[P]) -> P | None:
        """Return the profile of that class, None when the persona does not describe such a service."""
        return next((profile for profile in self.services.values() if isinstance(profile, kind)), None)
