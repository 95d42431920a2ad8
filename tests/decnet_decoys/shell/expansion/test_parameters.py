# SPDX-License-Identifier: MIT
from __future__ import annotations

import tracemalloc

import pytest
from tests.decnet_decoys.decky_host import outcome

from decnet_decoys.shell.budget import MAX_WORD
from decnet_decoys.shell.effects import Steps
from decnet_decoys.shell.expansion.parameters import Context, ExpansionError, parameter

VARIABLES = {"q": "x", "x": "banana", "e": "", "p": "/usr/lib/a.tar.gz", "n[0]": "a", "n[1]": "b", "n[@]": "a b"}


def expanded(inner: str, variables: dict[str, str]) -> str:
    def same(word: str) -> Steps[str]:
        yield from ()
        return word

    return outcome(parameter(inner, Context(variables, same, variables.__setitem__)))


@pytest.mark.parametrize(
    ("inner", "value"),
    [
        ("x", "banana"), ("nosuch", ""), ("#x", "6"), ("#nosuch", "0"), ("#n[@]", "2"), ("n[1]", "b"),
        ("x:-d", "banana"), ("nosuch:-d", "d"), ("e:-d", "d"), ("e-d", ""), ("nosuch-d", "d"),
        ("x:+s", "s"), ("e:+s", ""), ("e+s", "s"), ("nosuch+s", ""),
        ("p#*/", "usr/lib/a.tar.gz"), ("p##*/", "a.tar.gz"), ("p%.*", "/usr/lib/a.tar"), ("p%%.*", "/usr/lib/a"),
        ("p%nosuch", "/usr/lib/a.tar.gz"), ("x/an/AN", "bANana"), ("x//an/AN", "bANANa"),
        ("x//an", "ba"), ("x/", "banana"),
        ("x:1:3", "ana"), ("x: -2", "na"), ("x:2", "nana"), ("x^", "Banana"), ("x^^", "BANANA"),
        ("p,,", "/usr/lib/a.tar.gz"),
        ("x//[an]/-", "b-----"), ("x/#ba/-", "-nana"), ("x/%na/-", "bana-"), ("x/a*n/-", "b-a"), ("!q", "banana"),
        ("n[0+1]", "b"), ("!n*", ""), ("#n[1]", "1"),
    ],
)  # fmt: skip
def test_parameters_are_expanded(inner: str, value: str) -> None:
    assert expanded(inner, dict(VARIABLES)) == value


def test_the_word_of_an_operator_is_expanded() -> None:
    def upper(word: str) -> Steps[str]:
        yield from ()
        return word.upper()

    assert outcome(parameter("nosuch:-w", Context(VARIABLES, upper, VARIABLES.__setitem__))) == "W"


def test_an_operator_assigns_or_complains() -> None:
    variables = dict(VARIABLES)
    assert expanded("new:=v", variables) == "v"
    assert variables["new"] == "v"
    with pytest.raises(ExpansionError, match=r"^new2: gone$"):
        expanded("new2:?gone", variables)
    with pytest.raises(ExpansionError, match="bad substitution"):
        expanded("x!y", variables)


def test_a_value_is_bounded() -> None:
    assert len(expanded("x//a/b", {"x": "a" * (2 * MAX_WORD)})) == MAX_WORD
    assert len(expanded("x/a/" + "b" * MAX_WORD, {"x": "aa"})) == MAX_WORD


def test_a_replacement_does_not_grow_beyond_memory() -> None:
    variables = {"x": "a" * MAX_WORD}
    tracemalloc.start()
    assert len(expanded("x//a/" + "b" * 30_000, variables)) == MAX_WORD
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 << 20
