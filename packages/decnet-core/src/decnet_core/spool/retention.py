# SPDX-License-Identifier: MIT
"""Which segments of a spool may go and which number comes next: a pure function of what lies in its directory."""

from collections.abc import Mapping, Sequence

import msgspec

from decnet_core.spool.positions import START, Position
from decnet_core.spool.segments import LOST_NUMBERS


class Listing(msgspec.Struct, frozen=True):
    """What lies in a spool's directory."""

    sizes: Mapping[int, int]
    """Bytes of each segment, by its number."""
    readers: Sequence[Position]
    """What each registered reader has acknowledged."""


class Plan(msgspec.Struct, frozen=True):
    """What becomes of the files; no segment is ever cut or continued, for readers hold offsets into them."""

    next_number: int
    """The segment to begin: above every number ever used, as far as anything remembers one.

    Where the directory was lost, the readers' acknowledgements do; but a reader may have stored more than it had
    acknowledged when it was killed, and would continue at that offset in another segment of the same number.
    """
    acknowledged: tuple[int, ...]
    """Segments to delete because every reader is past them; with no reader registered, nobody is past any."""
    surplus: Mapping[int, int]
    """Segments to delete although somebody needs them, the oldest first, because the others fill the quota.

    Each with the offset before which every reader has acknowledged all: what follows it is lost.
    """


def plan(listing: Listing, quota_bytes: int, *, writing: int | None = None) -> Plan:
    """Return what to do so that finished segments take at most `quota_bytes`; the one being written is left alone."""
    slowest = min(listing.readers, default=START)
    finished = {number: listing.sizes[number] for number in sorted(listing.sizes) if number != writing}
    acknowledged = tuple(number for number in finished if number < slowest.segment)
    kept = {number: size for number, size in finished.items() if number >= slowest.segment}
    used = max([*listing.sizes, *(position.segment for position in listing.readers)], default=0)
    lost = not listing.sizes and used > 0
    surplus = {
        number: slowest.offset if number == slowest.segment else 0 for number in _oldest_beyond(kept, quota_bytes)
    }
    return Plan(used + 1 + (LOST_NUMBERS if lost else 0), acknowledged, surplus)


def _oldest_beyond(sizes: Mapping[int, int], quota_bytes: int) -> list[int]:
    """Return the first of `sizes` without which the others fit `quota_bytes`."""
    excess = sum(sizes.values()) - quota_bytes
    chosen: list[int] = []
    for number, size in sizes.items():
        if excess <= 0:
            break
        chosen.append(number)
        excess -= size
    return chosen
