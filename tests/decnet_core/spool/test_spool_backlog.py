# SPDX-License-Identifier: MIT
"""The backlog holds exactly as many lines and bytes as it may, in order, and counts what it loses."""

from __future__ import annotations

import pytest

from decnet_core.spool.backlog import Backlog


def content(backlog: Backlog) -> list[bytes]:
    return [backlog.take() for _ in range(len(backlog))]


def test_lines_leave_in_the_order_in_which_they_came() -> None:
    backlog = Backlog(10, 100)
    assert (len(backlog), bool(backlog), backlog.dropped) == (0, False, 0)
    for line in (b"a", b"b", b"c"):
        backlog.put(line)
    assert backlog.first() == b"a"
    assert content(backlog) == [b"a", b"b", b"c"]
    for look in (backlog.first, backlog.take):
        with pytest.raises(IndexError):
            look()


def test_a_line_too_many_loses_the_oldest() -> None:
    backlog = Backlog(3, 100)
    for line in (b"a", b"b", b"c"):
        backlog.put(line)
    assert backlog.dropped == 0
    backlog.put(b"d")
    backlog.put(b"e")
    assert backlog.dropped == 2
    assert content(backlog) == [b"c", b"d", b"e"]


def test_a_byte_too_many_loses_as_many_of_the_oldest_as_it_takes() -> None:
    backlog = Backlog(10, 10)
    for line in (b"aaaa", b"bbbb", b"cc"):
        backlog.put(line)
    assert (len(backlog), backlog.dropped) == (3, 0)
    backlog.put(b"ddddd")
    assert backlog.dropped == 2
    assert content(backlog) == [b"cc", b"ddddd"]


def test_what_was_taken_makes_room() -> None:
    backlog = Backlog(10, 10)
    for _ in range(5):
        backlog.put(b"x" * 10)
        assert backlog.take() == b"x" * 10
    assert backlog.dropped == 0


def test_a_line_larger_than_the_limit_is_lost_itself() -> None:
    backlog = Backlog(10, 10)
    backlog.put(b"x" * 11)
    assert (len(backlog), backlog.dropped) == (0, 1)
    backlog.put(b"y" * 10)
    assert content(backlog) == [b"y" * 10]


def test_a_backlog_of_nothing_counts_every_line() -> None:
    backlog = Backlog(0, 100)
    backlog.put(b"a")
    assert (len(backlog), backlog.dropped) == (0, 1)
