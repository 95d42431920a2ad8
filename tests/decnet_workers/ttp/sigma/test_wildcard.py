# SPDX-License-Identifier: MIT
from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decnet_workers.ttp.sigma.wildcard import ONE, STAR, compiled, folded, literal, parse

TEXTS = st.text(alphabet="abAß\\*?/σΣς\n", max_size=12)


def reference(pattern: str, text: str) -> bool:
    """Say the same by a backtracking regular expression, escapes read character by character."""
    parts, position = "", 0
    while position < len(pattern):
        two = pattern[position : position + 2]
        if two in ("\\*", "\\?", "\\\\"):
            parts += re.escape(two[1])
            position += 2
            continue
        parts += {"*": ".*", "?": "."}.get(pattern[position], re.escape(pattern[position]))
        position += 1
    return re.fullmatch(parts, text, re.DOTALL) is not None


@given(TEXTS, TEXTS)
def test_matches_what_a_regular_expression_would(pattern: str, text: str) -> None:
    assert compiled([parse(pattern)])(text) == reference(pattern, text)


@given(st.lists(st.sampled_from(["*", "?", "a", "b", "ab"]), max_size=8).map("".join), st.text("ab", max_size=14))
def test_many_wildcards_match_what_a_regular_expression_would(pattern: str, text: str) -> None:
    assert compiled([parse(pattern)])(text) == reference(pattern, text)


@given(st.lists(TEXTS, max_size=4), TEXTS)
def test_several_patterns_are_an_or(patterns: list[str], text: str) -> None:
    one_matches = any(reference(pattern, text) for pattern in patterns)
    assert compiled([parse(pattern) for pattern in patterns])(text) == one_matches


@given(TEXTS, TEXTS, TEXTS)
def test_folding_keeps_parts_parts(before: str, part: str, after: str) -> None:
    assert part.casefold() in (before + part + after).casefold()


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        (r"a\*b", ("a*b",)),
        (r"a\\*b", ("a\\", STAR, "b")),
        (r"a\\\*b", (r"a\*b",)),
        (r"C:\dir", ("C:\\dir",)),
        (r"C:\\dir", ("C:\\dir",)),
        ("a?b", ("a", ONE, "b")),
        ("", ()),
    ],
)
def test_a_backslash_escapes_wildcards_and_itself_only(text: str, pattern: tuple[object, ...]) -> None:
    assert parse(text) == pattern


def test_a_text_without_wildcards_is_known_as_such() -> None:
    assert literal(parse("")) == ""
    assert literal(parse("x")) == "x"
    assert literal(parse("x*")) is None
    assert folded(parse("X*")) == ("x", STAR)


def test_time_is_linear_where_backtracking_explodes() -> None:
    match = compiled([parse("*a*a*a*a*a*a*a*a*a*a*b")])
    started = time.process_time()
    assert not match("a" * 200_000 + "c")
    assert time.process_time() - started < 2
