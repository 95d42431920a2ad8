# SPDX-License-Identifier: MIT
"""Batches: encoded lines of one spool that are sent together and acknowledged together."""

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


class OutboundBatch(msgspec.Struct, frozen=True):
    """Some lines of one spool."""

    spool: str
    inode: int
    """Of the spool's directory: one that was recreated is another spool."""
    next: Position
    """Where the spool continues after them."""
    data: bytes
    """Their frames."""
    events: int
    rejects: Sequence[Reject] = ()
    """Invalid lines; quarantined when the batch has been stored, so that a retry does not duplicate them."""


def pack(spool: str, inode: int, lines: ReadResult, check: str | None) -> OutboundBatch:
    """Return what `lines` holds, with a mark that has `check` for a listener; without `check` for any syslog server."""
    frames: list[bytes] = []
    rejects = [Reject(f"the line has {long.size} bytes", long.head) for long in lines.overlong]
    for line in lines.lines:
        try:
            event = decode(line)
        except BadEventError as error:
            rejects.append(Reject(str(error), line))
            continue
        frames.append(frame(of_event(event, line if check is not None else for_anyone(line))))
    events = len(frames)
    if check is not None:
        frames.append(frame(encode(Mark(spool, lines.next.segment, lines.next.offset, check))))
    return OutboundBatch(spool, inode, lines.next, b"".join(frames), events, rejects)
