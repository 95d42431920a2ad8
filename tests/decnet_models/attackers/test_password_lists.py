# SPDX-License-Identifier: MIT
"""Which list is walked: by its order, with gaps and repeats; what only shares entries with it is not on it."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decnet_models.attackers import password_lists
from decnet_models.attackers.password_lists import LISTS, explicable, is_guessable, short_digest, spearman, walked

TOP = (
    *("123456", "password", "12345678", "qwerty", "123456789", "12345", "1234", "111111", "1234567", "dragon"),
    *("123123", "baseball", "abc123", "football"),
)
MIRAI = "root:xc3511 root:vizxv root:admin admin:admin root:888888 root:xmhdipc root:default root:juantech root:54321"


def tries(passwords: Sequence[str], user: str = "root") -> list[tuple[str, str]]:
    return [(user, one) for one in passwords]


def test_a_list_is_recognised_by_its_order() -> None:
    (found, *_) = walked(tries(TOP))
    assert found.name == "10-million-password-list-top-100 (SecLists)"
    assert (found.tried, found.known, found.tries, found.correlation) == (14, 100, 14, 1.0)
    assert found.reason == "14 of its first 100 entries among 14 tries, in its order (correlation 1.00)"


def test_gaps_and_strange_entries_do_not_hide_it_but_another_order_does() -> None:
    with_gaps = [one for place, one in enumerate(TOP) if place % 4] + ["Winter2026!", "company123"]
    assert walked(tries(with_gaps))
    mixed = list(TOP)
    random.Random(3).shuffle(mixed)
    assert walked(tries(mixed)) == ()
    assert walked(tries([*TOP, *(f"other{n}" for n in range(20))])) == ()


def test_what_no_list_can_explain_any_more_is_walked_from_none() -> None:
    many = [f"secret{number}" for number in range(200)]
    assert explicable(tries(many))
    assert explicable([(f"user{number}", "123456") for number in range(999)])
    assert not explicable(tries([*many, "123456"]))
    assert walked(tries([*TOP, *many])) == ()


def test_seven_entries_are_too_few() -> None:
    assert walked(tries(TOP[:7])) == ()
    assert walked([]) == ()


def test_of_a_list_that_is_drawn_from_the_order_does_not_matter() -> None:
    drawn = [(user, secret) for user, _, secret in (pair.partition(":") for pair in MIRAI.split())]
    random.Random(1).shuffle(drawn)
    (found,) = walked(drawn)
    assert (found.name, found.correlation) == ("Mirai's built-in credentials", None)


@pytest.mark.parametrize("name", LISTS)
def test_each_list_has_different_entries(name: str) -> None:
    places = password_lists._places(name)
    assert sorted(places.values()) == list(range(len(places)))
    assert len(places) > 20


@given(st.permutations(range(12)))
def test_the_correlation_is_spearmans(order: list[int]) -> None:
    mean = (len(order) - 1) / 2
    covariance = sum((place - mean) * (value - mean) for place, value in enumerate(order))
    variance = sum((place - mean) ** 2 for place in range(len(order)))
    assert spearman(order) == pytest.approx(covariance / variance)


def test_a_digest_is_the_same_everywhere() -> None:
    assert short_digest("123456") == short_digest("123456")
    assert len(short_digest("\udcff")) == 4


@pytest.mark.parametrize(
    ("user", "secret"),
    [("git", "P@ssw0rd1!"), ("pi", "raspberry"), ("oracle", "root123"), ("backup", "changeme"), ("kim", "kim2024")],
)
def test_common_words_are_guessable_as_people_vary_them(user: str, secret: str) -> None:
    assert is_guessable(user, secret)


@pytest.mark.parametrize("secret", ["gavela!58", "own-7-of-mine", "yonder239", "82746194", ""])
def test_what_is_no_common_word_is_not_guessable(secret: str) -> None:
    assert not is_guessable("oracle", secret)
