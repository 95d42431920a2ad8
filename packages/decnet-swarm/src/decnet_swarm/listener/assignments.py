# SPDX-License-Identifier: MIT
"""The deckies that this master assigns to its sensors: takes what `reconciler` orders, signs it, keeps it.

A version is greater than all before, also after the state directory was restored from a backup: it is the time, unless
that has been set back, and it passes the version that the sensor says it has.
"""

import logging
import time
from pathlib import Path

import msgspec

from decnet_core.deckies.orders import MOST_BYTES, Assignment, ordered_file
from decnet_core.durable import replace_file, stamp_of
from decnet_swarm.assignments.child import SealError, signed
from decnet_swarm.assignments.envelope import Envelope, assignment_in, envelope_in
from decnet_swarm.pki import files

log = logging.getLogger(__name__)


class Assignments:
    """Blocking, for a thread; one call at a time."""

    def __init__(self, state: Path, folder: Path) -> None:
        """`folder` has the listener's identity."""
        self._state = state
        self._folder = folder
        self._known: dict[str, tuple[object, int]] = {}

    def newer(self, sensor: str, held: int) -> tuple[int, bytes] | None:
        """Return version and envelope of what `sensor` is to play, None when that is what it holds.

        Raises OSError, SealError.
        """
        stamp = self._stamp(sensor)
        if self._known.get(sensor) == (stamp, held):
            return None
        found = self._current(sensor, held)
        self._known[sensor] = stamp, found[0] if found else held
        return found if found and found[0] > held else None

    def _current(self, sensor: str, held: int) -> tuple[int, bytes] | None:
        wanted = self._ordered(sensor)
        if wanted is None:
            return None
        identity = (self._folder / files.IDENTITY).read_text("ascii")
        data, envelope = self._stored(sensor)
        before = assignment_in(envelope.content) if envelope else None
        if before is not None and envelope is not None:
            same = msgspec.structs.replace(before, version=0) == wanted and envelope.certificate in identity
            if same and before.version >= held:
                return before.version, data
        version = max(time.time_ns(), held + 1, before.version + 1 if before else 0)
        content = msgspec.json.encode(msgspec.structs.replace(wanted, version=version))
        if len(content) > MOST_BYTES:
            raise SealError(f"its deckies take {len(content)} bytes, at most {MOST_BYTES} can be assigned to a sensor")
        made = signed(content, self._folder / files.IDENTITY)
        path = self._path(sensor)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        replace_file(path, made, 0o600)
        log.info("assignment signed sensor=%s version=%d deckies=%d", sensor, version, len(wanted.deckies))
        return version, made

    def _ordered(self, sensor: str) -> Assignment | None:
        """Return what is ordered, None when nothing ever was; raises SealError when it cannot be read."""
        try:
            found = assignment_in(ordered_file(self._state, sensor).read_bytes())
        except FileNotFoundError:
            return None
        if found is None or found.sensor != sensor:
            raise SealError(f"{ordered_file(self._state, sensor)} is no assignment for {sensor}")
        return msgspec.structs.replace(found, version=0)

    def _stored(self, sensor: str) -> tuple[bytes, Envelope | None]:
        try:
            data = self._path(sensor).read_bytes()
        except FileNotFoundError:
            return b"", None
        return data, envelope_in(data)

    def _path(self, sensor: str) -> Path:
        return self._folder / "assignments" / f"{sensor}.json"

    def _stamp(self, sensor: str) -> object:
        """Return what differs whenever order or identity may have changed."""
        return stamp_of(ordered_file(self._state, sensor)), stamp_of(self._folder / files.IDENTITY)
