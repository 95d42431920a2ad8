# SPDX-License-Identifier: MIT
"""How far the spools of each sensor are stored here, so that a crash at any instruction neither loses nor doubles.

A checkpoint, one file that is replaced whole, says: up to here in our own spool, the sensors' spools are stored up to
there. It is written about once a second, not with each batch, so after a crash our spool may hold events that the
checkpoint does not know of. Their ids are read from the spool, and if they come again they are skipped: a sensor
continues from its checkpoint or from its own later knowledge, so what comes again is among them. Until each sensor has
said that nothing of them will come any more, the checkpoint's end stays: a second crash must find the ids again.

The checkpoint needs room on a disk that may be full. Until it has some the last one stands, and more is read again.
"""

import logging
import os
from collections.abc import Mapping
from pathlib import Path
from uuid import UUID

import msgspec

from decnet_core.durable import replace_file
from decnet_core.events.codec import BadEventError, decode
from decnet_core.spool import segments
from decnet_core.spool.positions import START, Position
from decnet_core.spool.reader import look
from decnet_swarm.wire import SpoolPosition

log = logging.getLogger(__name__)

MOST_READ = 32 << 20
"""Bytes at the end of our spool in which ids are looked for; older ones are left to ingest, which knows all it has."""


class SensorRecord(msgspec.Struct):
    """What is known of one sensor."""

    spools: dict[str, SpoolPosition] = {}
    stored_at: int = 0
    """When its last events were stored, in seconds since the Unix epoch."""


class Checkpoint(msgspec.Struct):
    end: Position = START
    """Everything that the places speak of lies before this in our own spool."""
    sensors: dict[str, SensorRecord] = {}


class Records:
    """The checkpoint in `file` and what came after it."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._checkpoint, self.found = _read(file)
        self._later: dict[str, set[bytes]] = {}
        self.fresh = False
        """Whether there is something to save."""

    @property
    def sensors(self) -> int:
        """How many sensors have stored anything."""
        return len(self._checkpoint.sensors)

    @property
    def remembered(self) -> int:
        """How many ids of events after the checkpoint are still known."""
        return sum(map(len, list(self._later.values())))

    def places(self, sensor: str) -> Mapping[str, SpoolPosition]:
        """Return how far each spool of `sensor` is stored."""
        record = self._checkpoint.sensors.get(sensor)
        return dict(record.spools) if record else {}

    def stored(self, sensor: str, spool: str, place: SpoolPosition, now: int) -> None:
        """Note that `spool` of `sensor` is on our disk up to `place`."""
        record = self._checkpoint.sensors.setdefault(sensor, SensorRecord())
        record.spools[spool] = place
        record.stored_at = now
        self.fresh = True

    def is_known(self, sensor: str, event: UUID) -> bool:
        """Return whether the event came before the crash; it comes again once at most, and is forgotten by this."""
        ids = self._later.get(sensor)
        if ids is None or event.bytes not in ids:
            return False
        ids.remove(event.bytes)
        if not ids:
            del self._later[sensor]
        return True

    def settle(self, sensor: str) -> None:
        """Know that no event of `sensor` that came before the crash will come again."""
        if self._later.pop(sensor, None):
            self.fresh = True

    def recover(self, spool: Path) -> None:
        """Read what our own spool has after the checkpoint, and make sure that it is on the disk. Raises OSError."""
        sizes = segments.sizes(spool)
        for number in sizes:
            if number >= self._checkpoint.end.segment:
                _sync(segments.path_of(spool, number))
        position = max(self._checkpoint.end, near_the_end(sizes))
        while (batch := look(spool, position)).next != position:
            position = batch.next
            self._remember(batch.lines)

    def save(self, end: Position) -> None:
        """Write the checkpoint, for which all that is before `end` in our spool must be on the disk. Raises OSError."""
        if not self._later:
            self._checkpoint.end = end
        replace_file(self._file, msgspec.json.encode(self._checkpoint))
        self.fresh = False

    def _remember(self, lines: list[bytes]) -> None:
        for line in lines:
            try:
                event = decode(line)
            except BadEventError:
                continue
            self._later.setdefault(event.sensor, set()).add(event.id.bytes)


def _read(file: Path) -> tuple[Checkpoint, bool]:
    """Return the checkpoint, and whether there was one. Without it every sensor continues from where it knows."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=Checkpoint), True
    except FileNotFoundError:
        return Checkpoint(), False
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        log.error("%s cannot be read: %s; ingest will skip duplicates", file, error)  # noqa: TRY400  # said
        return Checkpoint(), False


def near_the_end(sizes: dict[int, int]) -> Position:
    """Return the beginning of the first segment from which on there are at most MOST_READ bytes, of one at least."""
    left, first = MOST_READ, 0
    for number, size in reversed(sizes.items()):
        left -= size
        if left < 0 and first:
            break
        first = number
    return Position(first, 0)


def _sync(path: Path) -> None:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:  # freed by the writer since it was listed
        return
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
