# SPDX-License-Identifier: MIT
from __future__ import annotations

import tracemalloc

import pytest
from tests.decnet_decoys.decky_host import outcome

from decnet_decoys.shell.budget import MAX_WORD
from decnet_decoys.shell.expansion.parameters import parameter

VARIABLES = {"x": "banana", "e": "", "p": "/usr/lib/a.tar.gz", "n[0]": "a", "n[1]": "b", "n[@]": "a b"}


@pytest.mark.parametrize(
    ("inner", "value"),
    [
        ("x", "banana"), ("nosuch", ""), ("#x", "6"), ("#nosuch", "0"), ("#n[@]", "2"), ("n[1]", "b"),
        ("x:-d", "banana"), ("nosuch:-d", "d"), ("e:-d", "d"), ("e-d", ""), ("nosuch-d", "d"),
        ("x:+s", "s"), ("e:+s", ""), ("e+s", "s"), ("nosuch+s", ""),
        ("p#*/", "usr/lib/a.tar.gz"), ("p##*/", "a.tar.gz"), ("p%.*", "/usr/lib/a.tar"), ("p%%.*", "/usr/lib/a"),
        ("p%nosuch", "/usr/lib/a.tar.gz"), ("x/an/AN", "bANana"), ("x//an/AN", "bANANa"),
        ("x//an", "ba"), ("x/", "banana"),
    ],
)  # fmt: skip
def test_parameters_are_expanded(inner: str, value: str) -> None:
    assert outcome(parameter(inner, VARIABLES, lambda word: word)) == value


def test_the_word_of_an_operator_is_expanded() -> None:
    assert outcome(parameter("nosuch:-w", VARIABLES, lambda word: word.upper())) == "W"


def test_a_value_is_bounded() -> None:
    assert len(outcome(parameter("x//a/b", {"x": "a" * (2 * MAX_WORD)}, lambda word: word))) == MAX_WORD
    assert len(outcome(parameter("x/a/" + "b" * MAX_WORD, {"x": "aa"}, lambda word: word))) == MAX_WORD


def test_a_replacement_does_not_grow_beyond_memory() -> None:
    variables = {"x": "a" * MAX_WORD}
    tracemalloc.start()
    assert len(outcome(parameter("x//a/" + "b" * 30_000, variables, lambda word: word))) == MAX_WORD
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 << 20
