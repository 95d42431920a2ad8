# SPDX-License-Identifier: MIT
"""A bounded table of TCP and UDP flows, each of two directions.

The key of a direction is both addresses and both ports as in the packet, one string of 12 or 36 bytes. So the packet of
a known flow costs one dictionary lookup. The second direction gets its entry with its first packet; unanswered flows,
as in most scans, take half the memory.

Ended flows are kept briefly, because stray packets of them are no new flow. When the table is full, what is least
likely to continue goes first: the ended, then the unanswered, then the longest silent.
"""

from __future__ import annotations

from collections.abc import Iterator
from operator import attrgetter
from struct import Struct
from typing import Final

from decnet_sniff.sniff.findings import NEW, Ends
from decnet_sniff.sniff.transport.stream_head import Stream

CLOSED_NS: Final = 2_000_000_000
UNANSWERED_NS: Final = 10_000_000_000
"""How long an unanswered SYN is kept."""

SYN_SEEN, SYN_ACK_SEEN, ESTABLISHED, CLOSED = range(4)
"""What has been seen: a SYN; its SYN+ACK; more; FIN of both sides or RST."""

_KEY4: Final = Struct(">4s4sHH").unpack
_KEY6: Final = Struct(">16s16sHH").unpack

SETTLED: Final = -1
"""A direction whose bytes are no longer needed."""
WATCHED: Final = -2
"""One that began with something unknown, after which TLS may still begin."""

FIN, RST, IDLE = "fin", "rst", "idle"


class Direction:
    __slots__ = ("base", "bytes", "closing", "flow", "packets", "quick", "stream")

    def __init__(self, flow: Flow, base: int) -> None:
        self.flow = flow
        self.packets = 0
        self.bytes = 0
        """Payload bytes, including repetitions."""
        self.base = base
        """The sequence number of the first byte that is wanted, or SETTLED, or WATCHED."""
        self.stream: Stream | None = None
        """Its bytes, when one segment was not enough to recognise them."""
        self.closing = False
        """Whether its FIN was seen."""
        self.quick = False
        """Whether its packets only need to be counted, except for FIN, SYN and RST."""


class Flow:
    """A connection, or what looks like one; the `client` is the side that began."""

    __slots__ = (
        "answer",
        "client",
        "ended",
        "ends",
        "first",
        "key",
        "last",
        "mss",
        "opened",
        "sequence",
        "server",
        "squares",
        "state",
        "talked",
    )

    def __init__(self, key: bytes, ts: int, sequence: int) -> None:
        self.key = self.answer = key
        """Of the client's direction; `answer` is that of the server's, once there is one."""
        self.ends = ends(key)
        """Those of the client's direction."""
        self.sequence = sequence
        """Of the SYN: another sequence number means another flow."""
        self.first = ts
        self.last = ts
        self.squares = 0
        """Sum of the squares of the gaps between packets, ns²."""
        self.state = SYN_SEEN
        self.ended = IDLE
        self.opened = False
        """Whether there was more than a SYN and its answer."""
        self.talked = False
        """Whether both sides have sent bytes."""
        self.mss = 0
        """Of the SYN, 0 if absent."""
        self.client = Direction(self, SETTLED)
        self.server: Direction | None = None

    @property
    def packets(self) -> int:
        return self.client.packets + (self.server.packets if self.server else 0)


def reverse(key: bytes) -> bytes:
    """Return the key of the other direction."""
    if len(key) == 12:
        return key[4:8] + key[:4] + key[10:] + key[8:10]
    size = len(key) // 2 - 2
    return key[size : 2 * size] + key[:size] + key[-2:] + key[-4:-2]


def ends(key: bytes) -> Ends:
    """Return the addresses and ports of a key."""
    return NEW(Ends, _KEY4(key) if len(key) == 12 else _KEY6(key))


def answering(asked: Ends) -> Ends:
    """Return the ends as those of the answer, which comes from the other side."""
    source, destination, source_port, port = asked
    return NEW(Ends, (destination, source, port, source_port))


class Flows:
    """All flows of one transport; `directions` maps keys to their direction."""

    def __init__(self, most: int, idle_ns: int) -> None:
        self.directions: dict[bytes, Direction] = {}
        self.size = 0
        self.most = most
        self._idle = idle_ns
        self.evicted = 0
        """How many were evicted early because the table was full."""

    def open(self, key: bytes, ts: int, sequence: int) -> Flow:
        """Add a flow whose client's direction is `key`; call `crowded` first."""
        flow = Flow(key, ts, sequence)
        self.directions[key] = flow.client
        self.size += 1
        return flow

    def answer(self, flow: Flow, key: bytes, base: int) -> Direction:
        """Add the server's direction of `flow`, whose key is `key`."""
        direction = flow.server = Direction(flow, base)
        flow.answer = key
        self.directions[key] = direction
        return direction

    def close(self, flow: Flow) -> Flow:
        """Remove `flow` and return it, cutting its reference cycle.

        Cycles wait for the garbage collector, which would keep thousands of closed flows.
        """
        self.directions.pop(flow.key, None)
        del flow.client.flow
        if flow.server is not None:
            self.directions.pop(flow.answer, None)
            del flow.server.flow
        self.size -= 1
        return flow

    def aged(self, now: int) -> Iterator[Flow]:
        """Remove and yield what ended or has been silent for too long at `now`."""
        timeouts = {
            SYN_SEEN: min(UNANSWERED_NS, self._idle),
            SYN_ACK_SEEN: self._idle,
            ESTABLISHED: self._idle,
            CLOSED: CLOSED_NS,
        }
        for flow in self._all():
            if abs(now - flow.last) > timeouts[flow.state]:  # a clock may be set back
                yield self.close(flow)

    def crowded(self) -> Iterator[Flow]:
        """Remove and yield an eighth of the flows when there is no room for another."""
        if self.size < self.most:
            return
        room, flows = max(1, self.most // 8), self._all()
        flows.sort(key=_LAST)
        for rank in _RANKS:
            for flow in [flow for flow in flows if flow.state in rank][:room]:
                room, self.evicted = room - 1, self.evicted + 1
                yield self.close(flow)

    def rest(self) -> Iterator[Flow]:
        for flow in self._all():
            yield self.close(flow)

    def _all(self) -> list[Flow]:
        return [direction.flow for direction in self.directions.values() if direction is direction.flow.client]


_RANKS: Final = (CLOSED,), (SYN_SEEN, SYN_ACK_SEEN), (ESTABLISHED,)
_LAST: Final = attrgetter("last")
