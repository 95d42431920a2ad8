# SPDX-License-Identifier: MIT
"""Section `[decoys]`: the deckies and how much one client, and all of them together, may use."""

from collections.abc import Mapping
from typing import Annotated, ClassVar

import msgspec

Positive = Annotated[int, msgspec.Meta(ge=1)]
Port = Annotated[int, msgspec.Meta(ge=1, le=65535)]
HostName = Annotated[str, msgspec.Meta(min_length=1, max_length=63, pattern=r"^[A-Za-z0-9][A-Za-z0-9-]*$")]
Milliseconds = Annotated[int, msgspec.Meta(ge=0, le=60_000)]


class DeckySettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One `[[decoys.decky]]`."""

    EXAMPLE: ClassVar[Mapping[str, object]] = {
        "name": "web-01",
        "address": "127.77.0.10",
        "persona": "debian-web",
        "services": {"ssh": 2222, "http": 8080},
    }
    """The sample in the settings file that `decnet init` writes."""
    name: HostName
    """Its host name, in events and in its own prompts."""
    address: str
    """An address of this host; the loopback runtime takes 127.0.0.0/8 only."""
    persona: str
    """What it plays; `decnet persona list` shows the personas."""
    services: dict[str, Port] = {}
    """Service and its port, e.g. `{ ssh = 2222, http = 8080 }`; empty: the usual ones at their default ports."""


class LimitSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Table `[decoys.limits]`: when a client is rejected or disconnected."""

    connections: Positive = 512
    """Open connections to all deckies together; half of them are reserved, each port its part. When there is no room,
    the source that has most connections loses the one that was idle longest to a newcomer."""
    connections_per_source: Positive = 24
    """Open connections from one IPv4 address or IPv6 /64."""
    idle_seconds: Positive = 300
    """A client that is silent for this long is disconnected."""
    session_seconds: Positive = 3600
    """A connection lasts at most this long."""
    session_bytes: Positive = 32 << 20
    """Bytes one connection may send."""
    memory_bytes: Positive = 32 << 20
    """Bytes that all sessions together may hold in memory: files written, uploads under way, piped input, what SSH
    clients have sent ahead, what they are sent and do not take, bodies of HTTP requests. One source may hold up to
    twice what is left for others; an SSH client for which there is no room is cut off (`decoys_connections_cut`)."""
    upload_bytes: Positive = 16 << 20
    """Bytes of one captured file; the rest is received and dropped."""
    recording_bytes: Positive = 4 << 20
    """Bytes of the recording of one session; what comes after is not recorded."""
    artifacts_bytes: Positive = 2 << 30
    """Bytes of all captured files, at most a tenth of the file system; when they are used up, new files are counted but
    not stored."""
    body_bytes: Positive = 1 << 20
    """Bytes of one HTTP request body; larger ones are rejected with 413."""


class TarpitSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One `[[decoys.tarpit]]`: a service that answers slowly, to take its clients' time."""

    EXAMPLE: ClassVar[Mapping[str, object]] = {"decky": "web-01", "service": "ssh", "delay_ms": 3000}
    """The sample in the settings file that `decnet init` writes."""
    decky: str
    """The name of a decky, of these settings or deployed."""
    service: str
    """The name of its service, e.g. `ssh`; `*`: all of them."""
    delay_ms: Milliseconds = 0
    """How long each client waits before it is served, and before each thing it sends is looked at (SSH: once)."""
    bytes_per_second: Annotated[int, msgspec.Meta(ge=0, le=1 << 30)] = 0
    """How much each client is sent a second; 0: as much as it takes."""


class DecoysSettings(msgspec.Struct, frozen=True):
    """Section `[decoys]`."""

    decky: tuple[DeckySettings, ...] = ()
    """Empty: three deckies with distinct personas on 127.77.0.10 to .12. The first of a persona is as its author wrote
    it; the details of the others (serial numbers, sizes, passwords) are drawn from their names."""
    address: str = ""
    """An address of this host where the first of those three is to be instead, without the others, at the ports of
    real machines; `decnet up --address` sets it. Empty: none."""
    port_offset: Annotated[int, msgspec.Meta(ge=0, le=60_000)] = 0
    """Added to the ports at `address`: without privileges those below 1024 cannot be opened."""
    personas_dir: str = ""
    """Directory of your own personas, one TOML file each, which `decnet decky add` and `decnet deploy` read; empty:
    there are only the shipped ones."""
    processes: Annotated[int, msgspec.Meta(ge=1, le=64)] = 1
    """In how many processes the deckies are played, each on a processor of its own: the first decky in the first, the
    second in the second, and so on. A process that ends is restarted alone. `connections_per_source` holds over all;
    of `connections`, `memory_bytes` and what is left of `artifacts_bytes` each has an equal part. Hosted as tasks, all
    are in one."""
    tarpit: tuple[TarpitSettings, ...] = ()
    """Services that answer slowly; their connections are recorded as such (`service.request`, action `tarpit`)."""
    keep_changes_days: Annotated[float, msgspec.Meta(ge=0, le=3650)] = 7.0
    """What intruders change on a decky (files, passwords, keys, users, services) stays for everybody who comes later,
    until this long after the last change; then it is as new when its process starts next. 0: as new at each start."""
    failure_delay_ms: Milliseconds = 1200
    """Delay before a rejected password is answered, as with PAM."""
    limits: LimitSettings = LimitSettings()
    """When a client is rejected or disconnected."""
