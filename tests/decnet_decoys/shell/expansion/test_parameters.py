# SPDX-License-Identifier: MIT
from __future__ import annotations

import pytest

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
    assert parameter(inner, VARIABLES, lambda word: word) == value


def test_the_word_of_an_operator_is_expanded() -> None:
    assert parameter("nosuch:-w", VARIABLES, lambda word: word.upper()) == "W"


def test_a_value_is_bounded() -> None:
    assert len(parameter("x//a/b", {"x": "a" * (2 * MAX_WORD)}, lambda word: word)) == MAX_WORD
    assert len(parameter("x/a/" + "b" * MAX_WORD, {"x": "aa"}, lambda word: word)) == MAX_WORD
