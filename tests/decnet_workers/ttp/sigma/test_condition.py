# SPDX-License-Identifier: MIT
from __future__ import annotations

import re
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decnet_workers.ttp.sigma.condition import MAX_LENGTH, compiled, parse
from decnet_workers.ttp.sigma.errors import RuleError

NAMES = ["a", "b", "sel_one", "sel_two", "_hidden"]
MATCHERS = {name: (lambda chosen, name=name: name in chosen) for name in NAMES}

SIMPLE = st.recursive(
    st.sampled_from(["a", "b", "sel_one", "sel_two"]),
    lambda part: (
        st.tuples(part, st.sampled_from([" and ", " or "]), part).map("".join)
        | part.map(lambda one: f"not {one}")
        | part.map(lambda one: f"({one})")
    ),
    max_leaves=8,
)
WORDS = st.lists(
    st.sampled_from(
        [*NAMES, "and", "or", "not", "(", ")", "1", "all", "any", "of", "them", "sel_*", "*", "2", "|", "x"]
    )
).map(" ".join)


def holds(text: str, *chosen: str) -> bool:
    return compiled(parse(text, NAMES, 1), MATCHERS)(set(chosen))


@given(SIMPLE, st.sets(st.sampled_from(NAMES)))
def test_logic_is_that_of_python(text: str, chosen: set[str]) -> None:
    values = {name: name in chosen for name in NAMES}
    assert holds(text, *chosen) == eval(text, {}, values)


@given(WORDS | st.text())
def test_any_words_are_a_condition_or_refused(text: str) -> None:
    with suppress(RuleError):
        assert isinstance(compiled(parse(text, NAMES, 7), MATCHERS)({"a"}), bool)


@pytest.mark.parametrize(
    ("text", "chosen", "expected"),
    [
        ("a or b and sel_one", ["a"], True),
        ("a AND NOT b", ["a"], True),
        ("1 of sel_*", ["sel_two"], True),
        ("all of sel_*", ["sel_two"], False),
        ("all of sel_*", ["sel_one", "sel_two"], True),
        ("any of them", ["_hidden"], False),
        ("1 of _*", ["_hidden"], True),
        ("all of them", ["a", "b", "sel_one", "sel_two"], True),
        ("a and not 1 of sel_*", ["a"], True),
        ("not not a", ["a"], True),
    ],
)
def test_condition(text: str, chosen: list[str], expected: bool) -> None:
    assert holds(text, *chosen) is expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("sel_on", "did you mean 'sel_one'"),
        ("a b", "continues with 'b'"),
        ("(a", "ends where a name was expected"),
        ("(a b", "without its ')'"),
        ("a and", "ends where"),
        ("a | count() > 5", "correlation rule"),
        ("2 of them", "'2 of' is not Sigma"),
        ("1 of other_*", "names nothing"),
        ("(" * 100 + "a" + ")" * 100, "nested too deeply"),
        ("a or " * MAX_LENGTH + "a", "longer than"),
    ],
)
def test_refusal_says_what_is_wrong(text: str, words: str) -> None:
    with pytest.raises(RuleError, match=re.escape(words)):
        parse(text, NAMES, 1)


def test_a_very_long_condition_is_parsed_without_recursion() -> None:
    assert holds("not " * 900 + "a", "a")
    assert holds(" or ".join(["b"] * 500 + ["a"]), "a")
