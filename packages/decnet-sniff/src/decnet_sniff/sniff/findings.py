# SPDX-License-Identifier: MIT
"""Folds findings: one per window and distinct content, with how often it was seen.

Each finding has its own window: it begins when the finding is first seen, and at its end the finding is reported, so
that the events of a busy host are spread over time. When the table is full the oldest is reported early: nothing is
lost, there are more events.
"""

import itertools
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import msgspec

from decnet_core.events.catalogue import Payload
from decnet_sniff.sniff.own_addresses import IsOwn, none_is_own

MOST = 1024
"""Findings that wait for the end of their window."""


class Ends(NamedTuple):
    """Sender and receiver: packed addresses and ports; b"" and None where there are many."""

    source: bytes
    destination: bytes
    source_port: int | None
    destination_port: int | None


class Finding(NamedTuple):
    """One finding; `ts` is when it was first seen, ns since the Unix epoch."""

    ts: int
    ends: Ends
    payload: Payload


NEW: Final = tuple.__new__
"""Makes a named tuple of a tuple in half the time of calling its class."""
_Key = tuple[bytes, bytes, int, int]
"""Source, destination, service, and the `id` of the held payload: its hash costs more than all the rest."""
_Held = list[Any]
"""A payload, and how many findings have it."""
_Seen = list[Any]
"""When a finding was first seen, between which ends, how often since, and its held payload."""


class Findings:
    """The findings of open windows."""

    def __init__(self, window_ns: int, most: int = MOST, is_own: IsOwn = none_is_own) -> None:
        """`is_own`: what these addresses send is only counted."""
        self._is_own = is_own
        self._window = window_ns
        self._most = most
        self._seen: dict[_Key, _Seen] = {}
        self._held: dict[int, _Held] = {}
        """By `id`: one payload of those that are equal, for as long as a finding has it."""
        self._held_as: dict[Payload, int] = {}
        self._early: list[Finding] = []
        self._added = self._reported = self._reported_early = self._from_own = 0

    @property
    def counts(self) -> dict[str, float]:
        return {
            "findings_seen": self._added,
            "findings_reported": self._reported,
            "findings_reported_early": self._reported_early,
            "findings_from_own": self._from_own,
        }

    @property
    def waiting(self) -> int:
        """How many are not reported yet."""
        return len(self._seen) + len(self._early)

    def add(self, ts: int, ends: Ends, payload: Payload, service: int) -> None:
        """Add a payload that counts `payload.count`; `service`: the port of the called side, 0 for any."""
        self._added += 1
        source, destination, _, _ = ends
        if self._is_own is not none_is_own and self._is_own(source):
            self._from_own += 1
            return
        if not self._window:
            self._early.append(Finding(ts, ends, payload))
            return
        number = id(payload)
        if number not in self._held:
            number = self._hold(payload)
        key = (source, destination, service, number)
        seen = self._seen.get(key)
        if seen is not None:
            seen[2] += 1
            return
        held = self._held[number]
        held[1] += 1
        if len(self._seen) >= self._most:
            self._report_early()
        self._seen[key] = [ts, ends, 1, held]

    @property
    def folds(self) -> bool:
        """Whether there are windows; without, each finding is reported by itself."""
        return self._window > 0

    def report(self, finding: Finding) -> None:
        """Add a finding that is already folded."""
        if self._is_own(finding.ends.source):
            self._from_own += 1
        else:
            self._early.append(finding)

    def due(self, now: int) -> Iterator[Finding]:
        """Yield and remove what is over at `now`, in the order in which it was first seen."""
        findings, self._early = self._early, []
        over = []
        for key, seen in self._seen.items():
            if abs(now - seen[0]) < self._window:  # a clock may be set back
                break  # they are in the order of their begin
            over.append(key)
        for key in over:
            findings.append(self._finding(self._seen.pop(key)))
        self._reported += len(findings)
        yield from findings

    def rest(self) -> Iterator[Finding]:
        """Yield and remove all."""
        for key in list(self._seen):
            self._early.append(self._finding(self._seen.pop(key)))
        yield from self.due(0)

    def _report_early(self) -> None:
        """Make room: an eighth, so that this does not happen for every finding."""
        seen, early = self._seen, self._early
        for key in list(itertools.islice(seen, max(1, self._most // 8))):
            early.append(self._finding(seen.pop(key)))
            self._reported_early += 1

    def _hold(self, payload: Payload) -> int:
        """Return the `id` of the held payload that is equal to this one, which may be this one."""
        number = self._held_as.get(payload)
        if number is None:
            number = self._held_as[payload] = id(payload)
            self._held[number] = [payload, 0]
        return number

    def _finding(self, seen: _Seen) -> Finding:
        """Return the finding that leaves the table, and let go of its payload."""
        ts, ends, count, held = seen
        payload = held[0]
        held[1] -= 1
        if not held[1]:
            del self._held[id(payload)], self._held_as[payload]
        return NEW(Finding, (ts, ends, msgspec.structs.replace(payload, count=count) if count > 1 else payload))
