# SPDX-License-Identifier: MIT
"""What a recording may do to the operator's terminal."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decnet.show.terminal_output import OutputFilter

ALLOWED = re.compile(r"\x1b\[[0-9;]*[ABCDEFGHJKLMPSTX@dfm]|\x1b\[\?(?:25|1049)[hl]")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain\r\n\t\b", "plain\r\n\t\b"),
        ("\x1b[1;31mred\x1b[0m", "\x1b[1;31mred\x1b[0m"),
        ("\x1b[2J\x1b[H\x1b[?25l", "\x1b[2J\x1b[H\x1b[?25l"),
        ("\x1b]0;title\x07after", "after"),
        ("\x1b]52;c;ZXZpbA==\x1b\\after", "after"),
        ('\x1bP$q"p\x1b\\after', "after"),
        ("\x1b[6n\x1b[c\x1b[21t\x1b[?2004hafter", "after"),
        ("\x1b(0\x1b7\x1b8\x1b=after", "after"),
        ("\x1bcafter", "after"),
        ("\x07\x00\x9b31m\x7f\u202e", "\\x00\\x9b31m\\x7f\\x202e"),
    ],
)
def test_only_what_draws_passes(text: str, shown: str) -> None:
    assert OutputFilter().feed(text) == shown


PIECES = st.lists(
    st.one_of(
        st.text(max_size=8),
        st.sampled_from(
            ["\x1b", "\x1b[", "\x1b]", "\x1b]0;", "\x07", "\x1b\\", "[31m", "\x1b[31m", "\x1b[6n", "\x9d", "?25h"]
        ),
    ),
    max_size=20,
)


@given(PIECES)
def test_no_other_escape_passes_however_it_is_cut(pieces: list[str]) -> None:
    output_filter = OutputFilter()
    shown = "".join(map(output_filter.feed, pieces))
    rest = ALLOWED.sub("", shown)
    assert all(c.isprintable() or c in "\n\r\t\b" for c in rest)


@given(PIECES)
def test_cutting_changes_nothing(pieces: list[str]) -> None:
    output_filter = OutputFilter()
    assert "".join(map(output_filter.feed, pieces)) == OutputFilter().feed("".join(pieces))


def test_a_string_without_end_is_not_kept() -> None:
    output_filter = OutputFilter()
    assert output_filter.feed("\x1b]0;" + "x" * 1_000_000) == ""
    assert output_filter.feed("y" * 1_000_000 + "\x07seen") == "seen"
