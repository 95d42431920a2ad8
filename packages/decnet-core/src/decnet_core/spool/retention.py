# SPDX-License-Identifier: MIT
"""Which segments may go: those that every reader has acknowledged, and the oldest when the quota is exceeded."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from decnet_core.spool.reader import Position


def acknowledged(finished: Collection[int], readers: Collection[Position]) -> list[int]:
    """Return the finished segments that every reader is past; with no reader registered, nobody is past any."""
    if not readers:
        return []
    slowest = min(position.segment for position in readers)
    return sorted(number for number in finished if number < slowest)


def surplus(finished: Mapping[int, int], allowed_bytes: int) -> list[int]:
    """Return the oldest finished segments (size by number) without which the others fit `allowed_bytes`."""
    excess = sum(finished.values()) - allowed_bytes
    chosen: list[int] = []
    for number in sorted(finished):
        if excess <= 0:
            break
        chosen.append(number)
        excess -= finished[number]
    return chosen


def unseen_from(number: int, readers: Collection[Position]) -> int:
    """Return the offset in segment `number` before which every reader has acknowledged all."""
    if not readers:
        return 0
    slowest = min(readers, key=lambda position: (position.segment, position.offset))
    return slowest.offset if slowest.segment == number else 0
