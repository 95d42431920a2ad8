# SPDX-License-Identifier: MIT
from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from decnet_core.text import bounded, for_column, for_terminal, from_wire


@given(st.binary(max_size=200))
def test_any_bytes_become_text_that_utf8_can_hold(data: bytes) -> None:
    assert len(from_wire(data, 100).encode()) <= 400


@given(st.text(alphabet=st.characters(), max_size=100))
def test_no_text_keeps_a_control_character_on_a_terminal(text: str) -> None:
    assert for_terminal(text).isprintable()


def test_an_escape_sequence_is_shown_not_obeyed() -> None:
    assert for_terminal("\x1b]0;owned\x07\n") == r"\x1b]0;owned\x07\x0a"


def test_a_long_text_is_cut_and_says_so() -> None:
    assert for_terminal("a" * 600, 10) == "a" * 10 + "…"


@given(st.text(alphabet=st.characters(exclude_categories=()), max_size=50))
def test_a_column_gets_encodable_text_without_nul(text: str) -> None:
    kept = for_column(text, 20)
    assert "\0" not in kept
    kept.encode()


def test_a_lone_surrogate_is_spelled_out() -> None:
    assert bounded("a\udcffb") == r"a\udcffb"
