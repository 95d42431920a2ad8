# SPDX-License-Identifier: MIT
from __future__ import annotations

from time import thread_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decnet_decoys.shell.expansion.arithmetic import ExpressionError, arithmetic, evaluate

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
        ("5 ** -1", None),
        ("2 ** 3 ** 2", 512),
        ("-2 ** 2", 4),
        ("0 && 1 / 0", 0),
        ("1 ? 2 : 1 / 0", 2),
        ("36#z + 64#_", 98),
        ("b + 1", 8),
        ("a * 2", 14),
        ("nosuch + 1", 1),
    ],
)
def test_precedence_bases_and_variables(text: str, value: int | None) -> None:
    assert arithmetic(text, {"a": "7", "b": "a", "c": "c"}) == value


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("1 + ", 'syntax error: operand expected (error token is "+ ")'),
        ("x x", 'syntax error in expression (error token is "x")'),
        ("1.5", 'syntax error: invalid arithmetic operator (error token is ".5")'),
        ("1 = 2", 'attempted assignment to non-variable (error token is "= 2")'),
        ("3 / 0", 'division by 0 (error token is "0")'),
        ("2 ** -1", 'exponent less than 0 (error token is "1")'),
        ("010 + 0b1", 'value too great for base (error token is "0b1")'),
        ("(1", 'missing `)\' (error token is "1")'),
        ("x **= 2", 'syntax error: operand expected (error token is "= 2")'),
    ],
)
def test_an_error_names_the_token_that_bash_names(text: str, complaint: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        evaluate(text, {}, lambda _name, _value: None)
    assert str(caught.value) == f"{text}: {complaint}"


def test_variables_that_stand_for_each_other_cost_a_bounded_time() -> None:
    variables = {"a": "+".join(["b"] * 500), "b": "+".join(["c"] * 500), "c": "+".join(["a"] * 500)}
    began = thread_time()
    assert arithmetic("a", variables) is None
    assert arithmetic("(" * 500 + "1" + ")" * 500, {}) is None
    assert arithmetic("-" * 1000 + "1", {}) is None
    assert thread_time() - began < 0.1


def test_dash_steps_nothing_and_takes_numbers_only() -> None:
    variables = {"x": "y", "y": "3"}
    assert evaluate("- -y", variables, variables.__setitem__, posix=True) == 3
    for text in ("y++", "2 ** 3", "x"):
        with pytest.raises(ExpressionError):
            evaluate(text, variables, variables.__setitem__, posix=True)


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
        ("x > 4 ? (x = 1) : (x = 2)", 1, "1"),
        ("0 && (x = 1)", 0, "5"),
        ("x++ + ++x", 12, "7"),
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
    with pytest.raises(ExpressionError):
        evaluate("x = 1 +", variables, variables.__setitem__)
    assert variables == {}
