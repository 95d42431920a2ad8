# SPDX-License-Identifier: MIT
"""Grammars draw what their productions say; those of all genres are complete."""

from __future__ import annotations

import random
import re

import pytest

from decnet_workers.orchestrator.genres import genres, grammar
from decnet_workers.orchestrator.grammar import Grammar, GrammarError

GIVEN = (
    *("user", "home", "host", "url", "date", "time", "stamp", "mbox_date", "mail_date"),
    *("year", "month", "week"),
)


def test_symbols_numbers_and_digits_are_filled_in() -> None:
    made = Grammar({"a": ["{b} {3-5} {x6} {name}"], "b": ["left", "right"]})
    text = made.text("a", random.Random(1), {"name": "ana"})
    assert re.fullmatch(r"(left|right) [345] [0-9a-f]{6} ana", text)
    assert text == made.text("a", random.Random(1), {"name": "ana"})


@pytest.mark.parametrize(("productions", "reason"), [({"a": ["{b}"]}, "b: no such"), ({"a": ["x{a}"]}, "too deeply")])
def test_a_wrong_production_is_an_error(productions: dict[str, list[str]], reason: str) -> None:
    with pytest.raises(GrammarError, match=reason):
        Grammar(productions).text("a", random.Random(1), {})


@pytest.mark.parametrize("genre", genres())
def test_each_production_of_a_genre_can_be_drawn(genre: str) -> None:
    made = grammar(genre)
    given = dict.fromkeys(GIVEN, "-")
    for symbol in genres()[genre].productions:
        for seed in range(40):
            assert "{" not in made.text(symbol, random.Random(seed), given)
    assert made.filled(genres()[genre].path, random.Random(1), given | {"home": "/home/ana"}).startswith("/")
