# SPDX-License-Identifier: MIT
"""The forwarder's queue alone: which lines are sent, from where, and what the spools are told."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from tests.decnet_swarm.swarm_workers import fill, made, spool_of

from decnet_core.events.codec import MAX_LINE_BYTES, encode
from decnet_core.spool.positions import START, Position, acknowledgement, read_position
from decnet_core.spool.quarantine import Quarantine
from decnet_core.spool.segments import path_of
from decnet_swarm.forwarder import send_queue as module
from decnet_swarm.forwarder.batch import OutboundBatch
from decnet_swarm.forwarder.send_queue import SendQueue, check_of
from decnet_swarm.framing import Deframer
from decnet_swarm.message import event_line
from decnet_swarm.wire import Mark, SpoolPosition, from_forwarder


class Clock:
    """Stands for the module `time` in the queue."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(module, "time", made)
    return made


@pytest.fixture
def open_queue(tmp_path: Path, clock: Clock) -> Callable[[], SendQueue]:
    return lambda: SendQueue(tmp_path / "spool", Quarantine(tmp_path / "quarantine"))


@pytest.fixture
def queue(open_queue: Callable[[], SendQueue]) -> SendQueue:
    return open_queue()


def taken(queue: SendQueue, *, plain: bool = False) -> OutboundBatch:
    batch = queue.next_batch(plain=plain)
    assert batch is not None
    return batch


def contents(batch: OutboundBatch) -> list[bytes]:
    return Deframer().feed(batch.data)


def sent_lines(batch: OutboundBatch) -> list[bytes]:
    found = [event_line(content) for content in contents(batch)]
    return [line for line in found if line is not None]


def mark_of(batch: OutboundBatch) -> Mark:
    mark = from_forwarder(contents(batch)[-1])
    assert isinstance(mark, Mark)
    return mark


def told(tmp_path: Path, spool: str = "decoys") -> Position:
    """Return what the spool knows to be stored elsewhere."""
    return read_position(acknowledgement(tmp_path / "spool" / spool, "forwarder"))


def expected(*numbers: int) -> list[bytes]:
    return [encode(made(number)) for number in numbers]


def test_a_batch_is_the_lines_in_their_order_and_the_place_after_them(queue: SendQueue, tmp_path: Path) -> None:
    fill(tmp_path, range(3))
    batch = taken(queue)
    assert sent_lines(batch) == expected(0, 1, 2)
    size = path_of(tmp_path / "spool" / "decoys", 1).stat().st_size
    check = check_of(tmp_path / "spool" / "decoys", Position(1, size))
    assert mark_of(batch) == Mark("decoys", 1, size, check)
    assert (batch.events, len(check)) == (3, 32)
    assert queue.next_batch(plain=False) is None


def test_another_syslog_server_gets_no_mark_and_no_control_character(queue: SendQueue, tmp_path: Path) -> None:
    writer = spool_of(tmp_path)
    writer.append(made(0, "rm\x7f"))
    writer.close()
    (message,) = contents(taken(queue, plain=True))
    assert b"\x7f" not in message
    assert b"rm\\u007f" in message


def test_a_listener_gets_the_line_as_the_spool_has_it(queue: SendQueue, tmp_path: Path) -> None:
    writer = spool_of(tmp_path)
    writer.append(made(0, "rm\x7f"))
    writer.close()
    assert sent_lines(taken(queue)) == [encode(made(0, "rm\x7f"))]


def test_what_is_appended_meanwhile_is_sent_before_the_first_is_stored(queue: SendQueue, tmp_path: Path) -> None:
    writer = spool_of(tmp_path)
    writer.append(made(0))
    assert sent_lines(taken(queue)) == expected(0)
    writer.append(made(1))
    assert sent_lines(taken(queue)) == expected(1)
    writer.close()


def test_busy_spools_are_taken_in_turn(queue: SendQueue, tmp_path: Path) -> None:
    for name in ("a", "b"):
        fill(tmp_path, range(2000), name)
    assert {taken(queue).spool for _ in range(2)} == {"a", "b"}


def test_a_quiet_spool_does_not_end_the_turn(queue: SendQueue, tmp_path: Path) -> None:
    fill(tmp_path, [], "a")
    fill(tmp_path, [], "c")
    fill(tmp_path, range(1), "b")
    assert taken(queue).spool == "b"


def test_lines_that_are_no_events_stay_here_when_the_rest_is_stored(queue: SendQueue, tmp_path: Path) -> None:
    fill(tmp_path, [0])
    with path_of(tmp_path / "spool" / "decoys", 1).open("ab") as file:
        file.write(b"not an event\n" + encode(made(1)) + b"\n" + b"x" * (MAX_LINE_BYTES + 1) + b"\n")
    batch = taken(queue)
    assert sent_lines(batch) == expected(0, 1)
    assert not (tmp_path / "quarantine").exists()
    queue.stored(batch)
    assert queue.counters() == {
        "spools": 1,
        "acknowledged": 2,
        "refused": 2,
        "torn_lines": 0,
        "segments_missing": 0,
        "spool_errors": 0,
    }
    kept = b"".join(path.read_bytes() for path in (tmp_path / "quarantine").glob("*.jsonl"))
    assert f"the line has {MAX_LINE_BYTES + 1} bytes".encode() in kept
    assert b"not an event" in kept


def test_a_batch_of_nothing_but_an_overlong_line_is_confirmed_like_any(queue: SendQueue, tmp_path: Path) -> None:
    fill(tmp_path, [])
    path_of(tmp_path / "spool" / "decoys", 1).write_bytes(b"x" * (MAX_LINE_BYTES + 1) + b"\n")
    batch = taken(queue)
    assert (batch.events, len(batch.rejects), mark_of(batch).segment) == (0, 1, 1)
    queue.stored(batch)
    assert (queue.counters()["refused"], queue.lag_bytes()) == (1, 0)


def test_torn_lines_and_missing_segments_are_counted_once(queue: SendQueue, tmp_path: Path) -> None:
    for number in range(4):
        fill(tmp_path, [number])
    directory = tmp_path / "spool" / "decoys"
    with path_of(directory, 1).open("ab") as file:
        file.write(b'{"torn')
    for number in (2, 3):
        path_of(directory, number).unlink()
    assert sent_lines(taken(queue)) == expected(0, 3)
    assert queue.next_batch(plain=False) is None
    counters = queue.counters()
    assert (counters["torn_lines"], counters["segments_missing"]) == (1, 2)


def test_the_first_segment_is_given_up_when_all_of_it_is_stored_and_an_empty_one_follows(
    queue: SendQueue, tmp_path: Path
) -> None:
    fill(tmp_path, range(2))
    batch = taken(queue)
    fill(tmp_path, [])  # the worker was started again and has nothing to say
    assert queue.next_batch(plain=False) is None
    queue.save(now=True)
    assert told(tmp_path) == START  # for the batch may be lost under way
    queue.stored(batch)
    assert queue.next_batch(plain=False) is None
    queue.save(now=True)
    assert told(tmp_path) == Position(2, 0)
    assert queue.lag_bytes() == 0


def test_what_the_listener_has_stored_already_is_not_sent_again(
    open_queue: Callable[[], SendQueue], tmp_path: Path
) -> None:
    writer = spool_of(tmp_path)
    writer.append(made(0))
    place = mark_of(taken(open_queue())).place  # and its acknowledgement is lost with the process
    writer.append(made(1))
    queue = open_queue()
    queue.resume({"decoys": place})
    assert sent_lines(taken(queue)) == expected(1)
    writer.close()


def test_a_connection_begins_with_what_is_not_known_to_be_stored(queue: SendQueue, tmp_path: Path) -> None:
    writer = spool_of(tmp_path)
    writer.append(made(0))
    first = taken(queue)
    queue.stored(first)
    writer.append(made(1))
    taken(queue)  # lost with the connection
    queue.resume({})
    assert sent_lines(taken(queue)) == expected(1)
    for earlier in (SpoolPosition(0, 0), SpoolPosition(1, 0), mark_of(first).place):
        queue.resume({"decoys": earlier})
        assert sent_lines(taken(queue)) == expected(1)
    writer.close()


@pytest.mark.parametrize("check", ["", "0" * 32])
@pytest.mark.parametrize("beyond", [0, 7])
def test_a_position_that_is_not_recognised_is_ignored(
    queue: SendQueue, tmp_path: Path, check: str, beyond: int
) -> None:
    fill(tmp_path, range(2))
    size = path_of(tmp_path / "spool" / "decoys", 1).stat().st_size
    queue.resume({"decoys": SpoolPosition(1, size + beyond, check)})
    assert sent_lines(taken(queue)) == expected(0, 1)


def test_a_spool_that_was_made_anew_is_another_one(queue: SendQueue, tmp_path: Path) -> None:
    fill(tmp_path, range(2))
    old = taken(queue)
    (tmp_path / "spool" / "decoys").rename(tmp_path / "old")
    fill(tmp_path, range(2, 4))
    new = taken(queue)
    assert sent_lines(new) == expected(2, 3)
    queue.stored(old)
    queue.save(now=True)
    assert told(tmp_path) == START
    queue.stored(new)
    queue.save(now=True)
    assert told(tmp_path) == new.next


def test_a_spool_that_is_gone_is_forgotten(queue: SendQueue, tmp_path: Path) -> None:
    fill(tmp_path, range(2))
    batch = taken(queue)
    shutil.rmtree(tmp_path / "spool" / "decoys")
    assert queue.next_batch(plain=False) is None
    queue.stored(batch)
    assert queue.counters()["spools"] == 0
    assert queue.counters()["acknowledged"] == 2


def test_only_folders_that_are_this_hosts_spools_are_sent(queue: SendQueue, tmp_path: Path) -> None:
    for name in ("decoys", "listener", "Upper", ".hidden"):
        fill(tmp_path, range(1), name)
    (tmp_path / "spool" / "file").write_bytes(b"")
    assert taken(queue).spool == "decoys"
    assert queue.next_batch(plain=False) is None
    assert (queue.counters()["spools"], queue.counters()["spool_errors"]) == (1, 0)


def test_the_spool_is_acknowledged_at_most_once_a_second(queue: SendQueue, tmp_path: Path, clock: Clock) -> None:
    writer = spool_of(tmp_path)
    writer.append(made(0))
    first = taken(queue)
    queue.stored(first)
    queue.save(now=True)
    assert told(tmp_path) == first.next
    writer.append(made(1))
    second = taken(queue)
    queue.stored(second)
    for later in (0.0, 1.0):
        clock.now = 1000.0 + later
        queue.save()
        assert told(tmp_path) == first.next
    clock.now += 0.01
    queue.save()
    assert told(tmp_path) == second.next
    writer.append(made(2))
    queue.stored(taken(queue))
    clock.now += 0.9
    queue.save()
    assert told(tmp_path) == second.next
    writer.close()


def test_the_spool_is_acknowledged_at_once_when_that_frees_a_segment(queue: SendQueue, tmp_path: Path) -> None:
    fill(tmp_path, range(1))
    queue.stored(taken(queue))
    queue.save(now=True)
    fill(tmp_path, range(1, 2))
    second = taken(queue)
    queue.stored(second)
    queue.save()
    assert (told(tmp_path), second.next.segment) == (second.next, 2)


def test_a_spool_with_nothing_new_is_not_written_to(queue: SendQueue, tmp_path: Path) -> None:
    fill(tmp_path, range(1))
    queue.stored(taken(queue))
    queue.save(now=True)
    file = acknowledgement(tmp_path / "spool" / "decoys", "forwarder")
    before = file.stat()
    queue.save(now=True)
    assert (file.stat().st_ino, file.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_a_batch_that_is_confirmed_late_takes_nothing_back(queue: SendQueue, tmp_path: Path) -> None:
    writer = spool_of(tmp_path)
    writer.append(made(0))
    first = taken(queue)
    writer.append(made(1))
    second = taken(queue)
    queue.stored(second)
    queue.stored(first)
    queue.save(now=True)
    assert told(tmp_path) == second.next
    writer.close()


def test_lag_is_what_is_not_stored_elsewhere(queue: SendQueue, tmp_path: Path) -> None:
    assert queue.lag_bytes() == 0
    fill(tmp_path, range(3))
    fill(tmp_path, range(3), "sniff")
    first = taken(queue)
    size = path_of(tmp_path / "spool" / "decoys", 1).stat().st_size
    assert queue.lag_bytes() == 2 * size
    queue.stored(first)
    assert queue.lag_bytes() == size


def test_a_spool_that_cannot_be_opened_stops_no_other_and_is_named_once(
    queue: SendQueue, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    fill(tmp_path, range(1), "good")
    bad = tmp_path / "spool" / "bad"
    bad.mkdir()
    obstacle = acknowledgement(bad, "forwarder")
    (obstacle / "in the way").mkdir(parents=True)
    assert taken(queue).spool == "good"
    assert queue.next_batch(plain=False) is None
    assert [record.getMessage() for record in caplog.records] == [
        "cannot use spool=bad: Is a directory; the others continue"
    ]
    assert (queue.counters()["spools"], queue.counters()["spool_errors"]) == (1, 2)
    shutil.rmtree(obstacle)
    fill(tmp_path, range(1), "bad")
    assert taken(queue).spool == "bad"


def test_a_spool_that_cannot_be_read_stops_no_other_whosever_turn_it_is(
    queue: SendQueue, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path_of(tmp_path / "spool" / "bad", 1).mkdir(parents=True)
    writer = spool_of(tmp_path, "good")
    for number in range(2):
        writer.append(made(number))
        assert sent_lines(taken(queue)) == expected(number)
    writer.close()
    assert len([record for record in caplog.records if "spool=bad: Is a directory" in record.getMessage()]) == 1


def test_a_spool_that_fails_again_after_it_was_read_is_named_again(
    queue: SendQueue, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    segment = path_of(tmp_path / "spool" / "odd", 1)
    for number in range(2):
        segment.mkdir(parents=True)
        assert queue.next_batch(plain=False) is None
        segment.rmdir()
        segment.write_bytes(b"".join(line + b"\n" for line in expected(*range(number + 1))))
        assert sent_lines(taken(queue)) == expected(number)
        segment.unlink()
    assert len(caplog.records) == 2


def test_a_spool_that_refuses_its_acknowledgement_gets_it_later(queue: SendQueue, tmp_path: Path) -> None:
    for name in ("bad", "good"):
        fill(tmp_path, range(1), name)
    batches = {batch.spool: batch for batch in (taken(queue), taken(queue))}
    for batch in batches.values():
        queue.stored(batch)
    obstacle = acknowledgement(tmp_path / "spool" / "bad", "forwarder").with_suffix(".json.new")
    obstacle.mkdir()
    queue.save(now=True)
    assert told(tmp_path, "good") == batches["good"].next
    assert queue.counters()["spool_errors"] == 1
    obstacle.rmdir()
    queue.save(now=True)
    assert told(tmp_path, "bad") == batches["bad"].next


def test_a_spool_whose_lag_cannot_be_known_hides_no_other(queue: SendQueue, tmp_path: Path) -> None:
    for name in ("bad", "good"):
        fill(tmp_path, range(1), name)
    queue.next_batch(plain=False)
    shutil.rmtree(tmp_path / "spool" / "bad")
    (tmp_path / "spool" / "bad").write_bytes(b"no folder")
    assert queue.lag_bytes() == path_of(tmp_path / "spool" / "good", 1).stat().st_size
    assert queue.counters()["spool_errors"] == 1


def test_a_missing_folder_of_spools_is_an_error_that_passes(queue: SendQueue, tmp_path: Path) -> None:
    assert queue.next_batch(plain=False) is None
    assert queue.counters() == {
        "spools": 0,
        "acknowledged": 0,
        "refused": 0,
        "torn_lines": 0,
        "segments_missing": 0,
        "spool_errors": 1,
    }
    fill(tmp_path, range(1))
    assert taken(queue).spool == "decoys"


def test_the_check_of_a_place_stays_what_it_was_and_what_earlier_versions_computed(tmp_path: Path) -> None:
    """A listener keeps it for months, and a spool that is not recognised by it is sent again."""
    writer = spool_of(tmp_path)
    directory, places = tmp_path / "spool" / "decoys", list[Position]()
    for number in range(5):
        writer.append(made(number))
        places.append(writer.end())
        content = path_of(directory, 1).read_bytes()
        assert check_of(directory, places[-1]) == hashlib.blake2b(content[-256:], digest_size=16).hexdigest()
    checks = [check_of(directory, place) for place in places]
    assert len(set(checks)) == 5
    writer.close()
    fill(tmp_path, [9])
    assert [check_of(directory, place) for place in places] == checks
    assert check_of(directory, Position(2, 0)) == checks[-1]


def test_a_place_before_which_nothing_stands_has_no_check(tmp_path: Path) -> None:
    fill(tmp_path, range(1))
    directory = tmp_path / "spool" / "decoys"
    assert check_of(directory, START) == check_of(directory, Position(1, 0)) == check_of(tmp_path / "none", START) == ""
    assert check_of(directory, Position(7, 1)) == check_of(directory, Position(1, 10_000)) == ""


def test_positions_are_kept_as_the_spool_reads_them(queue: SendQueue, tmp_path: Path) -> None:
    fill(tmp_path, range(1))
    batch = taken(queue)
    queue.stored(batch)
    queue.save(now=True)
    kept = acknowledgement(tmp_path / "spool" / "decoys", "forwarder").read_bytes()
    assert msgspec.json.decode(kept, type=Position) == batch.next
