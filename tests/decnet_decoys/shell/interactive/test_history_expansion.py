# SPDX-License-Identifier: MIT
"""What `!` and `^` name of the history, as bash expands it."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decnet_decoys.shell.interactive.history_expansion import MAX_EXPANDED, EventNotFoundError, expanded

HISTORY = ["id", "cat /etc/passwd /etc/group", "wget http://192.0.2.1/x"]


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("sudo !!", "sudo wget http://192.0.2.1/x"),
        ("!1", "id"),
        ("!-2 | head", "cat /etc/passwd /etc/group | head"),
        ("!ca", "cat /etc/passwd /etc/group"),
        ("!?passwd?", "cat /etc/passwd /etc/group"),
        ("ls !$", "ls http://192.0.2.1/x"),
        ("ls !ca:$ !ca:1", "ls /etc/group /etc/passwd"),
        ("echo !*", "echo http://192.0.2.1/x"),
        ("^x^y", "wget http://192.0.2.1/y"),
        ("^wget^curl^ -s", "curl http://192.0.2.1/x -s"),
        ("echo 'Hi!!' \\!! a! [ ! -f x ] $!", "echo 'Hi!!' \\!! a! [ ! -f x ] $!"),
        ('echo "x!"', 'echo "x!"'),
        ("a != b", "a != b"),
    ],
)
def test_lines_are_named(line: str, found: str) -> None:
    assert expanded(line, HISTORY) == found


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("!9", "!9: event not found"),
        ("echo !nosuch", "!nosuch: event not found"),
        ("^nosuch^x", ":s^nosuch^x: substitution failed"),
    ],
)
def test_what_there_is_not_is_refused(line: str, wrong: str) -> None:
    with pytest.raises(EventNotFoundError, match="^" + wrong.replace("^", r"\^") + "$"):
        expanded(line, HISTORY)


@given(st.text("!$^*:?abc'\"\\ 19-", max_size=60), st.lists(st.text(max_size=2000), max_size=5))
def test_any_line_is_bounded(line: str, history: list[str]) -> None:
    with suppress(EventNotFoundError):
        assert len(expanded(line, history)) <= MAX_EXPANDED
