# SPDX-License-Identifier: MIT
"""Section `[collect]`: which logs to read, in which format, and how often to look."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from decnet_core.net.addresses import canonical, parse_endpoint, parse_network

Format = Literal["cowrie", "opencanary", "conpot", "dionaea", "syslog", "json", "plain", "label"]
Input = Literal["file", "journal", "containers", "udp", "tcp"]

_BELONGS: dict[str, tuple[Input, ...]] = {
    "path": ("file", "journal", "containers"),
    "listen": ("udp", "tcp"),
    "hosts": ("udp", "tcp"),
    "allow": ("udp", "tcp"),
    "matches": ("journal",),
    "containers": ("containers",),
    "labels": ("containers",),
}
_NEEDED: dict[Input, str] = {"file": "path", "udp": "listen", "tcp": "listen"}


class SourceSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One `[[collect.source]]`."""

    EXAMPLE: ClassVar[Mapping[str, object]] = {
        "name": "ssh",
        "format": "cowrie",
        "path": "/var/log/cowrie/cowrie.json",
        "host": "web-01",
    }
    """The sample in the settings file that `decnet init` writes."""
    name: Annotated[str, msgspec.Meta(pattern="^[a-z0-9][a-z0-9_.-]{0,62}$")]
    """Names the source in messages and in the position files; keep it, or the logs are read again."""
    format: Format
    """Format of a line: cowrie, opencanary, conpot, dionaea, syslog, json (with a mapping file), plain (a message and
    nothing more), or label: that which the label decnet.format of each container names."""
    input: Input = "file"
    """Where lines come from: file, journal (systemd), containers (Docker, Podman), udp, tcp."""
    path: str = ""
    """A file or a pattern of files (`*`, `?`, `[...]`); a directory of journal files instead of this host's journal;
    the socket of the container engine instead of Podman's or Docker's default."""
    listen: str = ""
    """ADDRESS:PORT to receive syslog on; IPv6 as [::1]:514."""
    mapping: str = ""
    """The mapping file (TOML) of format json."""
    host: str = ""
    """The decky that these logs concern; empty: the source's own name."""
    hosts: dict[str, str] = {}
    """The decky by the address that its syslog comes from; an address not listed here is its own name."""
    allow: tuple[str, ...] = ()
    """Networks (CIDR) from which syslog is accepted; empty: all."""
    matches: tuple[str, ...] = ()
    """Journal entries to read, as journalctl(1) filters them, e.g. _SYSTEMD_UNIT=ssh.service; empty: all."""
    containers: tuple[str, ...] = ()
    """Patterns for the names of containers to read; empty: any name."""
    labels: tuple[str, ...] = ()
    """Labels that a container must have, each KEY or KEY=VALUE."""
    history: bool = True
    """Whether the first run includes what a journal or a container has logged before."""
    zone: str = "UTC"
    """Time zone of lines that do not state theirs (RFC 3164), e.g. Europe/Berlin."""

    def __post_init__(self) -> None:
        """Reject settings that do not belong together, and invalid time zones and networks."""
        for key, inputs in _BELONGS.items():
            if getattr(self, key) and self.input not in inputs:
                raise ValueError(f"source {self.name!r}: {key!r} is for input {' and '.join(inputs)}, not {self.input}")
        needed = _NEEDED.get(self.input)
        if needed and not getattr(self, needed):
            raise ValueError(f"source {self.name!r}: input {self.input} needs {needed!r}")
        if (self.format == "json") != bool(self.mapping):
            raise ValueError(f"source {self.name!r}: format json needs 'mapping', and only that format has it")
        if self.format == "label" and self.input != "containers":
            raise ValueError(f"source {self.name!r}: format label is for input containers, not {self.input}")
        if self.input == "file" and self.format == "plain":
            raise ValueError(f"source {self.name!r}: a plain line of a file has no time; use json or syslog")
        _check_zone(self)
        _check_network(self)


class NetworkSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Limits for UDP and TCP inputs."""

    messages_per_second: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] = 2000
    """Messages per second from one address, briefly twice as many; more wait (TCP) or are dropped (UDP)."""
    connections: Annotated[int, msgspec.Meta(ge=1, le=65_535)] = 256
    """TCP connections at once, per source."""
    connections_per_address: Annotated[int, msgspec.Meta(ge=1, le=65_535)] = 16
    """Of these, from one address."""
    idle_seconds: Annotated[int, msgspec.Meta(ge=1, le=86_400)] = 3600
    """A TCP connection that is silent for this long is closed."""
    message_bytes: Annotated[int, msgspec.Meta(ge=2048, le=1 << 20)] = 65_536
    """A longer message goes to the quarantine, truncated."""
    receive_bytes: Annotated[int, msgspec.Meta(ge=65_536, le=1 << 28)] = 4 << 20
    """The kernel's buffer for UDP, as far as net.core.rmem_max allows."""

    @property
    def message_burst(self) -> int:
        """How many messages one address may send at once."""
        return 2 * self.messages_per_second


class CollectSettings(msgspec.Struct, frozen=True):
    """Section `[collect]`; without a source it idles."""

    source: tuple[SourceSettings, ...] = ()
    """Each a table of its own: [[collect.source]] with name = "ssh", format = "cowrie", path = "/var/log/cowrie.json".
    Or input = "journal", "containers", "udp", "tcp"; format = "syslog", "opencanary", "json", "label", ..."""
    busy_ms: Annotated[int, msgspec.Meta(ge=10, le=60_000)] = 200
    """Milliseconds between two looks while lines arrive."""
    idle_ms: Annotated[int, msgspec.Meta(ge=10, le=60_000)] = 2000
    """The same when no lines arrive, where the kernel does not report changes: network file systems."""
    watched_ms: Annotated[int, msgspec.Meta(ge=10, le=600_000)] = 60_000
    """The same where it does (inotify): a change is seen at once, and this covers what it might have missed."""
    linger_ms: Annotated[int, msgspec.Meta(ge=0, le=3_600_000)] = 60_000
    """How long a rotated file is kept open for a program that still writes to it, in milliseconds."""
    containers: Annotated[int, msgspec.Meta(ge=1, le=4096)] = 128
    """Containers followed at once, per source; the others are counted."""
    quarantine_bytes: Annotated[int, msgspec.Meta(ge=65_536)] = 16 << 20
    """Lines that cannot be parsed are kept up to this total, the newest of them."""
    network: NetworkSettings = NetworkSettings()
    """Limits for UDP and TCP inputs."""

    def __post_init__(self) -> None:
        """Reject two sources with one name: they would overwrite each other's positions."""
        names = [source.name for source in self.source]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"two sources are called {name!r}; give each its own name")


def _check_zone(source: SourceSettings) -> None:
    try:
        ZoneInfo(source.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"source {source.name!r}: there is no time zone {source.zone!r}") from error


def _check_network(source: SourceSettings) -> None:
    if source.listen:
        parse_endpoint(source.listen)
    for network in source.allow:
        try:
            parse_network(network, strict=True)
        except ValueError as error:
            raise ValueError(f"source {source.name!r}: {error}") from error
    hosts = {}
    for text, name in source.hosts.items():
        if (address := canonical(text)) is None:
            raise ValueError(f"source {source.name!r}: hosts: {text!r} does not appear to be an IPv4 or IPv6 address")
        hosts[address] = name
    msgspec.structs.force_setattr(source, "hosts", hosts)  # senders are looked up as their addresses are written here
