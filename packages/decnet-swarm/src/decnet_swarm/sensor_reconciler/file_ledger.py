# SPDX-License-Identifier: MIT
"""The ledger of a host without a database: the assignment that `forwarder` keeps, and the standings that it sends.

The signature is verified whenever the file is another one, by this worker too: who can write the file cannot have it
play what the master did not assign. What was verified is noted by its digest, since this worker is parked, and started
again, often.
"""

import hashlib
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from decnet_core.deckies.orders import Assignment, Standing, Standings, assigned_file, authority_file, standing_file
from decnet_core.durable import make_directory, replace_file, stamp_of
from decnet_core.placement.ledger import Wanted, differs, phase, wanted
from decnet_core.placement.reconciliation import Outcome
from decnet_core.placement.retry import Failure
from decnet_core.text import for_column
from decnet_swarm.assignments.child import SealError, verified_content
from decnet_swarm.assignments.envelope import assignment_in, envelope_in

log = logging.getLogger(__name__)

_LONGEST = 300
"""Characters of a sentence in a report (`Standing`)."""


class FileLedger:
    """Blocking, for the worker's thread."""

    def __init__(self, state: Path, sensor: str) -> None:
        """Raises OSError."""
        self._state = state
        self._sensor = sensor
        self._file = standing_file(state)
        make_directory(self._file.parent, 0o750)
        self._written = _standings(self._file)
        self._standings = {one.name: one for one in self._written.deckies}
        self._read: tuple[object, Assignment, str] | None = None

    @property
    def assignment(self) -> int:
        """The version of what is carried out, 0 for nothing."""
        return self._read[1].version if self._read else 0

    def read(self, waiting: Mapping[str, int]) -> Wanted:  # noqa: ARG002  # leases, which it prepares, are the master's
        stamp = self._stamp()
        if self._read is None or self._read[0] != stamp:
            self._read = stamp, *self._assigned()
        orders = self._read[1].deckies
        names = {one.name for one in orders}
        self._standings = {name: one for name, one in self._standings.items() if name in names}
        return wanted(orders, self._read[1].personas, {})

    def is_news(self, outcome: Outcome) -> bool:
        before = self._standings.get(outcome.task.decky.name)
        if before is None:
            return True
        return differs(outcome, was=before.phase, error=before.error, version=before.version)

    def attempts(self, name: str) -> int:
        return self._standings[name].attempts if name in self._standings else 0

    def record(self, ended: Sequence[tuple[Outcome, Failure | None]], now_ns: int) -> dict[str, int]:
        for outcome, failure in ended:
            name = outcome.task.decky.name
            self._standings[name] = _standing(outcome, self._standings.get(name), failure, now_ns)
        return {}

    def publish(self) -> bool:
        """Write how the deckies stand; return whether that is news. Raises OSError."""
        error = self._read[2] if self._read else ""
        now = Standings(self.assignment, error, tuple(self._standings[name] for name in sorted(self._standings)))
        if now == self._written and self._file.exists():
            return False
        replace_file(self._file, msgspec.json.encode(now))
        self._written = now
        return True

    def _assigned(self) -> tuple[Assignment, str]:
        """Return what is to be played, and why that is nothing."""
        nothing = Assignment(self._sensor)
        try:
            data, authority = assigned_file(self._state).read_bytes(), authority_file(self._state).read_bytes()
        except FileNotFoundError:
            return nothing, ""
        digest = hashlib.sha256(hashlib.sha256(authority).digest() + self._sensor.encode() + b"\0" + data).hexdigest()
        try:
            if self._noted() != digest:
                verified_content(data, authority_file(self._state), self._sensor)
                replace_file(self._note, digest.encode())
        except SealError as error:
            log.error("the assignment of deckies is not carried out: %s", error)  # noqa: TRY400  # said
            return nothing, for_column(f"the assignment is not carried out: {error}", _LONGEST)
        envelope = envelope_in(data)
        return (assignment_in(envelope.content) if envelope else None) or nothing, ""

    @property
    def _note(self) -> Path:
        return self._file.with_name("verified")

    def _noted(self) -> str:
        try:
            return self._note.read_text("ascii")
        except (OSError, UnicodeDecodeError):
            return ""

    def _stamp(self) -> object:
        return tuple(stamp_of(path) for path in (assigned_file(self._state), authority_file(self._state)))


def _standing(outcome: Outcome, before: Standing | None, failure: Failure | None, now_ns: int) -> Standing:
    decky, now = outcome.task.decky, phase(outcome)
    return Standing(
        name=decky.name,
        version=decky.version if outcome.error is None else before.version if before else 0,
        phase=now,
        since=before.since if before and before.phase == now else now_ns,
        drift=tuple(for_column(one, _LONGEST) for one in outcome.task.observed.drift) if outcome.task.steps else (),
        error=for_column(outcome.error, _LONGEST) if outcome.error else None,
        attempts=failure.attempts if failure else 0,
        retry_at=failure.retry_at if failure else None,
    )


def _standings(path: Path) -> Standings:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Standings)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return Standings()
