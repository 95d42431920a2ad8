# SPDX-License-Identifier: MIT
"""What expressions are worth: for a row, or for a group of rows."""

from collections.abc import Callable, Sequence
from typing import Any, Final

from decnet_decoys.mysql.catalogue import Failed
from decnet_decoys.mysql.expressions import variable
from decnet_decoys.mysql.functions.intervals import shifted
from decnet_decoys.mysql.functions.patterns import WrongPatternError, matches
from decnet_decoys.mysql.sql.budget import sized, step
from decnet_decoys.mysql.sql.evaluation.aggregates import in_order, reduced
from decnet_decoys.mysql.sql.evaluation.arithmetic import COMPUTED, computed
from decnet_decoys.mysql.sql.evaluation.casting import cast
from decnet_decoys.mysql.sql.evaluation.failures import no_function, wrong_count, wrong_pattern
from decnet_decoys.mysql.sql.evaluation.literals import literal_bytes, literal_number
from decnet_decoys.mysql.sql.evaluation.scopes import Row, Scope, StatementError, remember
from decnet_decoys.mysql.sql.evaluation.session_functions import SESSION_FUNCTIONS
from decnet_decoys.mysql.sql.functions import AGGREGATES, FUNCTIONS, made_by
from decnet_decoys.mysql.sql.parsing import Node
from decnet_decoys.mysql.sql.values import Value, compared, number, text, truth, within
from decnet_decoys.mysql.statements import syntax_error

_LONGEST_JOINED: Final = 1 << 16
"""Characters that GROUP_CONCAT makes; the real server's limit (group_concat_max_len) is sixteen times that."""


def value(node: Node, scope: Scope, row: Row = (), group: Sequence[Row] | None = None) -> Value:
    """Return what an expression is worth; raises StatementError."""
    step()
    return _OPERATIONS.get(node.op, _unknown)(node, scope, row, group)


def _unknown(node: Node, _scope: Scope, _row: Row, _group: Sequence[Row] | None) -> Value:
    raise StatementError(1235, "42000", f"This version of MariaDB doesn't yet support '{node.op}'")


def _column(node: Node, scope: Scope, row: Row, group: Sequence[Row] | None) -> Value:
    place = scope.place(node.args)
    if group is not None and not row:
        return group[0][place] if group else None
    return row[place]


def _system(node: Node, scope: Scope, *_: Any) -> Value:
    found = variable(scope.visitor, "@@" + node.args[0])
    if isinstance(found, Failed):
        raise StatementError(*found)
    return int(found) if found is not None and found.isdecimal() else found


def _assign(node: Node, scope: Scope, row: Row, group: Sequence[Row] | None) -> Value:
    name, expression = node.args
    made = value(expression, scope, row, group)
    remember(scope.visitor, name, made)
    return made


def _logic(node: Node, scope: Scope, row: Row, group: Sequence[Row] | None) -> Value:
    """AND and OR of as many as stand beside each other."""
    decides, unknown = node.op == "or", False
    for one in node.args:
        found = truth(value(one, scope, row, group))
        if found is decides:
            return int(decides)
        unknown = unknown or found is None
    return None if unknown else int(not decides)


def _xor(node: Node, scope: Scope, row: Row, group: Sequence[Row] | None) -> Value:
    left, right = (truth(value(one, scope, row, group)) for one in node.args)
    return None if left is None or right is None else int(left != right)


def _not(node: Node, scope: Scope, row: Row, group: Sequence[Row] | None) -> Value:
    found = truth(value(node.args[0], scope, row, group))
    return None if found is None else int(not found)


def _compare(node: Node, scope: Scope, row: Row, group: Sequence[Row] | None) -> Value:
    left, right = (value(one, scope, row, group) for one in node.args)
    if node.op == "<=>":
        return int((left is None and right is None) or compared(left, right) == 0)
    order = compared(left, right)
    if order is None:
        return None
    return int(
        {"=": order == 0, "<>": order != 0, "<": order < 0, "<=": order <= 0, ">": order > 0, ">=": order >= 0}[node.op]
    )


def _is(node: Node, scope: Scope, row: Row, group: Sequence[Row] | None) -> Value:
    inner, kind, negated = node.args
    found = value(inner, scope, row, group)
    holds = found is None if kind == "NULL" else truth(found) is (kind == "TRUE")
    return int(holds != negated)


def _like(node: Node, scope: Scope, row: Row, group: Sequence[Row] | None) -> Value:
    left, right = (value(one, scope, row, group) for one in node.args[:2])
    if left is None or right is None:
        return None
    subject = text(left)[:4096]
    step(len(subject) // 32)
    return int(scope.matching(text(right)[:64])(subject) != node.args[2])


def _regexp(node: Node, scope: Scope, row: Row, group: Sequence[Row] | None) -> Value:
    left, right = (value(one, scope, row, group) for one in node.args[:2])
    if left is None or right is None:
        return None
    try:
        return int(matches(left, right) != node.args[2])
    except WrongPatternError as error:
        raise wrong_pattern(error) from error


def _between(node: Node, scope: Scope, row: Row, group: Sequence[Row] | None) -> Value:
    middle, low, high = (value(one, scope, row, group) for one in node.args[:3])
    one, two = compared(middle, low), compared(middle, high)
    return None if one is None or two is None else int((one >= 0 and two <= 0) != node.args[3])


def _in(node: Node, scope: Scope, row: Row, group: Sequence[Row] | None) -> Value:
    left, inner, negated = node.args
    found = value(left, scope, row, group)
    if isinstance(inner, list):
        others = [value(one, scope, row, group) for one in inner]
    else:
        rows = scope.subselect(inner)[1]
        if rows and len(rows[0]) != 1:
            raise StatementError(1241, "21000", "Operand should contain 1 column(s)")
        others = [one[0] for one in rows]
    if found is None:
        return None
    step(len(others))
    orders = [compared(found, one) for one in others]
    if 0 in orders:
        return int(not negated)
    return None if None in orders else int(negated)


def _subquery(node: Node, scope: Scope, _row: Row, _group: Sequence[Row] | None) -> Value:
    rows = scope.subselect(node.args[0])[1]
    if rows and len(rows[0]) != 1:
        raise StatementError(1241, "21000", "Operand should contain 1 column(s)")
    if len(rows) > 1:
        raise StatementError(1242, "21000", "Subquery returns more than 1 row")
    return rows[0][0] if rows else None


def _case(node: Node, scope: Scope, row: Row, group: Sequence[Row] | None) -> Value:
    subject, branches, otherwise = node.args
    against = value(subject, scope, row, group) if subject is not None else None
    for when, then in branches:
        found = value(when, scope, row, group)
        if truth(found) if subject is None else compared(against, found) == 0:
            return value(then, scope, row, group)
    return value(otherwise, scope, row, group) if otherwise is not None else None


def _arithmetic(node: Node, scope: Scope, row: Row, group: Sequence[Row] | None) -> Value:
    given = [value(one, scope, row, group) for one in node.args]
    if None in given:
        return None
    left, right = map(number, given)
    if isinstance(left, float) or isinstance(right, float):
        left, right = within(float(left)), within(float(right))
    op = node.op
    if op in ("/", "%", "DIV") and right == 0:
        scope.warnings += 1
        return None
    return computed(op, left, right, node.text)


def _negative(node: Node, scope: Scope, row: Row, group: Sequence[Row] | None) -> Value:
    found = value(node.args[0], scope, row, group)
    return None if found is None else 0 - number(found)


def _inverted(node: Node, scope: Scope, row: Row, group: Sequence[Row] | None) -> Value:
    found = value(node.args[0], scope, row, group)
    return None if found is None else ~int(number(found)) & (1 << 64) - 1


def _call(node: Node, scope: Scope, row: Row, group: Sequence[Row] | None) -> Value:
    name, args, database, distinct = node.args
    lowered = name.lower()
    if lowered in AGGREGATES and not database and group is not None:
        return _aggregated(lowered, args, scope, group, distinct=distinct)
    if not database and lowered in FUNCTIONS:
        function = FUNCTIONS[lowered]
        if not function.least <= len(args) <= function.most:
            raise wrong_count(name)
        given = [value(one, scope, row, group) for one in args]
        if function.strict and None in given:
            return None
        try:
            return made_by(lowered, given)
        except WrongPatternError as error:
            raise wrong_pattern(error) from error
    if not database and lowered in ("cast", "convert") and len(args) == 2:
        return cast(value(args[0], scope, row, group), args[1])
    if not database and lowered in SESSION_FUNCTIONS:
        least, most, made = SESSION_FUNCTIONS[lowered]
        if not least <= len(args) <= most:
            raise wrong_count(name)
        return made(scope, [value(one, scope, row, group) for one in args])
    if not database and lowered in scope.visitor.catalogue.functions:
        given = [value(one, scope, row, group) for one in args]
        scope.visitor.commands.append(text(given[0]) if given and given[0] is not None else "")
        return 0 if lowered.endswith("exec") else None
    raise no_function(scope.visitor, name, database)


def _aggregated(name: str, args: Sequence[Node], scope: Scope, group: Sequence[Row], *, distinct: bool) -> Value:
    if name == "group_concat":
        return _joined(args, scope, group, distinct=distinct)
    if len(args) != 1:
        raise wrong_count(name)
    if args[0].op == "star":
        return len(group)
    found = [one for one in (value(args[0], scope, row) for row in group) if one is not None]
    return reduced(name, found, distinct=distinct)


def _joined(args: Sequence[Node], scope: Scope, group: Sequence[Row], *, distinct: bool) -> Value:
    """Return GROUP_CONCAT: what several expressions come to in each row, sorted, with a separator between."""
    parts = [one for one in args if one.op not in ("order", "separator")]
    between = next((one.args[0] for one in args if one.op == "separator"), ",")
    rows = list(group)
    for by in reversed([one for one in args if one.op == "order"]):
        rows = in_order(rows, [value(by.args[0], scope, row) for row in rows], descends=by.args[1])
    found: list[str] = []
    for row in rows:
        given = [value(one, scope, row) for one in parts]
        if None not in given:
            for one in given:
                sized(one)
            found.append("".join(map(text, given)))
    if distinct:
        found = list(dict.fromkeys(found))
    return between.join(found)[:_LONGEST_JOINED] if found else None


def _alone(_node: Node, scope: Scope, _row: Row, _group: Sequence[Row] | None) -> Value:
    raise StatementError(*syntax_error(scope.visitor, ""))


def _shift(node: Node, scope: Scope, row: Row, group: Sequence[Row] | None) -> Value:
    base, amount, unit, sign = node.args
    return shifted(value(base, scope, row, group), value(amount, scope, row, group), unit, sign)


_OPERATIONS: Final[dict[str, Callable[[Node, Scope, Row, Sequence[Row] | None], Value]]] = {
    "number": literal_number,
    "hex": literal_bytes,
    "string": lambda node, *_: node.args[0],
    "null": lambda *_: None,
    "true": lambda *_: 1,
    "false": lambda *_: 0,
    "column": _column,
    "system": _system,
    "call": _call,
    "variable": lambda node, scope, *_: scope.visitor.variables.get(node.args[0]),
    "assign": _assign,
    "parameter": lambda node, scope, *_: scope.parameter(node.args[0]),
    "and": _logic,
    "or": _logic,
    "xor": _xor,
    "not": _not,
    "is": _is,
    "like": _like,
    "regexp": _regexp,
    "between": _between,
    "in": _in,
    "subquery": _subquery,
    "case": _case,
    "negative": _negative,
    "~": _inverted,
    "binary": lambda node, scope, row, group: cast(value(node.args[0], scope, row, group), "binary"),
    "shift": _shift,
    "interval": _alone,
    "exists": lambda node, scope, *_: int(bool(scope.subselect(node.args[0])[1])),
    **dict.fromkeys(("=", "<=>", "<>", "<", "<=", ">", ">="), _compare),
    **dict.fromkeys(COMPUTED, _arithmetic),
}
