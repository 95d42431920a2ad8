# SPDX-License-Identifier: MIT
"""Subjects, patterns and the routing table, against the plain rule."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decnet_core.bus.protocol.match import MAX_SUBJECT, Routes, covers, is_pattern, is_queue, is_subject, matches

TOKEN = st.sampled_from(["a", "b", "cc"])
SUBJECT = st.lists(TOKEN, min_size=1, max_size=4).map(".".join)
PATTERN = st.tuples(
    st.lists(st.sampled_from(["a", "b", "cc", "*"]), max_size=3), st.sampled_from(["a", "b", "*", ">"])
).map(lambda parts: ".".join([*parts[0], parts[1]]))


@pytest.mark.parametrize(
    "subject", ["a", "a.b", "_INBOX.x.1", "a*b", ">a", "höhle", "\u2003a", "a\x0bb", "x" * MAX_SUBJECT]
)
def test_a_subject_is_tokens_joined_by_dots(subject: str) -> None:
    assert is_subject(subject)
    assert is_pattern(subject)


@pytest.mark.parametrize("text", ["", ".", "a.", ".a", "a..b", "a b", "a\tb", "a\n", "a\r", "x" * (MAX_SUBJECT + 1)])
def test_empty_tokens_and_white_space_make_no_subject(text: str) -> None:
    assert not is_subject(text)
    assert not is_pattern(text)


@pytest.mark.parametrize(
    ("text", "pattern"), [("*", True), (">", True), ("a.*.b", True), ("a.>", True), ("a.>.b", False)]
)
def test_wildcards_are_for_patterns_only(text: str, pattern: bool) -> None:
    assert not is_subject(text)
    assert is_pattern(text) is pattern


def test_a_queue_name_has_no_white_space() -> None:
    assert is_queue("workers")
    assert not is_queue("")
    assert not is_queue("two words")


@pytest.mark.parametrize(
    ("pattern", "subject", "expected"),
    [
        ("a", "a", True),
        ("a", "b", False),
        ("a", "a.b", False),
        ("a.b", "a", False),
        ("*", "a", True),
        ("*", "a.b", False),
        (">", "a", True),
        (">", "a.b.c", True),
        ("a.>", "a", False),
        ("a.>", "a.b", True),
        ("a.*.c", "a.b.c", True),
        ("a.*.c", "a.b.d", False),
        ("*.*.>", "a.b", False),
        ("*.*.>", "a.b.c", True),
    ],
)
def test_matching_follows_nats(pattern: str, subject: str, expected: bool) -> None:
    assert matches(pattern, subject) is expected


@given(PATTERN, PATTERN, SUBJECT)
def test_a_covering_pattern_matches_all_that_the_narrower_one_does(wide: str, narrow: str, subject: str) -> None:
    if covers(wide, narrow) and matches(narrow, subject):
        assert matches(wide, subject)


@given(PATTERN, PATTERN)
def test_patterns_that_do_not_cover_leave_something_out(wide: str, narrow: str) -> None:
    """Every subject of up to five tokens from a larger alphabet shows the difference."""
    if not covers(wide, narrow):
        filled = narrow.replace("*", "new").replace(">", "new")
        longer = filled + ".new" if narrow.endswith(">") else filled
        assert not (matches(wide, filled) and matches(wide, longer))


@given(
    st.lists(st.tuples(PATTERN, st.sampled_from([None, "q", "r"]), st.booleans()), max_size=30),
    st.lists(SUBJECT, min_size=1, max_size=8),
)
def test_the_table_finds_what_the_plain_rule_finds(
    steps: list[tuple[str, str | None, bool]], subjects: list[str]
) -> None:
    routes: Routes[int] = Routes(max_remembered=3)
    present: dict[int, tuple[str, str | None]] = {}
    for number, (pattern, queue, keep) in enumerate(steps):
        routes.add(pattern, number, queue)
        present[number] = (pattern, queue)
        for subject in subjects:
            routes.match(subject)  # so that remembered answers must be forgotten
        if not keep:
            victim = min(present)
            gone = present.pop(victim)
            routes.remove(gone[0], victim, gone[1])
    assert len(routes) == len(present)
    for subject in subjects * 2:
        route = routes.match(subject)
        assert sorted(route.plain) == [n for n, (p, q) in present.items() if q is None and matches(p, subject)]
        groups = sorted(sorted(group) for group in route.groups)
        expected = [[n for n, (p, q) in present.items() if q == queue and matches(p, subject)] for queue in ("q", "r")]
        assert groups == sorted(group for group in expected if group)


def test_removing_everything_leaves_nothing_behind() -> None:
    routes: Routes[int] = Routes()
    patterns = ["a.b.c", "a.*.c", "a.>", ">", "a.b"]
    for number, pattern in enumerate(patterns):
        routes.add(pattern, number, "q")
    for number, pattern in enumerate(patterns):
        routes.remove(pattern, number, "q")
        routes.remove(pattern, number, "q")
        routes.remove("never.added", number)
    assert len(routes) == 0
    assert routes._root.empty


def test_a_member_added_twice_is_there_once() -> None:
    routes: Routes[int] = Routes()
    routes.add("a", 1)
    routes.add("a", 1)
    assert (len(routes), routes.match("a").plain) == (1, (1,))


def test_a_subject_of_thousands_of_tokens_is_walked_without_recursion() -> None:
    routes: Routes[int] = Routes()
    routes.add(">", 1)
    routes.add("*." * 1999 + "*", 2)
    assert sorted(routes.match("x." * 1999 + "x").plain) == [1, 2]


@pytest.mark.parametrize("subject", ["", ".", "a..b", ".a", "a."])
def test_what_has_an_empty_token_reaches_nobody(subject: str) -> None:
    routes: Routes[int] = Routes()
    for number, pattern in enumerate((">", "*", "*.*", "*.*.*", "a.>")):
        routes.add(pattern, number)
    assert not routes.match(subject)


def test_what_is_remembered_of_many_recipients_is_bounded() -> None:
    routes: Routes[int] = Routes()
    for number in range(2000):
        routes.add(">", number, queue="q" if number % 2 else None)
    for number in range(1000):
        assert len(routes.match(f"s.{number}").plain) == 1000
    assert len(routes._remembered) <= 65_536 / 2000 + 1


def test_what_is_remembered_is_bounded() -> None:
    routes: Routes[int] = Routes(max_remembered=10)
    for number in range(1000):
        routes.match(f"s.{number}")
        routes.match(f"{'long' * 100}.{number}")
    assert len(routes._remembered) <= 10
