# SPDX-License-Identifier: MIT
"""The hosts to probe, when, and their last results: a bounded table, and the file that stores it.

A probe is recorded before it is made. One that is killed is therefore not repeated early, however often the worker
restarts, and at most one finding is reported twice or not at all, which the next probe corrects.
"""

import logging
from pathlib import Path

import msgspec

from decnet_core.durable import replace_file
from decnet_core.spool.positions import Position
from decnet_sniff.probe.safety import Plan, next_probe

log = logging.getLogger(__name__)

MAX_OWN = 1024
"""Addresses of our own that are remembered."""


class Target(msgspec.Struct):
    """One host; times are seconds since the Unix epoch, `contact` is its last contact in ns."""

    contact: int
    due: float = 0
    silent: int = 0
    """How many of the last probes in a row found nothing."""
    found: dict[str, str] = {}
    """The last fingerprints by type and port, e.g. `jarm:443`."""


class TargetFile(msgspec.Struct):
    targets: dict[str, Target] = {}
    """By address, the most recent contact last."""
    ours: dict[str, None] = {}
    """Addresses that hosts contacted: deckies."""
    positions: dict[str, Position] = {}
    """How far each spool has been read."""


class Targets:
    """The table of at most `most` hosts; the least recent contact is dropped first."""

    def __init__(self, kept: TargetFile, most: int, plan: Plan) -> None:
        self.kept = kept
        self._most = most
        self._plan = plan
        self.forgotten = 0
        """Hosts that were dropped because the table was full."""
        self.dirty = False
        """Whether it differs from the file."""

    def __len__(self) -> int:
        return len(self.kept.targets)

    def add_contact(self, address: str, contact: int) -> None:
        self.dirty = True
        targets = self.kept.targets
        target = targets.pop(address, None)
        if target is None:
            target = Target(contact)
            if len(targets) >= self._most:
                del targets[next(iter(targets))]
                self.forgotten += 1
        target.contact = max(target.contact, contact)
        targets[address] = target

    def add_own_address(self, address: str) -> None:
        ours = self.kept.ours
        if address not in ours:
            ours[address] = None
            self.dirty = True
            if len(ours) > MAX_OWN:
                del ours[next(iter(ours))]

    def due(self, now: float, except_for: set[str]) -> str | None:
        """Return the host due first at `now` that is not in `except_for`; drop the hosts that are too old."""
        longest = next_probe(now, self._plan.longest, self._plan)
        chosen: tuple[float, str] | None = None
        for address, target in list(self.kept.targets.items()):
            if now - target.contact / 1e9 > self._plan.keep:
                del self.kept.targets[address]
                self.dirty = True
                continue
            target.due = min(target.due, longest)  # a clock may be set back
            if target.due <= now and address not in except_for and (chosen is None or target.due < chosen[0]):
                chosen = target.due, address
        return chosen[1] if chosen else None

    def due_in(self, now: float) -> float | None:
        """Return the seconds from `now` until the next probe is due, None when there is no host to probe."""
        first = min((target.due for target in self.kept.targets.values()), default=None)
        return None if first is None else max(0.0, first - now)

    def begin_probe(self, address: str, now: float) -> Target:
        """Return the host with its next probe scheduled as if this one found nothing."""
        target = self.kept.targets[address]
        target.silent += 1
        target.due = next_probe(now, target.silent - 1, self._plan)
        self.dirty = True
        return target

    def record_result(self, address: str, now: float, fingerprints: dict[str, str]) -> None:
        """Record the result of a probe; the host may have been dropped meanwhile."""
        target = self.kept.targets.get(address)
        if target is None or not fingerprints:
            return
        target.found = target.found | fingerprints
        target.silent = 0
        target.due = next_probe(now, 0, self._plan)
        self.dirty = True

    def drop(self, address: str) -> None:
        if self.kept.targets.pop(address, None) is not None:
            self.dirty = True


def load(file: Path) -> TargetFile:
    """Return the content of `file`; empty if it is missing or damaged."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=TargetFile)
    except FileNotFoundError:
        return TargetFile()
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        log.warning("earlier results cannot be read from %s, starting with none: %s", file, error)
        return TargetFile()


def save(file: Path, content: bytes) -> None:
    """Write `content` to `file`, which is the old or the new one after any crash; raises OSError."""
    replace_file(file, content)
