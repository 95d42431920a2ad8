# SPDX-License-Identifier: MIT
"""Lines of a spool made ready for the wire: all that goes out at once and is acknowledged at once."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from decnet_core.events.codec import BadEventError, decode
from decnet_core.spool.positions import Position
from decnet_core.spool.reader import ReadResult
from decnet_swarm.framing import frame
from decnet_swarm.message import for_anyone, of_event
from decnet_swarm.wire import Mark, encode


class Reject(msgspec.Struct, frozen=True):
    """A line that is not an event."""

    reason: str
    line: bytes


class Parcel(msgspec.Struct, frozen=True):
    """Some lines of one spool."""

    spool: str
    inode: int
    """Of the spool's directory: one that was made anew is another spool."""
    next: Position
    """Where the spool goes on after them."""
    data: bytes
    """Their frames."""
    events: int
    rejects: Sequence[Reject] = ()
    """Lines that stay here; set aside when the parcel has been stored, so that no second try doubles them."""


def packed(spool: str, inode: int, batch: ReadResult, check: str | None) -> Parcel:
    """Return what `batch` holds, with a mark that has `check` for a listener; without `check` for any syslog server."""
    frames: list[bytes] = []
    rejects = [Reject(f"the line has {long.size} bytes", long.head) for long in batch.overlong]
    for line in batch.lines:
        try:
            event = decode(line)
        except BadEventError as error:
            rejects.append(Reject(str(error), line))
            continue
        frames.append(frame(of_event(event, line if check is not None else for_anyone(line))))
    events = len(frames)
    if check is not None:
        frames.append(frame(encode(Mark(spool, batch.next.segment, batch.next.offset, check))))
    return Parcel(spool, inode, batch.next, b"".join(frames), events, rejects)
