# SPDX-License-Identifier: MIT
"""The query language of the event log: what it means, and where it says that something is wrong."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decnet.history.language import FIELDS, LONGEST, MOST_TERMS, Condition, EventQuery, QueryError, parsed
from decnet_core.events.catalogue import KINDS
from decnet_core.net.addresses import parse_network
from decnet_models.database.window import Window

MIDNIGHT = 1_795_478_400_000_000_000


def test_nothing_is_everything() -> None:
    assert parsed("") == parsed(" \t\n") == EventQuery()


def test_fields_and_texts_are_told_apart() -> None:
    query = parsed('kind:auth.attempt,http.request SRC:203.0.113.9/24 -decky:"web 1" "Text, words" passwd -nmap')
    assert query.conditions == (
        Condition("kind", ("auth.attempt", "http.request")),
        Condition("src", (parse_network("203.0.113.0/24"),)),
        Condition("decky", ("web 1",), excluded=True),
    )
    assert query.texts == ("text, words", "passwd")
    assert query.excluded_texts == ("nmap",)
    assert query.only("kind") == ("auth.attempt", "http.request")
    assert query.only("decky") == ()


def test_a_star_stands_for_all_kinds_that_begin_so() -> None:
    assert parsed("kind:session.*").only("kind") == tuple(kind for kind in KINDS if kind.startswith("session."))


def test_times_narrow_each_other() -> None:
    query = parsed("since:2026-11-24T00:00:00Z until:2026-11-25T00:00:00Z before:2026-11-24T12:00:00Z")
    assert query.window == Window(MIDNIGHT, MIDNIGHT + 12 * 3600 * 10**9)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (r'"a \"quoted\" \\ text"', r'a "quoted" \ text'),
        ("http://198.51.100.1/x", "http://198.51.100.1/x"),
        ("2001:db8::1", "2001:db8::1"),
        ("/etc/shadow", "/etc/shadow"),
        ('"kind:auth.attempt"', "kind:auth.attempt"),
        ("%_*'", None),
    ],
)
def test_texts_have_no_meaning_of_their_own(text: str, value: str | None) -> None:
    if value is None:
        with pytest.raises(QueryError):
            parsed(text)
    else:
        assert parsed(text).texts == (value,)


@pytest.mark.parametrize(
    ("text", "at", "words"),
    [
        ("passwd knid:auth.attempt", 7, "did you mean kind:?"),
        ("nosuchfield:1", 0, "fields are kind"),
        ("kind:auth.atempt", 0, "did you mean auth.attempt?"),
        ("x src:1.2.3", 2, "neither an address nor a network"),
        ("port:99999", 0, "not a port"),
        ("port:²", 0, "not a port"),
        ('x "not closed', 2, "not closed"),
        ('"a"b', 3, "a blank is missing"),
        ("kind:", 0, "a value is missing"),
        ("-", 0, "a value is missing"),
        ('""', 0, "a value is missing"),
        ("decky:a,,b", 0, "a name is missing"),
        ("since:soon", 0, "is not a time"),
        ("-since:1h", 0, "cannot be excluded"),
        ("since:1h until:2h", 9, "nothing is between"),
        ("synthetic:maybe", 0, "synthetic:yes"),
        ("x " * (MOST_TERMS + 1), 2 * MOST_TERMS, "at most"),
        ("x" * (LONGEST + 1), LONGEST, "at most"),
        ("...", 0, "no letter or digit"),
    ],
)
def test_an_error_says_what_and_where(text: str, at: int, words: str) -> None:
    with pytest.raises(QueryError, match="at character") as caught:
        parsed(text)
    assert words in str(caught.value)
    assert caught.value.at == at
    assert at + caught.value.length <= max(len(text), at + 1)


_PIECES = st.one_of(
    st.text(max_size=30),
    st.sampled_from([*(f"{field}:" for field in FIELDS), '"', "\\", "-", ",", "*", " ", "1.2.3.4/8", "::/0", "1h"]),
)


@given(st.lists(_PIECES, max_size=40).map("".join))
def test_any_text_is_a_query_or_an_error_with_a_place(text: str) -> None:
    try:
        query = parsed(text)
    except QueryError as error:
        place = error.at, error.length
    else:
        place = 0, 0
        assert query.window.since < query.window.until
        assert all(one.field in FIELDS and one.wanted for one in query.conditions)
    assert 0 <= place[0] <= len(text)
    assert place[1] >= 0


@given(st.text(min_size=1, max_size=60))
def test_a_quoted_text_is_found_as_it_stands(text: str) -> None:
    quoted = text.replace("\\", "\\\\").replace('"', '\\"')
    try:
        query = parsed(f'"{quoted}"')
    except QueryError as error:
        assert "no letter or digit" in str(error)  # noqa: PT017  # any other would be a defect
    else:
        assert query.texts == (text.casefold(),)
        assert query.conditions == ()
