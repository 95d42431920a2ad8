# SPDX-License-Identifier: MIT
"""Hosts that contacted us, read from this host's own spools.

The prober is not a registered reader: a prober that is switched off must not keep segments from being deleted. A
segment deleted before it was read costs a host not probed, nothing more. Events of other sensors (a listener's spool)
and synthetic events are skipped.
"""

from pathlib import Path
from typing import NamedTuple

import msgspec

from decnet_core.spool.positions import START, Position, spool_names
from decnet_core.spool.reader import look
from decnet_sniff.probe.safety import proves, read_address

_LINES = 500
_BYTES = 1 << 20


class _Payload(msgspec.Struct):
    kind: str = ""
    service: str = ""
    channel: str = ""


class _Line(msgspec.Struct):
    """The fields of an event that matter here."""

    payload: _Payload
    ts: int = 0
    sensor: str = ""
    src_ip: str = ""
    dst_ip: str = ""
    synthetic: bool = False


_decode = msgspec.json.Decoder(_Line).decode


class Contact(NamedTuple):
    """A host whose TCP connection to us was completed."""

    address: str
    """In canonical form."""
    ours: str
    """The address that it connected to; empty when the event does not name it."""
    ts: int
    """Time, ns since the Unix epoch."""


def contact_of(line: bytes, sensor: str) -> Contact | None:
    """Return the contact at `sensor` that `line` proves, None when it proves none."""
    try:
        event = _decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    payload = event.payload
    if event.synthetic or event.sensor != sensor or not proves(payload.kind, payload.service, payload.channel):
        return None
    source, ours = read_address(event.src_ip), read_address(event.dst_ip)
    return None if source is None else Contact(str(source), str(ours) if ours else "", event.ts)


class NewContacts(NamedTuple):
    """The result of reading the spools once."""

    contacts: list[Contact]
    positions: dict[str, Position]
    more: bool
    """Whether there is more to read at once."""


def new_contacts(spools: Path, own: str, sensor: str, positions: dict[str, Position]) -> NewContacts:
    """Return the contacts since `positions`, in all spools below `spools` but `own`; raises OSError."""
    contacts: list[Contact] = []
    reached: dict[str, Position] = {}
    more = False
    for name in spool_names(spools):
        if name == own:
            continue
        batch = look(spools / name, positions.get(name, START), _LINES, _BYTES)
        reached[name] = batch.next
        more = more or len(batch.lines) >= _LINES
        contacts += (contact for line in batch.lines if (contact := contact_of(line, sensor)) is not None)
    return NewContacts(contacts, reached, more)
