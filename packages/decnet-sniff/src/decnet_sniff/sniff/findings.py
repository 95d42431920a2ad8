# SPDX-License-Identifier: MIT
"""What was found, folded: one finding per window and distinct content, with how often it was seen.

A window belongs to its finding: it begins when that is first seen and is told when it is over, so that the events of a
busy host are spread over time. When the table is full the oldest is told early: nothing is lost, there are more events.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from decnet_core.events.catalogue import Payload
from decnet_sniff.sniff.own_addresses import Home, nobody

MOST = 1024
"""Findings that wait for the end of their window."""


class Ends(NamedTuple):
    """Who sent what was found, and to whom: packed addresses and ports; b"" and None where there are many."""

    source: bytes
    source_port: int | None
    destination: bytes
    destination_port: int | None


class Finding(NamedTuple):
    """One finding; `ts` is when it was first seen, ns since the Unix epoch."""

    ts: int
    ends: Ends
    payload: Payload


class _Seen:
    __slots__ = ("count", "ends", "ts")

    def __init__(self, ts: int, ends: Ends) -> None:
        self.ts = ts
        self.ends = ends
        self.count = 0


class Findings:
    """Findings of the windows that are open."""

    def __init__(self, window_ns: int, most: int = MOST, home: Home = nobody) -> None:
        """What `home` sends is not told of, only counted."""
        self._home = home
        self._window = window_ns
        self._most = most
        self._seen: dict[tuple[bytes, bytes, int, Payload], _Seen] = {}
        self._early: list[Finding] = []
        self.counts = {"findings_seen": 0, "findings_told": 0, "findings_told_early": 0, "findings_of_home": 0}

    @property
    def waiting(self) -> int:
        """How many are not told yet."""
        return len(self._seen) + len(self._early)

    def add(self, ts: int, ends: Ends, payload: Payload, service: int) -> None:
        """Take a payload that counts `payload.count`; `service`: the port of who was called, 0 for any."""
        self.counts["findings_seen"] += 1
        if self._home(ends.source):
            self.counts["findings_of_home"] += 1
            return
        if not self.folds:
            self._early.append(Finding(ts, ends, payload))
            return
        key = (ends.source, ends.destination, service, payload)
        seen = self._seen.get(key)
        if seen is None:
            if len(self._seen) >= self._most:
                self._tell_early()
            seen = self._seen[key] = _Seen(ts, ends)
        seen.count += 1

    @property
    def folds(self) -> bool:
        """Whether there are windows; without, each finding is told by itself."""
        return self._window > 0

    def tell(self, finding: Finding) -> None:
        """Take a finding that is folded already."""
        if self._home(finding.ends.source):
            self.counts["findings_of_home"] += 1
        else:
            self._early.append(finding)

    def due(self, now: int) -> Iterator[Finding]:
        """Yield and forget what is over at `now`, in the order in which it was first seen."""
        found, self._early = self._early, []
        over = []
        for key, seen in self._seen.items():
            if abs(now - seen.ts) < self._window:  # a clock may be set back
                break  # they are in the order of their begin
            over.append(key)
        for key in over:
            found.append(_told(key[3], self._seen.pop(key)))
        self.counts["findings_told"] += len(found)
        yield from found

    def rest(self) -> Iterator[Finding]:
        """Yield and forget all."""
        for key in list(self._seen):
            self._early.append(_told(key[3], self._seen.pop(key)))
        yield from self.due(0)

    def _tell_early(self) -> None:
        """Make room: an eighth, so that this is not done for every finding."""
        for key in list(self._seen)[: max(1, self._most // 8)]:
            self._early.append(_told(key[3], self._seen.pop(key)))
            self.counts["findings_told_early"] += 1


def _told(payload: Payload, seen: _Seen) -> Finding:
    counted = msgspec.structs.replace(payload, count=seen.count) if seen.count > 1 else payload
    return Finding(seen.ts, seen.ends, counted)
