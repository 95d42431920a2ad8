# SPDX-License-Identifier: MIT
"""Telnet's options and the line in which a login is typed: fixed dialogues, and whatever a client may send."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decnet_decoys.telnet.login_line import LONGEST, Entered, LoginLine
from decnet_decoys.telnet.options import ALIVE, Options, escaped


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
    assert options.size == (500, 5)


@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=6))
def test_how_input_is_cut_changes_nothing(sent: bytes, cuts: list[int]) -> None:
    whole, parts = Options(), Options()
    places = [0, *sorted(cuts), len(sent)]
    pieces = [parts.feed(sent[start:end]) for start, end in pairwise(places)]
    assert (b"".join(one for one, _ in pieces), b"".join(two for _, two in pieces)) == whole.feed(sent)
    assert parts.size == whole.size


@given(st.binary(max_size=200))
def test_what_is_shown_arrives_as_it_is(shown: bytes) -> None:
    assert Options().feed(escaped(shown).replace(b"\r", b"\r\0"))[0] == shown


def test_a_subnegotiation_without_end_costs_no_memory() -> None:
    options = Options()
    typed, _ = options.feed(b"\xff\xfa\x1f" + b"x" * 100_000)
    assert len(typed) == 100_000 - 6
    assert len(options._subnegotiation) == 6


@pytest.mark.parametrize(
    ("typed", "shown", "entered"),
    [
        (b"root\r", b"root\n", Entered("line", b"root")),
        (b"tu\x7fuser\n", b"tu\b \buser\n", Entered("line", b"tuser")),
        (b"abc\x15z\r", b"abc\b \b\b \b\b \bz\n", Entered("line", b"z")),
        (b"ab cd\x17e\r", b"ab cd\b \b\b \be\n", Entered("line", b"ab e")),
        (b"a\x03", b"^C", Entered("interrupt", b"\x03")),
        (b"\x04", b"", Entered("end")),
        (b"\x7f\x15\x17\r", b"\n", Entered("line", b"")),
        (b"z\x01\x7f\r", b"z^A\b \b\b \b\n", Entered("line", b"z")),
    ],
)
def test_keys_edit_the_line(typed: bytes, shown: bytes, entered: Entered) -> None:
    assert LoginLine(echo=True).feed(typed) == (shown, entered, b"")


def test_a_password_is_not_shown() -> None:
    assert LoginLine(echo=False).feed(b"se\x7fcret\rls\r") == (b"\n", Entered("line", b"scret"), b"ls\r")


@given(st.binary(max_size=2000), st.booleans())
def test_any_input_ends_in_a_bounded_line(typed: bytes, echo: bool) -> None:
    line = LoginLine(echo=echo)
    shown, entered, rest = line.feed(typed)
    assert len(shown) <= 6 * len(typed)
    assert entered is None or len(entered.text) <= LONGEST
    assert typed.endswith(rest)
