# SPDX-License-Identifier: MIT
"""The timing of ended flows: packets, bytes, duration, and the gaps between packets.

All is kept as sums of integers, so that similar flows add up to one event without growing rounding errors.
"""

from __future__ import annotations

from math import isqrt
from typing import NamedTuple

from decnet_core.events.catalogue import FlowClosed
from decnet_sniff.sniff.findings import NEW

MICROSECOND = 1000
MILLISECOND = 1_000_000


class Ending(NamedTuple):
    """Which flows are reported together: who opened them, to what, and how they ended."""

    opener: bytes
    responder: bytes
    port: int
    transport: str
    """tcp or udp."""
    ended: str
    """fin, rst or idle."""


class Timing(NamedTuple):
    """One flow, or the sum of several."""

    first_ns: int
    packets_sent: int
    packets_received: int
    bytes_sent: int
    bytes_received: int
    duration_ns: int
    """From the first packet to the last: also the sum of the gaps."""
    gap_squares: int
    """Sum of the squares of the gaps between packets, ns²."""
    flows: int = 1

    def plus(self, other: Timing) -> Timing:
        first, sent, received, bytes_sent, bytes_received, duration, squares, flows = self
        begun, *more = other
        return NEW(
            Timing,
            (
                min(first, begun), sent + more[0], received + more[1], bytes_sent + more[2],
                bytes_received + more[3], duration + more[4], squares + more[5], flows + more[6],
            ),
        )  # fmt: skip


class Timings:
    """The ended flows that were not reported yet; beyond `limit` distinct endings the rest is only counted."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._sums: dict[Ending, Timing] = {}
        self.not_reported = 0

    def __len__(self) -> int:
        return len(self._sums)

    def add(self, ending: Ending, flow: Timing) -> None:
        known = self._sums.get(ending)
        if known is not None:
            self._sums[ending] = known.plus(flow)
        elif len(self._sums) < self._limit:
            self._sums[ending] = flow
        else:
            self.not_reported += 1

    def take(self) -> list[tuple[Ending, int, FlowClosed]]:
        """Return and remove all, each with the time of its first packet in ns."""
        taken, self._sums = self._sums, {}
        return [(ending, timing.first_ns, closed(ending, timing)) for ending, timing in taken.items()]


def closed(ending: Ending, timing: Timing) -> FlowClosed:
    """Return the payload for flows that ended alike."""
    gaps = timing.packets_sent + timing.packets_received - timing.flows
    mean, deviation = mean_and_deviation(gaps, timing.duration_ns, timing.gap_squares)
    return FlowClosed(
        transport=ending.transport,
        ended=ending.ended,
        packets_sent=timing.packets_sent,
        packets_received=timing.packets_received,
        bytes_sent=timing.bytes_sent,
        bytes_received=timing.bytes_received,
        duration_ms=max(timing.duration_ns, 0) // MILLISECOND,
        gap_mean_us=None if mean is None else mean // MICROSECOND,
        gap_deviation_us=None if deviation is None else deviation // MICROSECOND,
        count=timing.flows,
    )


def mean_and_deviation(count: int, total: int, squares: int) -> tuple[int | None, int | None]:
    """Return mean and population standard deviation of `count` numbers from their sum and sum of squares."""
    if count < 1:
        return None, None
    return max(total, 0) // count, isqrt(max(count * squares - total * total, 0)) // count
