# SPDX-License-Identifier: MIT
"""The deckies that the master assigned to this sensor: verified, kept for restarts, and how they stand.

A version that is not greater than the kept one is refused, so nobody can have the sensor play an older one again.
"""

import logging
from pathlib import Path

import msgspec

from decnet_core.deckies.orders import (
    Standings,
    assigned_file,
    authority_file,
    standing_file,
)
from decnet_core.durable import make_directory, replace_file, stamp_of, sync_directory
from decnet_swarm.assignments.child import SealError, verified_content
from decnet_swarm.assignments.envelope import Collected, assignment_in, envelope_in
from decnet_swarm.pki import files
from decnet_swarm.wire import Assign

log = logging.getLogger(__name__)


class KeptAssignment:
    """Blocking but for `collect`, for a thread."""

    def __init__(self, state: Path, folder: Path, sensor: str) -> None:
        """`folder` has the enrolment of `sensor`. Raises OSError."""
        self._state = state
        self._authority = folder / files.AUTHORITY
        self._sensor = sensor
        self._collected = Collected()
        self._told: object = None
        make_directory(assigned_file(state).parent, 0o750)
        self._copy_authority()
        self.version, self.deckies = self._stored()

    def collect(self, part: Assign) -> bytes | None:
        """Return the envelope that is whole with this part."""
        return self._collected.add(part)

    def keep(self, envelope: bytes) -> bool:
        """Keep an assignment that is newer; False when it is refused, with a warning. Raises OSError."""
        try:
            found = assignment_in(verified_content(envelope, self._authority, self._sensor))
        except SealError as error:
            log.warning("an assignment of deckies was refused: %s", error)
            return False
        if found is None or found.version <= self.version:
            log.warning("an assignment of deckies was refused: it is not newer than the one that is kept")
            return False
        self._copy_authority()
        replace_file(assigned_file(self._state), envelope)
        self.version, self.deckies = found.version, len(found.deckies)
        log.info("assignment kept version=%d deckies=%d", self.version, self.deckies)
        return True

    def drop(self) -> bool:
        """Forget it: this host is no sensor of the fleet any more. False when there is none. Raises OSError."""
        path = assigned_file(self._state)
        if not path.exists():
            return False
        path.unlink()
        sync_directory(path.parent)
        self.version, self.deckies = 0, 0
        log.warning("the master has revoked this sensor: its deckies are withdrawn")
        return True

    def forget_what_was_told(self) -> None:
        """Have `news` return the standings again, for a new connection."""
        self._told = None

    def news(self) -> Standings | None:
        """Return how the deckies stand, None when that was returned already or nobody has written it."""
        path = standing_file(self._state)
        stamp = stamp_of(path)
        if stamp is None or stamp == self._told:
            return None
        try:
            standings = msgspec.json.decode(path.read_bytes(), type=Standings)
        except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
            log.warning("%s cannot be read: %s", path, error)
            return None
        self._told = stamp
        return standings

    def _copy_authority(self) -> None:
        """Put the authority's certificate where `sensor-reconciler` may read it, which the folder of keys is not."""
        wanted, path = self._authority.read_bytes(), authority_file(self._state)
        if not path.exists() or path.read_bytes() != wanted:
            replace_file(path, wanted)

    def _stored(self) -> tuple[int, int]:
        try:
            envelope = envelope_in(assigned_file(self._state).read_bytes())
        except FileNotFoundError:
            return 0, 0
        found = assignment_in(envelope.content) if envelope else None
        return (found.version, len(found.deckies)) if found else (0, 0)
