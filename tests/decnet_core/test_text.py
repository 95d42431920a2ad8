# SPDX-License-Identifier: MIT
from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from decnet_core.text import bounded, for_column, for_spreadsheet, for_terminal, from_wire, json_for_terminal


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


@pytest.mark.parametrize("character", ["\x7f", "\x85", "\x9b", "\u202e", "\u2066", "\u200f", "\u2028", "\U000e0041"])
def test_json_for_a_terminal_says_the_same_without_what_a_terminal_obeys(character: str) -> None:
    document = msgspec.json.format(msgspec.json.encode({f"a{character}": [f"é{character}漢"]}), indent=2)
    shown = json_for_terminal(document)
    assert character not in shown
    assert "é" in shown
    assert "漢" in shown
    assert json.loads(shown) == msgspec.json.decode(document)


@given(st.text())
def test_json_for_a_terminal_is_the_same_document_and_printable(text: str) -> None:
    shown = json_for_terminal(msgspec.json.encode([text]))
    assert shown.isprintable()
    assert json.loads(shown) == [text]


@pytest.mark.parametrize(
    "text", ["=1", "+1", "-1", "@x", "\tx", "\rx", "\nx", " \xa0=1", "\uff1d1", "\uff0b1", "\uff0d1", "\uff20x"]
)
def test_no_spreadsheet_takes_text_for_a_formula(text: str) -> None:
    assert for_spreadsheet(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", " ", "a=1", "1-2", "'=1", "é"])
def test_other_text_is_in_a_spreadsheet_as_it_is(text: str) -> None:
    assert for_spreadsheet(text) == text
