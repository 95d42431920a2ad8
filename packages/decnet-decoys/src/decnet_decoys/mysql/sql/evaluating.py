# SPDX-License-Identifier: MIT
"""What expressions are worth: for a row, or for a group of rows."""

import math
import uuid
from collections.abc import Callable, Sequence
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import cmp_to_key
from secrets import token_bytes as random_bytes
from typing import Any, Final, NamedTuple

from decnet_decoys.errors import DecoysError
from decnet_decoys.mysql.catalogue import Failed, Visitor
from decnet_decoys.mysql.expressions import like, loaded_file, variable
from decnet_decoys.mysql.functions.dates import now_as
from decnet_decoys.mysql.functions.intervals import shifted
from decnet_decoys.mysql.functions.moments import Moment, Temporal, clock_text, moment, time_of
from decnet_decoys.mysql.functions.patterns import WrongPatternError, matches
from decnet_decoys.mysql.sql.budget import sized, step
from decnet_decoys.mysql.sql.functions import AGGREGATES, FUNCTIONS, made_by
from decnet_decoys.mysql.sql.parsing import Node
from decnet_decoys.mysql.sql.values import MOST, Value, compared, number, raw, text, truth, within
from decnet_decoys.mysql.statements import syntax_error

MOST_VARIABLES: Final = 64
"""Of a session."""
_SMALLEST, _LARGEST = -200, 64
"""Decimal exponents of the numbers that are computed with."""
_PATTERN_STEPS: Final = 1000
_LONGEST_JOINED: Final = 1 << 16
"""Characters that GROUP_CONCAT makes; the real server's limit (group_concat_max_len) is sixteen times that."""
_SLEEP_SECONDS: Final = 60.0
_BENCHMARK: Final = 1e-7
"""Seconds that a round of BENCHMARK takes on a real server."""


class StatementError(DecoysError):
    """A statement fails with an error of the server."""

    def __init__(self, code: int, state: str, message: str) -> None:
        super().__init__(message)
        self.failed = Failed(code, state, message)


class Origin(NamedTuple):
    """Where a column of the rows comes from."""

    name: str
    table: str
    """Its name, or alias, in the statement."""
    database: str = ""
    stored: Any = None
    """The ColumnDefinition; None for one that is computed."""
    real_table: str = ""
    described: Any = None
    """The Column of a computed one."""


def clause(visitor: Visitor, name: str) -> str:
    """Return how a server's errors name a clause: MariaDB has called them as they are written since lately."""
    return _CLAUSES.get(name, name) if visitor.catalogue.names_clauses else name


_CLAUSES: Final = {
    "SELECT": "field list",
    "INSERT INTO": "field list",
    "UPDATE": "field list",
    "WHERE": "where clause",
    "ON": "on clause",
    "ORDER BY": "order clause",
}


class Scope:
    """What the names in expressions mean."""

    def __init__(self, visitor: Visitor, columns: Sequence[Origin] = (), parameters: Sequence[Value] = ()) -> None:
        self.visitor = visitor
        self.columns = columns
        self.parameters = parameters
        self.where = "SELECT"
        self.run: Callable[[Any, Scope], tuple[Sequence[Any], list[tuple[Value, ...]]]] | None = None
        self.warnings = 0
        self._places: dict[tuple[str, ...], int] = {}
        self._patterns: dict[str, Callable[[str], bool]] = {}

    def parameter(self, place: int) -> Value:
        """Return a parameter of the statement that is executed; NULL where it has none."""
        return self.parameters[place] if place < len(self.parameters) else None

    def matching(self, pattern: str) -> Callable[[str], bool]:
        """Return what matches a pattern of LIKE, made once, for that takes long."""
        found = self._patterns.get(pattern)
        if found is None:
            step(_PATTERN_STEPS)
            found = self._patterns[pattern] = like(pattern)
        return found

    def place(self, parts: tuple[str, ...]) -> int:
        """Return which column a name means; raises StatementError."""
        known = self._places.get(parts)
        if known is not None:
            return known
        step(1 + len(self.columns) // 2)
        name, table = parts[-1].lower(), parts[-2].lower() if len(parts) > 1 else ""
        found = [
            index
            for index, one in enumerate(self.columns)
            if one.name.lower() == name and (not table or one.table.lower() == table)
        ]
        if not found:
            if table and not self.columns:
                raise StatementError(
                    1109, "42S02", f"Unknown table '{parts[-2]}' in {clause(self.visitor, self.where)}"
                )
            raise StatementError(
                1054, "42S22", f"Unknown column '{'.'.join(parts)}' in '{clause(self.visitor, self.where)}'"
            )
        if len(found) > 1 and len({self.columns[index].table for index in found}) > 1:
            raise StatementError(
                1052, "23000", f"Column '{'.'.join(parts)}' in {clause(self.visitor, self.where)} is ambiguous"
            )
        self._places[parts] = found[0]
        return found[0]


Row = tuple[Value, ...]


def value(node: Node, scope: Scope, row: Row = (), group: Sequence[Row] | None = None) -> Value:
    """Return what an expression is worth; raises StatementError."""
    step()
    return _OPERATIONS.get(node.op, _unknown)(node, scope, row, group)


def _unknown(node: Node, _scope: Scope, _row: Row, _group: Sequence[Row] | None) -> Value:
    raise StatementError(1235, "42000", f"This version of MariaDB doesn't yet support '{node.op}'")


def _number(node: Node, *_: Any) -> Value:
    word = node.args[0]
    if "e" in word.lower():
        return within(float(word))
    return Decimal(word[:80]) if "." in word else int(word[:80])


def _hex(node: Node, *_: Any) -> Value:
    word = node.args[0]
    step(len(word) // 1024)
    if word[:2] == "0x":
        digits = word[2:]
        return bytes.fromhex(digits if len(digits) % 2 == 0 else "0" + digits)
    if word[0] in "xX":
        return bytes.fromhex(word[2:-1])
    bits = word[2:].rstrip("'")[:512]
    return int(bits or "0", 2).to_bytes(max(1, (len(bits) + 7) // 8), "big")


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


def remember(visitor: Visitor, name: str, made: Value) -> None:
    """Set a variable of the session, if there is room."""
    known = visitor.variables
    if (name in known or len(known) < MOST_VARIABLES) and (not isinstance(made, str | bytes) or len(made) <= MOST):
        known[name] = made


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
        raise _wrong_pattern(error) from error


def _wrong_pattern(error: WrongPatternError) -> StatementError:
    return StatementError(1139, "42000", f"Regex error '{error}'")


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
        rows = _inner_rows(inner, scope)
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


def _inner_rows(select: Any, scope: Scope) -> list[Row]:
    if scope.run is None:
        return []
    _, rows = scope.run(select, scope)
    return rows


def _subquery(node: Node, scope: Scope, _row: Row, _group: Sequence[Row] | None) -> Value:
    rows = _inner_rows(node.args[0], scope)
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
    try:
        made = _COMPUTED[op](left, right)
    except (ArithmeticError, ValueError):
        made = None
    if not _in_range(made):
        kind = {float: "DOUBLE", Decimal: "DECIMAL"}.get(type(left), "BIGINT")
        raise StatementError(1690, "22003", f"{kind} value is out of range in '{node.text[:128]}'")
    result: Value = made
    return result


def _in_range(made: Value) -> bool:
    if isinstance(made, int):
        return -(1 << 63) <= made < 1 << 64
    if isinstance(made, Decimal):
        return _SMALLEST <= made.adjusted() <= _LARGEST
    return isinstance(made, float) and math.isfinite(made)


def _divided(left: Any, right: Any) -> Any:
    if isinstance(left, float):
        return left / right
    exact = Decimal(left) / Decimal(right)
    exponent = left.as_tuple().exponent if isinstance(left, Decimal) else 0
    places = 4 + (max(0, -exponent) if isinstance(exponent, int) else 0)
    return exact.quantize(Decimal(1).scaleb(-min(places, 30)))


def _remainder(left: Any, right: Any) -> Any:
    made = abs(left) % abs(right)
    return made if left >= 0 else -made


_COMPUTED: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "/": _divided,
    "%": _remainder,
    "DIV": lambda left, right: int(Decimal(left) / Decimal(right)),
    "|": lambda left, right: int(left) | int(right),
    "&": lambda left, right: int(left) & int(right),
    "^": lambda left, right: int(left) ^ int(right),
    "<<": lambda left, right: int(left) << int(right) & (1 << 64) - 1 if 0 <= right < 64 else 0,
    ">>": lambda left, right: int(left) >> int(right) if 0 <= right < 64 else 0,
}


def _negative(node: Node, scope: Scope, row: Row, group: Sequence[Row] | None) -> Value:
    found = value(node.args[0], scope, row, group)
    return None if found is None else 0 - number(found)


def _inverted(node: Node, scope: Scope, row: Row, group: Sequence[Row] | None) -> Value:
    found = value(node.args[0], scope, row, group)
    return None if found is None else ~int(number(found)) & (1 << 64) - 1


def is_aggregate(node: Any) -> bool:
    """Return whether an expression is about a group of rows."""
    if isinstance(node, Node):
        step()
        if node.op == "call" and node.args[0].lower() in AGGREGATES and not node.args[2]:
            return True
        return node.op not in ("subquery", "exists") and any(map(is_aggregate, node.args))
    return isinstance(node, list | tuple) and any(map(is_aggregate, node))


def _call(node: Node, scope: Scope, row: Row, group: Sequence[Row] | None) -> Value:
    name, args, database, distinct = node.args
    lowered = name.lower()
    if lowered in AGGREGATES and not database and group is not None:
        return _aggregated(lowered, args, scope, group, distinct=distinct)
    if not database and lowered in FUNCTIONS:
        function = FUNCTIONS[lowered]
        if not function.least <= len(args) <= function.most:
            raise _wrong_count(name)
        given = [value(one, scope, row, group) for one in args]
        if function.strict and None in given:
            return None
        try:
            return made_by(lowered, given)
        except WrongPatternError as error:
            raise _wrong_pattern(error) from error
    if not database and lowered in ("cast", "convert") and len(args) == 2:
        return _cast(value(args[0], scope, row, group), args[1])
    if not database and lowered in _OF_SESSION:
        least, most, made = _OF_SESSION[lowered]
        if not least <= len(args) <= most:
            raise _wrong_count(name)
        return made(scope, [value(one, scope, row, group) for one in args])
    if not database and lowered in scope.visitor.catalogue.functions:
        given = [value(one, scope, row, group) for one in args]
        scope.visitor.commands.append(text(given[0]) if given and given[0] is not None else "")
        return 0 if lowered.endswith("exec") else None
    raise _no_function(scope.visitor, name, database)


def _wrong_count(name: str) -> StatementError:
    return StatementError(1582, "42000", f"Incorrect parameter count in the call to native function '{name}'")


def _no_function(visitor: Visitor, name: str, database: str) -> StatementError:
    place = database or visitor.database
    return StatementError(1305, "42000", f"FUNCTION {place + '.' if place else ''}{name[:64]} does not exist")


def _aggregated(name: str, args: Sequence[Node], scope: Scope, group: Sequence[Row], *, distinct: bool) -> Value:
    if name == "group_concat":
        return _joined(args, scope, group, distinct=distinct)
    if len(args) != 1:
        raise _wrong_count(name)
    if args[0].op == "star":
        return len(group)
    found = [one for one in (value(args[0], scope, row) for row in group) if one is not None]
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


def _joined(args: Sequence[Node], scope: Scope, group: Sequence[Row], *, distinct: bool) -> Value:
    """Return GROUP_CONCAT: what several expressions come to in each row, sorted, with a separator between."""
    parts = [one for one in args if one.op not in ("order", "separator")]
    between = next((one.args[0] for one in args if one.op == "separator"), ",")
    rows = list(group)
    for by in reversed([one for one in args if one.op == "order"]):
        rows = _sorted(rows, [value(by.args[0], scope, row) for row in rows], descends=by.args[1])
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


def _sorted(rows: Sequence[Row], keys: Sequence[Value], *, descends: bool) -> list[Row]:
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


def _cast(given: Value, kind: str) -> Value:
    """Return a value as another kind, such as signed, or datetime(3)."""
    if given is None:
        return None
    kind, _, digits = kind.rstrip(")").partition("(")
    if kind in ("signed", "unsigned", "int", "integer"):
        found = int(number(given))
        return found & (1 << 64) - 1 if kind == "unsigned" else found
    if kind in ("decimal", "double", "float"):
        return _cast_exactly(number(given), digits) if kind == "decimal" else number(given)
    if kind in ("date", "datetime", "time"):
        return _cast_in_time(given, kind, min(6, int(digits)) if digits.isdecimal() else 0)
    size = int(digits) if digits.isdecimal() else None
    return raw(given)[:size] if kind == "binary" else text(given)[:size]


def _cast_exactly(given: int | float | Decimal, digits: str) -> Value:
    """Return a number with as many digits behind the point as DECIMAL(10, 2) names."""
    places = digits.partition(",")[2]
    exact = Decimal(str(given))
    try:
        return exact.quantize(Decimal(1).scaleb(-min(30, int(places or 0))), ROUND_HALF_UP)
    except InvalidOperation:
        return exact


def _cast_in_time(given: Value, kind: str, places: int) -> Value:
    if kind == "time":
        clock = time_of(given)
        return None if clock is None else clock_text(clock[0], places)
    at = moment(given, whole=False)
    if at is None:
        return None
    return at.date if kind == "date" else at._replace(places=places).shown


def _slept(scope: Scope, given: Sequence[Value]) -> Value:
    seconds = float(number(given[0])) if given[0] is not None else 0.0
    scope.visitor.delay = min(_SLEEP_SECONDS, scope.visitor.delay + max(0.0, seconds))
    return 0


def _benchmarked(scope: Scope, given: Sequence[Value]) -> Value:
    rounds = float(number(given[0])) if given[0] is not None else 0.0
    scope.visitor.delay = min(_SLEEP_SECONDS, scope.visitor.delay + max(0.0, rounds * _BENCHMARK))
    return 0


def _x_path(place: int) -> Callable[[Scope, Sequence[Value]], Value]:
    def made(_scope: Scope, given: Sequence[Value]) -> Value:
        if any(one is None for one in given):
            return None
        path = text(given[place])
        if path[:1].isalpha() or path[:1] in ("/", "."):
            return text(given[0]) if place == 1 and len(given) == 3 else ""
        raise StatementError(1105, "HY000", f"XPATH syntax error: '{path[:31]}'")

    return made


def _now(kind: Callable[[Moment], Temporal]) -> Callable[[Scope, Sequence[Value]], Value]:
    return lambda _scope, given: now_as(kind, given)


def _alone(_node: Node, scope: Scope, _row: Row, _group: Sequence[Row] | None) -> Value:
    raise StatementError(*syntax_error(scope.visitor, ""))


def _shift(node: Node, scope: Scope, row: Row, group: Sequence[Row] | None) -> Value:
    base, amount, unit, sign = node.args
    return shifted(value(base, scope, row, group), value(amount, scope, row, group), unit, sign)


def _who(scope: Scope, _given: Sequence[Value]) -> Value:
    return f"{scope.visitor.user}@{scope.visitor.address}"


def _where(scope: Scope, _given: Sequence[Value]) -> Value:
    return scope.visitor.database or None


_OF_SESSION: Final[dict[str, tuple[int, int, Callable[[Scope, Sequence[Value]], Value]]]] = {
    "version": (0, 0, lambda scope, _: scope.visitor.catalogue.profile.version),
    "user": (0, 0, _who),
    "session_user": (0, 0, _who),
    "system_user": (0, 0, _who),
    "current_user": (0, 0, lambda scope, _: f"{scope.visitor.user}@%"),
    "current_role": (0, 0, lambda _scope, _: None),
    "database": (0, 0, _where),
    "schema": (0, 0, _where),
    **dict.fromkeys(("now", "sysdate", "current_timestamp", "localtime", "localtimestamp", "utc_timestamp"),
                    (0, 1, _now(lambda at: at.shown))),
    **dict.fromkeys(("curdate", "current_date", "utc_date"), (0, 0, _now(lambda at: at.date))),
    **dict.fromkeys(("curtime", "current_time", "utc_time"),
                    (0, 1, _now(lambda at: clock_text(at.of_day, at.places)))),
    "uuid_short": (0, 0, lambda _scope, _: uuid.uuid4().int >> 70),
    "get_lock": (2, 2, lambda _scope, _: 1),
    "release_lock": (1, 1, lambda _scope, _: 1),
    "is_free_lock": (1, 1, lambda _scope, _: 1),
    "is_used_lock": (1, 1, lambda _scope, _: None),
    "release_all_locks": (0, 0, lambda _scope, _: 0),
    "random_bytes": (1, 1, lambda _scope, given: random_bytes(max(0, min(1024, int(number(given[0] or 0)))))),
    "uuid": (0, 0, lambda _scope, _: str(uuid.uuid1())),
    "connection_id": (0, 0, lambda scope, _: scope.visitor.number),
    "sleep": (1, 1, _slept),
    "benchmark": (2, 2, _benchmarked),
    "last_insert_id": (0, 1, lambda scope, _: scope.visitor.insert_id),
    "row_count": (0, 0, lambda scope, _: scope.visitor.row_count),
    "found_rows": (0, 0, lambda scope, _: scope.visitor.found_rows),
    "load_file": (1, 1, lambda scope, given: None if given[0] is None else loaded_file(scope.visitor, text(given[0]))),
    "extractvalue": (2, 2, _x_path(1)),
    "updatexml": (3, 3, _x_path(1)),
    "rand": (0, 1, lambda _scope, _: uuid.uuid4().int % 10**16 / 1e16),
    "pi": (0, 0, lambda _scope, _: 3.141593),
}  # fmt: skip
_OPERATIONS: Final[dict[str, Callable[[Node, Scope, Row, Sequence[Row] | None], Value]]] = {
    "number": _number,
    "hex": _hex,
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
    "binary": lambda node, scope, row, group: _cast(value(node.args[0], scope, row, group), "binary"),
    "shift": _shift,
    "interval": _alone,
    "exists": lambda node, scope, *_: int(bool(_inner_rows(node.args[0], scope))),
    **dict.fromkeys(("=", "<=>", "<>", "<", "<=", ">", ">="), _compare),
    **dict.fromkeys(_COMPUTED, _arithmetic),
}
