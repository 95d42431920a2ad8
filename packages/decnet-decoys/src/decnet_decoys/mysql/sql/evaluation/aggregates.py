# SPDX-License-Identifier: MIT
"""What functions of groups make of the values in them: COUNT, SUM, AVG, MIN, MAX and the order of GROUP_CONCAT."""

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from functools import cmp_to_key
from typing import Any

from decnet_decoys.mysql.sql.budget import sized, step
from decnet_decoys.mysql.sql.evaluation.scopes import Row
from decnet_decoys.mysql.sql.functions import AGGREGATES, FUNCTIONS
from decnet_decoys.mysql.sql.parsing import Node
from decnet_decoys.mysql.sql.values import Value, compared, number, raw, within


def is_aggregate(node: Any) -> bool:
    """Return whether an expression is about a group of rows."""
    if isinstance(node, Node):
        step()
        if node.op == "call" and node.args[0].lower() in AGGREGATES and not node.args[2]:
            return True
        return node.op not in ("subquery", "exists") and any(map(is_aggregate, node.args))
    return isinstance(node, list | tuple) and any(map(is_aggregate, node))


def reduced(name: str, found: Sequence[int | float | str | bytes | Decimal], *, distinct: bool) -> Value:
    """Return what a function makes of values, of which none is NULL."""
    for one in found:
        sized(one)
    if distinct:
        found = list({raw(one): one for one in found}.values())
    if name == "count":
        return len(found)
    if not found:
        return None
    if name in ("min", "max"):
        return FUNCTIONS["least" if name == "min" else "greatest"].made(found)
    return _summed([number(one) for one in found], mean=name == "avg")


def in_order(rows: Sequence[Row], keys: Sequence[Value], *, descends: bool) -> list[Row]:
    """Return rows in the order of their keys."""
    step(2 * len(rows) * len(rows).bit_length())
    pairs = sorted(zip(keys, rows, strict=True), key=cmp_to_key(_order), reverse=descends)
    return [row for _, row in pairs]


def _order(left: tuple[Value, Row], right: tuple[Value, Row]) -> int:
    """Return which key comes later; NULL is the first."""
    one, two = left[0], right[0]
    if one is None or two is None:
        return int(one is not None) - int(two is not None)
    return compared(one, two) or 0


def _summed(numbers: Sequence[int | float | Decimal], *, mean: bool) -> Value:
    if any(isinstance(one, float) for one in numbers):
        total = within(sum(map(float, numbers)))
        return total / len(numbers) if mean else total
    exact = sum((Decimal(one) for one in numbers), Decimal(0))
    if not mean:
        return exact
    try:
        return (exact / len(numbers)).quantize(Decimal("0.0001"))
    except InvalidOperation:  # of more digits than there are places
        return exact / len(numbers)
