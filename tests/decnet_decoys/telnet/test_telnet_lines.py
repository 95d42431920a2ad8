# SPDX-License-Identifier: MIT
"""Telnet's options and the line in which a login is typed: fixed dialogues, and whatever a client may send."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decnet_decoys.telnet.options import ALIVE, Options, escaped
from decnet_decoys.terminal.login_line import LONGEST, Entered, LoginLine


@pytest.mark.parametrize(
    ("sent", "typed", "answers"),
    [
        (b"ls\r\n", b"ls\r", b""),
        (b"ls\r\0id\n", b"ls\rid\n", b""),
        (b"a\xff\xffb", b"a\xffb", b""),
        (b"\xff\xfb\x18\xff\xfd\x03x", b"x", b""),
        (b"\xff\xf6", b"", ALIVE),
        (b"a\xff\xf4b\xff\xf1c", b"abc", b""),
        (b"\xff\xfa\x18\x00xterm\xff\xf0y", b"\x00xtermy", b""),
    ],
)
def test_options_are_not_typed(sent: bytes, typed: bytes, answers: bytes) -> None:
    assert Options().feed(sent) == (typed, answers)


def test_the_size_of_the_window_is_known_and_bounded() -> None:
    options = Options()
    options.feed(b"\xff\xfa\x1f\x00\x84\x00\x30\xff\xf0")
    assert options.size == (132, 48)
    options.feed(b"\xff\xfa\x1f\xfe\xfe\x00\x00\xff\xf0")
    assert options.size == (500, 5)
    options.feed(b"\xff\xfa\x1f\x00\xff\xf0")
    assert options.size == (500, 5), "it was cut short"


@pytest.mark.parametrize(
    ("segments", "typed"),
    [
        ((b"a\xff", b"\xf1b"), b"ab"),
        ((b"\xff\xfb", b"\x1fa"), b"\x1fa"),
        ((b"\xff\xfa", b"\x1fa"), b"\x1fa"),
        ((b"\xff\xfa\x1f\x00\xff\xf0", b"a"), b"a"),
        ((b"\xff\xfa\x1f\x00\xff\xff\x00\x18\xff\xf0", b"a"), b"\x18a"),
        ((b"\xffda",), b""),
        ((b"a\r", b"\n"), b"a\r\n"),
    ],
)
def test_a_command_is_looked_for_in_one_segment(segments: tuple[bytes, ...], typed: bytes) -> None:
    options = Options()
    assert b"".join(options.feed(segment)[0] for segment in segments) == typed


def test_two_questions_at_once_are_answered_once() -> None:
    assert Options().feed(b"\xff\xf6\xff\xf6") == (b"", ALIVE)


@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=6))
def test_however_input_is_cut_no_more_is_typed_than_was_sent(sent: bytes, cuts: list[int]) -> None:
    options = Options()
    places = [0, *sorted(cuts), len(sent)]
    for start, end in pairwise(places):
        typed, answers = options.feed(sent[start:end])
        assert len(typed) <= len(sent[start:end])
        assert answers in (b"", ALIVE)
        assert len(options._subnegotiation) <= 4


@given(st.binary(max_size=200))
def test_what_is_shown_arrives_as_it_is(shown: bytes) -> None:
    assert Options().feed(escaped(shown).replace(b"\r", b"\r\0"))[0] == shown


def test_a_subnegotiation_without_end_costs_no_memory() -> None:
    options = Options()
    typed, _ = options.feed(b"\xff\xfa\x1f" + b"x" * 100_000)
    assert len(typed) == 100_000 - 4
    assert len(options._subnegotiation) == 4


@pytest.mark.parametrize(
    ("typed", "shown", "entered"),
    [
        (b"root\r", b"root\n", Entered("line", b"root")),
        (b"tu\x7fuser\n", b"tu\b \buser\n", Entered("line", b"tuser")),
        (b"abc\x15z\r", b"abc\b \b\b \b\b \bz\n", Entered("line", b"z")),
        (b"ab cd\x17e\r", b"ab cd\b \b\b \be\n", Entered("line", b"ab e")),
        (b"a\x03", b"^C", Entered("interrupt", b"\x03")),
        (b"ab\x12c\r", b"ab^R\nabc\n", Entered("line", b"abc")),
        (b"a\x16\x03b\r", b"a^\b^Cb\n", Entered("line", b"a\x03b")),
        (b"a\x13b\x11c\r", b"abc\n", Entered("line", b"abc")),
        (b"a\x13b\x03", b"^C", Entered("interrupt", b"\x03")),
        (b"a\tb\r", b"a\tb\n", Entered("line", b"a\tb")),
        (b"a\t\x7fb\r", b"a\t" + b"\b" * 7 + b"b\n", Entered("line", b"ab")),
        (b"\x04", b"", Entered("end")),
        (b"\x7f\x15\x17\r", b"\n", Entered("line", b"")),
        (b"z\x01\x7f\r", b"z^A\b \b\b \b\n", Entered("line", b"z")),
    ],
)
def test_keys_edit_the_line(typed: bytes, shown: bytes, entered: Entered) -> None:
    assert LoginLine(echo=True).feed(typed) == (shown, entered, b"")


def test_a_tab_is_shown_as_blanks_up_to_the_next_stop() -> None:
    line = LoginLine(echo=True, tabs=True, column=14)
    assert line.feed(b"a\tb\x12\r") == (b"a b^R\na       b\n", Entered("line", b"a\tb"), b"")


def test_a_key_may_end_the_login_at_once_and_another_drop_the_line() -> None:
    assert LoginLine(echo=True, ends=b"\x1c").feed(b"a\x1c") == (b"^\\", Entered("quit", b"\x1c"), b"")
    assert LoginLine(echo=True, drops=b"\x1a").feed(b"a\x1ab\r") == (b"^Zb\n", Entered("line", b"b"), b"")


def test_login_goes_on_when_it_can_write_again() -> None:
    line = LoginLine(echo=True)
    assert line.feed(b"a\x13b\rpass\r") == (b"", None, b"")
    assert line.feed(b"word") == (b"", None, b"")
    assert line.feed(b"\x11\n") == (b"ab\n", Entered("line", b"ab"), b"pass\rword\n")


def test_a_line_that_is_too_long_is_echoed_and_cut() -> None:
    shown, entered, _ = LoginLine(echo=True).feed(b"a" * (LONGEST + 10) + b"\r")
    assert (shown, entered) == (b"a" * (LONGEST + 10) + b"\n", Entered("line", b"a" * LONGEST))


def test_a_long_line_is_not_shown_anew_without_end() -> None:
    line = LoginLine(echo=True)
    line.feed(b"\x01" * LONGEST)
    shown, _, _ = line.feed(b"\x12" * LONGEST)
    assert len(shown) <= 3 * LONGEST
    line.feed(b"\x13")
    for _ in range(5):
        assert line.feed(b"a" * LONGEST) == (b"", None, b"")
    assert len(line._shown) <= LONGEST


def test_what_is_rubbed_out_goes_backwards() -> None:
    shown, _, _ = LoginLine(echo=True).feed(b"x\t\x15")
    assert shown == b"x\t" + b"\b" * 7 + b"\b \b"


@pytest.mark.parametrize(("completes", "entered"), [(True, Entered("line", b"x")), (False, None)])
def test_an_end_within_a_password_completes_it_for_one_login_only(completes: bool, entered: Entered | None) -> None:
    assert LoginLine(echo=False, end_completes=completes).feed(b"x\x04")[1] == entered


def test_a_password_is_not_shown() -> None:
    assert LoginLine(echo=False).feed(b"se\x7fcret\rls\r") == (b"\n", Entered("line", b"scret"), b"ls\r")


@given(st.binary(max_size=2000), st.booleans())
def test_any_input_ends_in_a_bounded_line(typed: bytes, echo: bool) -> None:
    line = LoginLine(echo=echo)
    shown, entered, rest = line.feed(typed)
    assert len(shown) <= 8 * len(typed) * (1 + typed.count(b"\x12"))
    assert entered is None or len(entered.text) <= LONGEST
    assert typed.endswith(rest)
