# SPDX-License-Identifier: MIT
"""What waits for a connection: bounded, in order, whole, counted."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from decnet_core.bus.protocol.frames import PING, PONG, Line
from decnet_core.bus.protocol.send_queue import AT_ONCE, CHUNK, MAX_LINES, SendQueue


class Writer:
    """A transport that takes `room` bytes and then asks to pause, as asyncio's do."""

    def __init__(self, queue: SendQueue, room: int = 1 << 30) -> None:
        self.written: list[bytes] = []
        self.room = room
        self.closing = False
        self._queue = queue

    def write(self, data: bytes) -> None:
        self.written.append(data)
        self.room -= len(data)
        if self.room <= 0:
            self._queue.paused = True

    def is_closing(self) -> bool:
        return self.closing

    @property
    def data(self) -> bytes:
        return b"".join(self.written)


def test_what_is_pushed_is_written_in_order_when_flushed() -> None:
    queue = SendQueue(CHUNK, lambda: CHUNK)
    writer = Writer(queue)
    queue.open(writer)
    queue.push(b"one")
    queue.push_line(PING)
    queue.push(b"two")
    assert writer.written == []
    queue.flush()
    assert writer.written == [b"onePING\r\ntwo"]
    assert (queue.sent, queue.waiting, queue.dropped, queue.sent_bytes) == (2, 0, 0, 12)


def test_a_long_run_is_written_at_once_behind_what_waits_and_a_short_one_when_flushed() -> None:
    queue = SendQueue(CHUNK, lambda: CHUNK)
    writer = Writer(queue)
    queue.open(writer)
    queue.push_run(b"h", [b"short"] * 3)
    assert writer.written == []
    long = [b"b" * 127] * (AT_ONCE // 128)
    queue.push_run(b"h", long)
    assert writer.data == b"hshort" * 3 + b"".join(b"h" + body for body in long)
    assert (queue.sent, queue.waiting, queue.sent_bytes) == (3 + len(long), 0, 18 + AT_ONCE)


def test_nothing_is_written_while_paused_and_all_of_it_after() -> None:
    queue = SendQueue(10, lambda: 1000)
    writer = Writer(queue)
    queue.open(writer)
    queue.paused = True
    for number in range(50):
        queue.push(b"%d;" % number)
    queue.flush()
    assert writer.written == []
    queue.paused = False
    queue.flush()
    assert writer.data == b"".join(b"%d;" % number for number in range(50))


def test_the_oldest_messages_go_first_and_lines_stay() -> None:
    queue = SendQueue(10, lambda: 36)
    queue.open(Writer(queue))
    queue.paused = True
    queue.push(b"first-----")
    queue.push_line(PONG)
    for name in (b"second----", b"third-----", b"fourth----"):
        queue.push(name)
    assert (queue.dropped, queue.waiting, queue.waiting_bytes) == (1, 3, 36)
    writer = Writer(queue)
    queue.open(writer)
    queue.flush()
    assert writer.data == b"PONG\r\nsecond----third-----fourth----"


def test_a_message_larger_than_the_limit_waits_alone() -> None:
    queue = SendQueue(10, lambda: 20)
    queue.push(b"small")
    queue.push(b"x" * 100)
    assert (queue.dropped, queue.waiting) == (1, 1)


def test_a_full_queue_writes_before_it_drops() -> None:
    queue = SendQueue(10, lambda: 20)
    writer = Writer(queue)
    queue.open(writer)
    for _ in range(100):
        queue.push(b"x" * 8)
    queue.flush()
    assert (queue.dropped, len(writer.data)) == (0, 800)


def test_little_is_handed_over_at_a_time() -> None:
    queue = SendQueue(CHUNK, lambda: 100 * CHUNK)
    queue.paused = True
    for _ in range(1000):
        queue.push(b"x" * 1000)
    writer = Writer(queue, room=1)
    queue.open(writer)
    queue.flush()
    assert len(writer.written) == 1
    assert CHUNK <= len(writer.data) < CHUNK + 1000


def test_a_closing_transport_gets_nothing() -> None:
    queue = SendQueue(10, lambda: 100)
    writer = Writer(queue)
    queue.open(writer)
    writer.closing = True
    queue.push(b"kept")
    queue.flush()
    assert (writer.written, queue.waiting) == ([], 1)


def test_messages_survive_a_connection_and_lines_do_not() -> None:
    queue = SendQueue(CHUNK, lambda: CHUNK)
    queue.open(Writer(queue))
    queue.push(b"kept")
    queue.push_line(PING)
    queue.close()
    assert (queue.waiting, queue.waiting_bytes) == (1, 4)
    writer = Writer(queue)
    queue.open(writer)
    queue.flush()
    assert writer.data == b"kept"


def test_a_line_without_a_connection_is_forgotten() -> None:
    """A PING sent on the next connection would have its PONG taken for another's."""
    queue = SendQueue(CHUNK, lambda: CHUNK)
    queue.push_line(PING)
    queue.open(Writer(queue))
    queue.close()
    queue.push_line(PING)
    assert queue.waiting_bytes == 0


def test_too_many_lines_show() -> None:
    queue = SendQueue(CHUNK, lambda: CHUNK)
    queue.open(Writer(queue))
    for _ in range(MAX_LINES):
        queue.push_line(PONG)
    assert not queue.overfull
    queue.push_line(PONG)
    assert queue.overfull


def test_a_run_is_the_same_bytes_as_its_frames_one_by_one() -> None:
    bodies = [b"%06d" % number for number in range(3 * CHUNK // 8)]
    queue = SendQueue(CHUNK, lambda: CHUNK)
    writer = Writer(queue)
    queue.open(writer)
    queue.push(b"first")
    queue.push_run(b"h ", bodies)
    queue.flush()
    assert writer.data == b"first" + b"".join(b"h " + body for body in bodies)
    assert (queue.sent, queue.dropped, queue.waiting) == (len(bodies) + 1, 0, 0)


def test_of_a_run_nobody_reads_the_newest_frames_are_kept() -> None:
    queue = SendQueue(CHUNK, lambda: CHUNK)
    writer = Writer(queue)
    queue.open(writer)
    queue.paused = True
    bodies = [b"%07d" % number for number in range(2 * CHUNK // 8)]
    queue.push_run(b"h", bodies)
    assert (queue.sent, queue.dropped, queue.waiting) == (0, CHUNK // 8, CHUNK // 8)
    queue.paused = False
    queue.flush()
    assert writer.data == b"".join(b"h" + body for body in bodies[CHUNK // 8 :])


STEPS = st.lists(st.one_of(st.integers(1, 40), st.sampled_from(["line", "pause", "resume", "discard"])), max_size=60)


@given(STEPS, st.integers(20, 100))
def test_every_message_is_sent_dropped_or_waiting(steps: list[int | str], limit: int) -> None:
    queue = SendQueue(limit // 2, lambda: limit)
    writer = Writer(queue)
    queue.open(writer)
    pushed = 0
    for step in steps:
        if isinstance(step, int):
            queue.push(b"%03d" % pushed + b"." * step + b"\n")
            pushed += 1
        elif step == "line":
            queue.push_line(Line(b"L\n"))
        elif step == "discard":
            queue.discard()
        else:
            queue.paused = step == "pause"
            queue.flush()
        assert queue.sent + queue.dropped + queue.waiting == queue.pushed == pushed
    queue.paused = False
    queue.flush()
    numbers = [int(line[:3]) for line in writer.data.splitlines() if line != b"L"]
    assert numbers == sorted(set(numbers))
    assert len(numbers) == queue.sent == pushed - queue.dropped
