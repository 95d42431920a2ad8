# SPDX-License-Identifier: MIT
"""Who is to be probed and when, and what was found the last time: a bounded table, and the file that keeps it.

A visit is written down before it is made. So one killed in the middle is not made again before its time, however often
the worker is started, and at most one finding is told twice or never, which the next visit puts right.
"""

from __future__ import annotations

import logging
from pathlib import Path

import msgspec

from decnet_core.durable import replace_file
from decnet_core.spool.positions import Position
from decnet_sniff.probe.safety import Plan, next_visit

log = logging.getLogger(__name__)

MOST_OURS = 1024
"""Addresses of our own that are remembered."""


class Target(msgspec.Struct):
    """One host; times are seconds since the Unix epoch, `contact` when he last came to us, in ns."""

    contact: int
    due: float = 0
    silent: int = 0
    """How many of the last visits in a row found nothing."""
    found: dict[str, str] = {}
    """The last fingerprints, by what they are of, e.g. `jarm:443`."""


class Kept(msgspec.Struct):
    """What the file holds."""

    targets: dict[str, Target] = {}
    """By address, the one who came last at the end."""
    ours: dict[str, None] = {}
    """Addresses to which hosts came: deckies."""
    positions: dict[str, Position] = {}
    """How far each spool was read."""


class Targets:
    """The table; `most` hosts, the one whose last contact is longest ago forgotten first."""

    def __init__(self, kept: Kept, most: int, plan: Plan) -> None:
        self.kept = kept
        self._most = most
        self._plan = plan
        self.forgotten = 0
        """Hosts that were dropped because the table was full."""
        self.dirty = False
        """Whether it differs from the file."""

    def __len__(self) -> int:
        return len(self.kept.targets)

    def came(self, address: str, contact: int) -> None:
        """Note that the host at `address` came to us at `contact`, ns."""
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

    def is_ours(self, address: str) -> None:
        """Note that `address` is where hosts came to."""
        ours = self.kept.ours
        if address not in ours:
            ours[address] = None
            self.dirty = True
            if len(ours) > MOST_OURS:
                del ours[next(iter(ours))]

    def due(self, now: float, except_for: set[str]) -> str | None:
        """Return who is to be visited first at `now` and is not among `except_for`; forget whom nobody saw for long."""
        longest = next_visit(now, self._plan.patience, self._plan)
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

    def visit(self, address: str, now: float) -> Target:
        """Return the host, its next visit put off as if this one found nothing."""
        target = self.kept.targets[address]
        target.silent += 1
        target.due = next_visit(now, target.silent - 1, self._plan)
        self.dirty = True
        return target

    def visited(self, address: str, now: float, found: dict[str, str]) -> None:
        """Note what a visit found; the host may have been forgotten meanwhile."""
        target = self.kept.targets.get(address)
        if target is None or not found:
            return
        target.found = target.found | found
        target.silent = 0
        target.due = next_visit(now, 0, self._plan)
        self.dirty = True

    def drop(self, address: str) -> None:
        """Forget a host that may not be asked."""
        if self.kept.targets.pop(address, None) is not None:
            self.dirty = True


def load(file: Path) -> Kept:
    """Return what `file` holds; a file that is missing or damaged holds nothing."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=Kept)
    except FileNotFoundError:
        return Kept()
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        log.warning("what was probed before cannot be read from %s, beginning anew: %s", file, error)
        return Kept()


def save(file: Path, content: bytes) -> None:
    """Put `content` into `file`, which is the old or the new one after any crash; raises OSError."""
    replace_file(file, content)
