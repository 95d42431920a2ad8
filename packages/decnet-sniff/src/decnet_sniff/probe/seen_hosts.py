# SPDX-License-Identifier: MIT
"""Who came to us, by the lines of this host's own spools.

The prober is no registered reader of them: one that is switched off must not keep segments from being freed. What is
gone before it was read is a host not asked, nothing more. Events of other sensors (a listener's spool) and of
synthetic life are not followed.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import msgspec

from decnet_core.spool.positions import READERS, START, Position
from decnet_core.spool.reader import look
from decnet_sniff.probe.safety import proves, read_address

_LINES = 500
_BYTES = 1 << 20


class _Payload(msgspec.Struct):
    kind: str = ""
    service: str = ""
    channel: str = ""


class _Line(msgspec.Struct):
    """What matters of an event."""

    payload: _Payload
    ts: int = 0
    sensor: str = ""
    src_ip: str = ""
    dst_ip: str = ""
    synthetic: bool = False


_decode = msgspec.json.Decoder(_Line).decode


class Contact(NamedTuple):
    """A host that came over a connection which it completed."""

    address: str
    """Canonical."""
    ours: str
    """To which address; empty when the event does not say."""
    ts: int
    """When, ns since the Unix epoch."""


def contact_of(line: bytes, sensor: str) -> Contact | None:
    """Return the contact that `line` proves to have happened at `sensor`, None when it is of something else."""
    try:
        event = _decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    payload = event.payload
    if event.synthetic or event.sensor != sensor or not proves(payload.kind, payload.service, payload.channel):
        return None
    source, ours = read_address(event.src_ip), read_address(event.dst_ip)
    return None if source is None else Contact(str(source), str(ours) if ours else "", event.ts)


class News(NamedTuple):
    """One look into the spools."""

    contacts: list[Contact]
    positions: dict[str, Position]
    more: bool
    """Whether there is more to read at once."""


def news(spools: Path, own: str, sensor: str, positions: dict[str, Position]) -> News:
    """Return who came since `positions`, in all spools below `spools` but `own`; raises OSError."""
    contacts: list[Contact] = []
    reached: dict[str, Position] = {}
    more = False
    for folder in sorted(path for path in spools.iterdir() if path.is_dir() and path.name not in (own, READERS)):
        batch = look(folder, positions.get(folder.name, START), _LINES, _BYTES)
        reached[folder.name] = batch.next
        more = more or len(batch.lines) >= _LINES
        contacts += (found for line in batch.lines if (found := contact_of(line, sensor)) is not None)
    return News(contacts, reached, more)
