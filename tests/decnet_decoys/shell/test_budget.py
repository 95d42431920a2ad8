# SPDX-License-Identifier: MIT
from __future__ import annotations

from contextlib import ExitStack

import pytest

from decnet_decoys.memory_budget import MemoryBudget, MemoryLease
from decnet_decoys.shell import budget
from decnet_decoys.shell.budget import BudgetExceededError, LineBudget
from decnet_decoys.shell.machine.tree import FILLER_BLOCK, Filler
from decnet_decoys.shell.streams import PIECE, InputBuffer, InputFile, OutputBuffer, OutputFullError


def test_commands_are_counted() -> None:
    line = LineBudget()
    for _ in range(budget.MAX_COMMANDS):
        line.count_command()
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
    assert stream.rest().whole() == b"c"
    assert (stream.line(), stream.rest().whole()) == (None, b"")
    assert InputBuffer(b"\n\n").line() == b""


def test_what_a_line_writes_is_held_until_it_ends() -> None:
    memory = MemoryBudget(100)
    line = LineBudget(MemoryLease(memory))
    output = OutputBuffer(line)
    output.write(bytes(60))
    assert memory.left == 40
    with pytest.raises(OutputFullError):
        output.write(bytes(60))
    line.close()
    assert memory.left == 100


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE])
@pytest.mark.parametrize("text", [b"a\n", b"\n", b"abc", b"ab\ncd\n\n"])
def test_a_source_read_in_pieces_is_the_whole(size: int, text: bytes) -> None:
    data = (text * (size // len(text) + 1))[:size]
    source = InputFile("x", data)
    assert b"".join(source.pieces()) == data
    assert b"".join(source.lines(ends=True)) == data
    if len(text) < 3:
        assert list(source.lines()) == data.removesuffix(b"\n").split(b"\n")[: data.count(b"\n") + 1 if data else 0]


def test_a_program_s_noise_is_the_same_in_any_pieces() -> None:
    filler = Filler(b"\x7fELF", 3 * FILLER_BLOCK + 5, "x")
    whole = filler.piece(0, filler.size)
    assert len(whole) == filler.size
    assert whole.startswith(b"\x7fELF")
    for size in (1000, FILLER_BLOCK, 5000):
        assert b"".join(InputFile("x", filler).pieces(size)) == whole
    assert filler.piece(filler.size, 10) == b""
