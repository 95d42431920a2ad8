# SPDX-License-Identifier: MIT
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decnet_decoys.shell.expansion.arithmetic import arithmetic, evaluate

NUMBERS = st.integers(-(10**9), 10**9)


@given(NUMBERS, NUMBERS, st.sampled_from(["+", "-", "*", "&", "|", "^", "==", "!=", "<", ">", "<=", ">="]))
def test_operators_are_those_of_c(a: int, b: int, operator: str) -> None:
    assert arithmetic(f"({a}) {operator} ({b})", {}) == int(eval(f"({a}) {operator} ({b})"))


@given(NUMBERS, NUMBERS.filter(bool))
def test_division_truncates_and_the_remainder_fits(a: int, b: int) -> None:
    quotient, rest = arithmetic(f"({a}) / ({b})", {}), arithmetic(f"({a}) % ({b})", {})
    assert quotient is not None
    assert rest is not None
    assert quotient * b + rest == a
    assert abs(rest) < abs(b)
    assert rest == 0 or (rest < 0) == (a < 0)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 + 2 * 3", 7),
        ("(1 + 2) * 3", 9),
        ("2 ** 3 * 2", 16),
        ("1 << 2 + 1", 8),
        ("1 || 0 && 0", 1),
        ("!0 + 1", 2),
        ("- - 2", 2),
        ("0x1F + 010", 39),
        ("a + $", None),
        ("1 << 63", -(1 << 63)),
        ("1 << 64", 1),
        ("5 ** -1", 0),
        ("a * 2", 14),
        ("nosuch + 1", 1),
    ],
)
def test_precedence_bases_and_variables(text: str, value: int | None) -> None:
    assert arithmetic(text, {"a": "7"}) == value


@pytest.mark.parametrize("text", ["", "1 +", "1 / 0", "1 % 0", "(1", "1 1", "'a'", "1 = 2", "-" * 5000 + "1", "a b"])
def test_what_is_no_expression_has_no_value(text: str) -> None:
    assert arithmetic(text, {}) is None


@given(st.text(alphabet="0123456789ab+-*/%()<>!&|^~= ", max_size=60))
def test_any_text_has_a_64_bit_value_or_none(text: str) -> None:
    value = arithmetic(text, {"a": "3"})
    assert value is None or -(1 << 63) <= value < 1 << 63


@pytest.mark.parametrize(
    ("text", "value", "set_to"),
    [
        ("x = 3", 3, "3"),
        ("x += 4", 9, "9"),
        ("x -= 1 + 1", 3, "3"),
        ("x *= 2 + 1", 15, "15"),
        ("x <<= 2", 20, "20"),
        ("x **= 2", 25, "25"),
        ("x++", 5, "6"),
        ("x--", 5, "4"),
        ("++x", 6, "6"),
        ("--x", 4, "4"),
        ("x = 1, x", 1, "1"),
        ("x == 5", 1, "5"),
    ],
)
def test_let_computes_and_assigns(text: str, value: int, set_to: str) -> None:
    variables = {"x": "5"}
    assert evaluate(text, variables, variables.__setitem__) == value
    assert variables == {"x": set_to}


def test_let_assigns_nothing_that_has_no_value() -> None:
    variables: dict[str, str] = {}
    assert evaluate("x = 1 +", variables, variables.__setitem__) is None
    assert variables == {}
