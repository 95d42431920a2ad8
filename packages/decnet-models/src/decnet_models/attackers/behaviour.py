# SPDX-License-Identifier: MIT
"""What an attacker's timing and breadth indicate: guessing, scanning, beaconing, a person or a script at a shell.

Gaps between events cannot be merged in any order (a late event splits a gap), so no gap is stored. The profiler stores,
per active minute, how many contacts began and when the first and the last did; sums, minima and maxima merge in any
order. The gaps are derived from these here, on request: exact between minutes, their mean within one.
"""

import math
from collections.abc import Sequence
from itertools import pairwise

import msgspec

from decnet_core.timing.durations import SECOND_NS

BURST_SECONDS = 1.0
"""Contacts closer together than this are one contact over several connections."""
BEACON_GAPS = 6
BEACON_JITTER = 0.2
BEACON_SECONDS = 5.0
SLOW_SECONDS = 900.0
GUESSES = 10
BREADTH = 3
REQUESTS = 30
TYPED_COMMANDS = 3
TYPED_SECONDS = (0.8, 300.0)
"""Mean seconds between a person's command lines; faster is a script, slower is not one sitting."""


class Minute(msgspec.Struct, frozen=True):
    """One active minute: contacts that began in it, and when the first and the last of them did (ns)."""

    arrivals: int
    first: int
    last: int


class Typing(msgspec.Struct, frozen=True):
    """Command lines of one session, and when the first and the last were entered (ns)."""

    commands: int
    first: int
    last: int

    @property
    def seconds(self) -> float | None:
        """The mean time between two command lines; None for fewer than two."""
        return (self.last - self.first) / (self.commands - 1) / SECOND_NS if self.commands > 1 else None


class Rhythm(msgspec.Struct, frozen=True):
    """Gaps between contacts: how many, their mean in seconds, and jitter = standard deviation / mean."""

    gaps: int
    mean_seconds: float
    jitter: float


class Breadth(msgspec.Struct, frozen=True):
    """How much was touched."""

    deckies: int = 0
    services: int = 0
    logins: int = 0
    requests: int = 0
    scans: int = 0
    scanner: bool = False
    """Whether it has a tool that scans (`profiler.tools`)."""


class Trait(msgspec.Struct, frozen=True):
    """One classification of an attacker's behaviour, and the reason."""

    name: str
    reason: str


def rhythm(minutes: Sequence[Minute]) -> Rhythm | None:
    """Return the rhythm of the contacts, None without a gap; `minutes` in order of time."""
    weighted = [(gap, weight) for gap, weight in _gaps(minutes) if gap >= BURST_SECONDS]
    number = sum(weight for _, weight in weighted)
    if not number:
        return None
    mean = math.fsum(gap * weight for gap, weight in weighted) / number
    variance = math.fsum(weight * (gap - mean) ** 2 for gap, weight in weighted) / number
    return Rhythm(number, mean, math.sqrt(variance) / mean)


def _gaps(minutes: Sequence[Minute]) -> list[tuple[float, int]]:
    """Return gaps in seconds with how often each counts."""
    within = [
        ((minute.last - minute.first) / (minute.arrivals - 1) / SECOND_NS, minute.arrivals - 1)
        for minute in minutes
        if minute.arrivals > 1
    ]
    between = [((after.first - before.last) / SECOND_NS, 1) for before, after in pairwise(minutes)]
    return within + between


def traits(breadth: Breadth, beat: Rhythm | None, typing: Sequence[Typing]) -> tuple[Trait, ...]:
    """Return what the behaviour indicates, most specific first; at least one."""
    candidates = (_interactive(typing), _scripted(typing), _guessing(breadth), _scanning(breadth, beat), _beacon(beat))
    return tuple(trait for trait in candidates if trait) or (Trait("visit", "too little to classify"),)


def _interactive(typing: Sequence[Typing]) -> Trait | None:
    low, high = TYPED_SECONDS
    for one in typing:
        if one.commands >= TYPED_COMMANDS and one.seconds is not None and low <= one.seconds <= high:
            return Trait("interactive", f"{one.commands} commands, one every {one.seconds:.1f} s: typed by hand")
    return None


def _scripted(typing: Sequence[Typing]) -> Trait | None:
    for one in typing:
        if one.commands >= TYPED_COMMANDS and one.seconds is not None and one.seconds < TYPED_SECONDS[0]:
            return Trait("scripted", f"{one.commands} commands, one every {one.seconds:.2f} s: faster than typing")
    return None


def _guessing(breadth: Breadth) -> Trait | None:
    if breadth.logins < GUESSES:
        return None
    return Trait("brute force", f"{breadth.logins} logins tried")


def _scanning(breadth: Breadth, beat: Rhythm | None) -> Trait | None:
    wide = breadth.deckies >= BREADTH or breadth.services >= BREADTH
    if not (wide or breadth.scans or breadth.requests >= REQUESTS or breadth.scanner):
        return None
    reason = (
        f"{breadth.deckies} deckies, {breadth.services} services, {breadth.requests} requests, "
        f"{breadth.scans} port scans" + (", the probes of a scanner" if breadth.scanner else "")
    )
    if beat is not None and beat.mean_seconds >= SLOW_SECONDS:
        return Trait("slow scan", f"{reason}, one contact every {beat.mean_seconds / 60:.0f} min")
    return Trait("scanning", reason)


def _beacon(beat: Rhythm | None) -> Trait | None:
    regular = beat is not None and beat.gaps >= BEACON_GAPS and beat.jitter <= BEACON_JITTER
    if beat is None or not regular or beat.mean_seconds < BEACON_SECONDS:
        return None
    return Trait("beaconing", f"a contact every {beat.mean_seconds:.1f} s, jitter {beat.jitter:.0%}")
