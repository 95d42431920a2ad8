# SPDX-License-Identifier: MIT
"""Messages of processes that are not known yet: kept in order with their descriptors, bounded, and not for ever."""

import os

import pytest

from decnet_core.supervise.fork import early_messages
from decnet_core.supervise.fork.early_messages import EarlyMessages, Message

READY = Message({"READY": "1"}, ())


def with_descriptors(count: int = 1) -> Message:
    return Message({"FDSTORE": "1"}, [os.open(os.devnull, os.O_RDONLY) for _ in range(count)])


def is_open(message: Message) -> bool:
    try:
        return all(os.fstat(number) for number in message.descriptors)
    except OSError:
        return False


def test_messages_come_back_in_order_and_once() -> None:
    early, sent = EarlyMessages(), with_descriptors(2)
    early.keep(7, sent)
    early.keep(8, READY)
    early.keep(7, READY)
    assert early.take(7) == [sent, READY]
    assert is_open(sent)
    assert early.take(7) == []
    assert early.take(8) == [READY]
    for number in sent.descriptors:
        os.close(number)


def test_what_is_old_is_dropped_and_closed() -> None:
    now = [100.0]
    early, sent = EarlyMessages(lambda: now[0]), with_descriptors()
    early.keep(7, sent)
    now[0] += early_messages.KEPT_SECONDS
    early.keep(8, READY)
    assert not is_open(sent)
    assert early.take(7) == []
    assert len(early) == 1


@pytest.mark.parametrize(("name", "pids"), [("MOST_PROCESSES", (1, 2, 3)), ("MOST_MESSAGES", (1, 1, 1))])
def test_processes_and_messages_are_bounded(monkeypatch: pytest.MonkeyPatch, name: str, pids: tuple[int, ...]) -> None:
    monkeypatch.setattr(early_messages, name, 2)
    early, sent = EarlyMessages(), [with_descriptors() for _ in pids]
    for pid, one in zip(pids, sent, strict=True):
        early.keep(pid, one)
    assert sum(map(is_open, sent)) == 2
    early.clear()
    assert not any(map(is_open, sent))


def test_descriptors_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(early_messages, "MOST_DESCRIPTORS", 3)
    early, first, second = EarlyMessages(), with_descriptors(2), with_descriptors(2)
    early.keep(1, first)
    early.keep(2, second)
    assert (is_open(first), is_open(second)) == (True, False)
    early.clear()
