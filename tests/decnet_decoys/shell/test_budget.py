# SPDX-License-Identifier: MIT
from __future__ import annotations

from contextlib import ExitStack

import pytest

from decnet_decoys.shell import budget
from decnet_decoys.shell.budget import BudgetExceededError, LineBudget
from decnet_decoys.shell.streams import InputBuffer, OutputBuffer, OutputFullError


def test_commands_are_counted_and_give_others_their_turn() -> None:
    line = LineBudget()
    turns = [line.count_command() for _ in range(budget.MAX_COMMANDS)]
    assert sum(turns) == budget.MAX_COMMANDS // budget.COMMANDS_PER_TURN
    with pytest.raises(BudgetExceededError):
        line.count_command()


def test_nesting_is_bounded_and_given_back() -> None:
    line = LineBudget()
    for _ in range(3):
        with ExitStack() as levels:
            for _ in range(budget.MAX_DEPTH):
                levels.enter_context(line)
            with pytest.raises(BudgetExceededError):
                levels.enter_context(line)


def test_what_is_written_counts_against_the_buffer_and_the_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("decnet_decoys.shell.streams.MAX_OUTPUT", 10)
    monkeypatch.setattr("decnet_decoys.shell.budget.MAX_WRITTEN", 15)
    line = LineBudget()
    first, second = OutputBuffer(line), OutputBuffer(line)
    first.write(b"12345")
    assert first.take() == b"12345"
    with pytest.raises(OutputFullError):
        first.write(b"678901")
    assert first.take() == b"67890"
    second.write(b"1234")
    with pytest.raises(OutputFullError):
        second.write(b"5")
    assert second.take() == b"1234"


def test_readers_that_share_an_input_take_it_one_after_the_other() -> None:
    stream = InputBuffer(b"a\nb\n\nc")
    assert [stream.line(), stream.line(), stream.line()] == [b"a", b"b", b""]
    assert stream.rest() == b"c"
    assert (stream.line(), stream.rest()) == (None, b"")
