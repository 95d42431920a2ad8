# SPDX-License-Identifier: MIT
"""What waits for a connection: bounded, in order, whole, counted."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from decnet_core.bus.protocol.frames import PING, PONG, Line
from decnet_core.bus.protocol.send_queue import CHUNK, MAX_LINES, Outbox


class Writer:
    """A transport that takes `room` bytes and then asks to pause, as asyncio's do."""

    def __init__(self, outbox: Outbox, room: int = 1 << 30) -> None:
        self.written: list[bytes] = []
        self.room = room
        self.closing = False
        self._outbox = outbox

    def write(self, data: bytes) -> None:
        self.written.append(data)
        self.room -= len(data)
        if self.room <= 0:
            self._outbox.paused = True

    def is_closing(self) -> bool:
        return self.closing

    @property
    def data(self) -> bytes:
        return b"".join(self.written)


def test_what_is_pushed_is_written_in_order_when_flushed() -> None:
    outbox = Outbox(CHUNK, lambda: CHUNK)
    writer = Writer(outbox)
    outbox.open(writer)
    outbox.push(b"one")
    outbox.push_line(PING)
    outbox.push(b"two")
    assert writer.written == []
    outbox.flush()
    assert writer.written == [b"onePING\r\ntwo"]
    assert (outbox.sent, outbox.waiting, outbox.dropped, outbox.sent_bytes) == (2, 0, 0, 12)


def test_nothing_is_written_while_paused_and_all_of_it_after() -> None:
    outbox = Outbox(10, lambda: 1000)
    writer = Writer(outbox)
    outbox.open(writer)
    outbox.paused = True
    for number in range(50):
        outbox.push(b"%d;" % number)
    outbox.flush()
    assert writer.written == []
    outbox.paused = False
    outbox.flush()
    assert writer.data == b"".join(b"%d;" % number for number in range(50))


def test_the_oldest_messages_go_first_and_lines_stay() -> None:
    outbox = Outbox(10, lambda: 36)
    outbox.open(Writer(outbox))
    outbox.paused = True
    outbox.push(b"first-----")
    outbox.push_line(PONG)
    for name in (b"second----", b"third-----", b"fourth----"):
        outbox.push(name)
    assert (outbox.dropped, outbox.waiting, outbox.waiting_bytes) == (1, 3, 36)
    writer = Writer(outbox)
    outbox.open(writer)
    outbox.flush()
    assert writer.data == b"PONG\r\nsecond----third-----fourth----"


def test_a_message_larger_than_the_limit_waits_alone() -> None:
    outbox = Outbox(10, lambda: 20)
    outbox.push(b"small")
    outbox.push(b"x" * 100)
    assert (outbox.dropped, outbox.waiting) == (1, 1)


def test_a_full_outbox_writes_before_it_drops() -> None:
    outbox = Outbox(10, lambda: 20)
    writer = Writer(outbox)
    outbox.open(writer)
    for _ in range(100):
        outbox.push(b"x" * 8)
    outbox.flush()
    assert (outbox.dropped, len(writer.data)) == (0, 800)


def test_little_is_handed_over_at_a_time() -> None:
    outbox = Outbox(CHUNK, lambda: 100 * CHUNK)
    outbox.paused = True
    for _ in range(1000):
        outbox.push(b"x" * 1000)
    writer = Writer(outbox, room=1)
    outbox.open(writer)
    outbox.flush()
    assert len(writer.written) == 1
    assert CHUNK <= len(writer.data) < CHUNK + 1000


def test_a_closing_transport_gets_nothing() -> None:
    outbox = Outbox(10, lambda: 100)
    writer = Writer(outbox)
    outbox.open(writer)
    writer.closing = True
    outbox.push(b"kept")
    outbox.flush()
    assert (writer.written, outbox.waiting) == ([], 1)


def test_messages_survive_a_connection_and_lines_do_not() -> None:
    outbox = Outbox(CHUNK, lambda: CHUNK)
    outbox.open(Writer(outbox))
    outbox.push(b"kept")
    outbox.push_line(PING)
    outbox.close()
    assert (outbox.waiting, outbox.waiting_bytes) == (1, 4)
    writer = Writer(outbox)
    outbox.open(writer)
    outbox.flush()
    assert writer.data == b"kept"


def test_a_line_without_a_connection_is_forgotten() -> None:
    """A PING sent on the next connection would have its PONG taken for another's."""
    outbox = Outbox(CHUNK, lambda: CHUNK)
    outbox.push_line(PING)
    outbox.open(Writer(outbox))
    outbox.close()
    outbox.push_line(PING)
    assert outbox.waiting_bytes == 0


def test_too_many_lines_show() -> None:
    outbox = Outbox(CHUNK, lambda: CHUNK)
    outbox.open(Writer(outbox))
    for _ in range(MAX_LINES):
        outbox.push_line(PONG)
    assert not outbox.stuffed
    outbox.push_line(PONG)
    assert outbox.stuffed


STEPS = st.lists(st.one_of(st.integers(1, 40), st.sampled_from(["line", "pause", "resume", "discard"])), max_size=60)


@given(STEPS, st.integers(20, 100))
def test_every_message_is_sent_dropped_or_waiting(steps: list[int | str], limit: int) -> None:
    outbox = Outbox(limit // 2, lambda: limit)
    writer = Writer(outbox)
    outbox.open(writer)
    pushed = 0
    for step in steps:
        if isinstance(step, int):
            outbox.push(b"%03d" % pushed + b"." * step + b"\n")
            pushed += 1
        elif step == "line":
            outbox.push_line(Line(b"L\n"))
        elif step == "discard":
            outbox.discard()
        else:
            outbox.paused = step == "pause"
            outbox.flush()
        assert outbox.sent + outbox.dropped + outbox.waiting == outbox.pushed == pushed
    outbox.paused = False
    outbox.flush()
    numbers = [int(line[:3]) for line in writer.data.splitlines() if line != b"L"]
    assert numbers == sorted(set(numbers))
    assert len(numbers) == outbox.sent == pushed - outbox.dropped
