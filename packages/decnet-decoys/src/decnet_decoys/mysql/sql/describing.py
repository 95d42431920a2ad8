# SPDX-License-Identifier: MIT
"""How results describe their columns: type, length, flags and decimals, as MariaDB 10.11 gives them."""

from collections.abc import Callable, Sequence
from typing import Any, Final

from decnet_decoys.mysql.binary_protocol.values import parameter_column
from decnet_decoys.mysql.catalogue import SWITCHES
from decnet_decoys.mysql.functions import columns
from decnet_decoys.mysql.packets import Column
from decnet_decoys.mysql.sql.budget import step
from decnet_decoys.mysql.sql.evaluation.scopes import Origin, Scope
from decnet_decoys.mysql.sql.parsing import Node
from decnet_decoys.mysql.sql.tables import BINARY, NOT_NULL, UNSIGNED, described
from decnet_decoys.mysql.sql.values import Value, text

_LONG, _LONGLONG, _DOUBLE, _DECIMAL, _STRING, _NULL, _LONG_BLOB = 3, 8, 5, 246, 253, 6, 251
_NUMBERS: Final = frozenset((1, 2, 3, 8, 9))
_FIXED_TEXT: Final = {
    "md5": 128,
    "sha1": 160,
    "sha": 160,
    "password": 164,
    "old_password": 64,
    "uuid": 144,
    "user": 1536,
    "session_user": 1536,
    "system_user": 1536,
    "current_user": 1536,
    "database": 256,
    "schema": 256,
    "current_role": 512,
    "extractvalue": 1024,
    "updatexml": 1024,
}
_INTEGER_CALLS: Final = {
    "length": 10,
    "char_length": 10,
    "character_length": 10,
    "octet_length": 10,
    "bit_length": 10,
    "ascii": 3,
    "ord": 7,
    "sleep": 1,
    "benchmark": 1,
    "isnull": 1,
    "locate": 10,
    "instr": 10,
    "sign": 2,
    "strcmp": 2,
    "period_add": 6,
    "period_diff": 6,
}
_LONG_CALLS: Final = {"last_insert_id": (21, UNSIGNED), "row_count": (21, 0), "found_rows": (21, 0)}
_SAME_SIZE: Final = frozenset(("upper", "ucase", "lower", "lcase", "reverse", "trim", "ltrim", "rtrim", "replace"))
_BOOLEAN: Final = frozenset(
    (
        "=",
        "<=>",
        "<>",
        "<",
        "<=",
        ">",
        ">=",
        "and",
        "or",
        "xor",
        "not",
        "is",
        "like",
        "regexp",
        "between",
        "in",
        "exists",
    )
)


def text_column(name: str, size: int, *, nullable: bool = True) -> Column:
    return Column(name, size=size, flags=0 if nullable else NOT_NULL)


def integer_column(name: str, size: int, *, nullable: bool = True, kind: int = 0, flags: int = 0) -> Column:
    chosen = kind or (_LONG if size <= 10 else _LONGLONG)
    return Column(name, chosen, size, BINARY | flags | (0 if nullable else NOT_NULL), 0, text=False)


def of_origin(origin: Origin, name: str) -> Column:
    """Return the description of a column of a table."""
    if origin.stored is None:
        made: Column = origin.described
        return made._replace(
            name=name,
            schema=origin.database,
            table=origin.table,
            real_table=origin.real_table or made.real_table,
            origin=made.origin or (origin.name if origin.table else ""),
        )
    found = described(origin.stored)
    return Column(
        name,
        found.kind,
        found.size,
        found.flags,
        found.decimals,
        found.text,
        origin.database,
        origin.table,
        origin.real_table,
        origin.stored.name,
    )


def name_of(node: Node) -> str:
    """Return what a result calls an expression without an alias."""
    return str(node.args[0]) if node.op == "string" else node.args[-1] if node.op == "column" else node.text


def column(node: Node, scope: Scope, value: Value, name: str = "") -> Column:
    """Return how a result describes an expression that came to `value` in its first row."""
    step(2)
    name = (name or name_of(node))[:255]
    if node.op == "column":
        return of_origin(scope.columns[scope.place(node.args)], name)
    made = _MADE.get(node.op)
    if made is not None:
        return made(node, scope, value, name)
    if node.op in _BOOLEAN:
        return integer_column(name, 1, nullable=node.op != "is" and any(_nullable(one, scope) for one in _parts(node)))
    return _by_value(value, name)


def _parts(node: Node) -> list[Node]:
    found: list[Node] = []
    for one in node.args:
        found += (
            [one]
            if isinstance(one, Node)
            else [each for each in one if isinstance(each, Node)]
            if isinstance(one, list)
            else []
        )
    return found


def _nullable(node: Node, scope: Scope) -> bool:
    if node.op in ("hex", "string", "number", "true", "false"):
        return False
    return not column(node, scope, None).flags & NOT_NULL


def _by_value(value: Value, name: str) -> Column:
    if value is None:
        return Column(name, _NULL, 0, BINARY, 0, text=False)
    if isinstance(value, int):
        return integer_column(name, max(1, len(str(value))))
    if isinstance(value, float):
        return Column(name, _DOUBLE, 23, BINARY, 31, text=False)
    return text_column(name, 4 * len(text(value)))


def _number(node: Node, _scope: Scope, _value: Value, name: str) -> Column:
    word = node.args[0]
    if "e" in word.lower():
        return Column(name, _DOUBLE, len(word), BINARY | NOT_NULL, 31, text=False)
    if "." in word:
        digits, _, places = word.partition(".")
        return Column(name, _DECIMAL, len(digits) + len(places) + 2, BINARY | NOT_NULL, len(places), text=False)
    flags = UNSIGNED if len(word) > 10 and int(word[:80]) >= 1 << 63 else 0
    return integer_column(name, len(word), nullable=False, flags=flags)


def _hex(_node: Node, _scope: Scope, value: Value, name: str) -> Column:
    size = len(value) if isinstance(value, bytes) else 0
    return Column(name, _STRING, size, BINARY | UNSIGNED | NOT_NULL, 0, text=False)


def _variable(node: Node, scope: Scope, _value: Value, name: str) -> Column:
    value = scope.visitor.variables.get(node.args[0])
    if value is None or isinstance(value, bytes):
        return Column(name, _LONG_BLOB, 1 << 24, BINARY, text=False)
    if isinstance(value, int):
        return integer_column(name, 20, kind=_LONGLONG)
    return Column(name, _LONG_BLOB, 67108860) if isinstance(value, str) else _by_value(value, name)


def _system(node: Node, _scope: Scope, value: Value, name: str) -> Column:
    if isinstance(value, int):
        if node.args[0].rpartition(".")[2].lower() in SWITCHES:
            return integer_column(name, 1, kind=_LONGLONG)
        return integer_column(name, 21, kind=_LONGLONG, flags=UNSIGNED)
    return text_column(name, 4 * len(text(value)) if value is not None else 0)


def _parameter(node: Node, scope: Scope, _value: Value, name: str) -> Column:
    place, kinds = node.args[0], scope.visitor.parameter_kinds
    given = scope.parameter(place)
    if place < len(kinds) and (sent := parameter_column(name, kinds[place], given)) is not None:
        return sent
    if isinstance(given, int):
        return integer_column(name, 20, nullable=False, kind=_LONGLONG)
    return _by_value(given, name) if given is None else text_column(name, 4 * len(text(given)), nullable=False)


def _precision(one: Column, node: Node) -> int:
    literal = node.op in ("number", "true", "false")
    if one.kind == _DECIMAL:
        return one.size - 1 - bool(one.decimals)
    return one.size if literal or one.size == 1 else one.size - 1


def _operand(node: Node, scope: Scope) -> Column:
    """Return the description of what an operator or a function takes; a parameter of it may be NULL."""
    made: Column = column(node, scope, None)
    return made._replace(flags=made.flags & ~NOT_NULL) if node.op == "parameter" else made


def _arithmetic(node: Node, scope: Scope, _value: Value, name: str) -> Column:  # noqa: PLR0911
    left, right = (_operand(one, scope) for one in node.args)
    if any(one.op == "parameter" and scope.parameter(one.args[0]) is None for one in node.args):
        return Column(name, _DOUBLE, 17, BINARY, 0, text=False)  # of which the kind is not known yet
    nullable = not (left.flags & right.flags & NOT_NULL)
    if _DOUBLE in (left.kind, right.kind) or _STRING in (left.kind, right.kind) or 252 in (left.kind, right.kind):
        return Column(name, _DOUBLE, 23, BINARY | (0 if nullable else NOT_NULL), 31, text=False)
    one, two = _precision(left, node.args[0]), _precision(right, node.args[1])
    if node.op == "/":
        places = min(30, left.decimals + 4)
        return Column(name, _DECIMAL, one + 4 + 2 + right.decimals, BINARY, places, text=False)
    if _DECIMAL in (left.kind, right.kind):
        places = left.decimals + right.decimals if node.op == "*" else max(left.decimals, right.decimals)
        size = one + two if node.op == "*" else max(one - left.decimals, two - right.decimals) + 1 + places
        return Column(
            name, _DECIMAL, size + 1 + bool(places), BINARY | (0 if nullable else NOT_NULL), places, text=False
        )
    if node.op == "DIV":
        return integer_column(name, max(1, left.size))
    if node.op == "%":
        return integer_column(name, max(one, two) + 1)
    if left.kind == _LONGLONG and left.size >= 20:
        return integer_column(name, 21, nullable=nullable)
    size = one + two if node.op == "*" else max(one, two) + 1
    return integer_column(name, size + 1, nullable=nullable)


def _negative(node: Node, scope: Scope, _value: Value, name: str) -> Column:
    inner = column(node.args[0], scope, None)
    return inner._replace(name=name, size=inner.size + 1, schema="", table="", real_table="", origin="")


def _agreed(nodes: Sequence[Node], scope: Scope, name: str, *, nullable: bool) -> Column:
    """Return the description of what may be any of several expressions."""
    found = [column(one, scope, None) for one in nodes]
    typed = [one for one in found if one.kind != _NULL]
    if not typed:
        return Column(name, _NULL, 0, BINARY, 0, text=False)
    if all(one.kind in _NUMBERS for one in typed):
        size = max(
            one.size + (1 if node.op == "number" or one.size == 1 else 0)
            for one, node in zip(found, nodes, strict=True)
            if one.kind != _NULL
        )
        return integer_column(name, size, nullable=nullable)
    return text_column(
        name, max(one.size if one.kind not in _NUMBERS else 4 * one.size for one in typed), nullable=nullable
    )


def _case(node: Node, scope: Scope, _value: Value, name: str) -> Column:
    _, branches, otherwise = node.args
    results = [then for _, then in branches] + ([otherwise] if otherwise is not None else [])
    nullable = otherwise is None or any(_nullable(one, scope) for one in results)
    return _agreed(results, scope, name, nullable=nullable)


def _call(node: Node, scope: Scope, value: Value, name: str) -> Column:  # noqa: C901, PLR0911, PLR0912
    called, args = node.args[0].lower(), node.args[1]
    given = [_operand(one, scope) if isinstance(one, Node) and one.op != "star" else None for one in args]
    first = given[0] if given else None
    some_null = any(one is not None and not one.flags & NOT_NULL for one in given)
    dated = _of_time(called, args, given, value, name)
    if dated is not None:
        return dated
    if called == "count":
        return integer_column(name, 21, nullable=False, kind=_LONGLONG)
    if called in ("min", "max") and first is not None:
        flags = first.flags & ~(NOT_NULL | 0x5202) | (BINARY if not first.text else 0)
        return first._replace(name=name, flags=flags, schema="", table="", real_table="", origin="")
    if called in ("sum", "avg") and first is not None:
        if first.kind in _NUMBERS or first.kind == _DECIMAL:
            size = first.size + 22 if called == "sum" else first.size + 5
            return Column(name, _DECIMAL, size, BINARY, first.decimals + (0 if called == "sum" else 4), text=False)
        return Column(name, _DOUBLE, 23, BINARY, 31, text=False)
    if called in _INTEGER_CALLS:
        nullable = some_null and called not in ("sleep", "benchmark", "isnull")
        return integer_column(name, _INTEGER_CALLS[called], nullable=nullable)
    if called in _LONG_CALLS:
        size, flags = _LONG_CALLS[called]
        return integer_column(name, size, nullable=False, kind=_LONGLONG, flags=flags)
    if called == "crc32":
        return integer_column(name, 10, nullable=some_null, flags=UNSIGNED)
    if called == "connection_id":
        return integer_column(name, 10, nullable=False, flags=UNSIGNED)
    if called in _FIXED_TEXT:
        return text_column(name, _FIXED_TEXT[called])
    if called == "version":
        return text_column(name, 4 * len(text(value or "")), nullable=False)
    if called in ("load_file", "aes_encrypt"):
        return Column(name, _LONG_BLOB, 1 << 24, BINARY, text=False)
    if called in ("if", "ifnull", "coalesce", "nullif"):
        chosen = args[1:] if called == "if" else args[:1] if called == "nullif" else args
        sure = [_nullable(one, scope) for one in chosen]
        return _agreed(chosen, scope, name, nullable=any(sure) if called in ("if", "nullif") else all(sure))
    if first is None:
        return _by_value(value, name)
    return _of_text(called, args, first, given, value, name)


def _of_time(
    called: str, args: Sequence[Any], given: Sequence[Column | None], value: Value, name: str
) -> Column | None:
    """Return the description of what a function of dates and times makes; None of others."""
    if called == "extract":
        return columns.of_extract(args[0].args[0], name)
    if called in ("cast", "convert") and args[-1].partition("(")[0] in ("date", "time", "datetime"):
        return columns.of_call(args[-1].partition("(")[0], None, None, value, name)
    last = args[-1] if args else None
    form = last.args[0] if len(args) > 1 and isinstance(last, Node) and last.op == "string" else None
    return columns.of_call(called, form, given[-1] if given else None, value, name)


def _shift(node: Node, scope: Scope, value: Value, name: str) -> Column:
    return columns.of_shift(column(node.args[0], scope, None), node.args[2], value, name)


def _of_text(  # noqa: C901, PLR0911, PLR0917
    called: str, args: Sequence[Node], first: Column, given: Sequence[Column | None], value: Value, name: str
) -> Column:
    size = first.size if first.text else 4 * first.size
    literal = [
        int(one.args[0][:9]) if isinstance(one, Node) and one.op == "number" and one.args[0].isdecimal() else None
        for one in args
    ]
    if called in _SAME_SIZE:
        return text_column(name, size)
    if called == "concat":
        return text_column(name, sum(one.size if one.text else 4 * one.size for one in given if one is not None))
    if called in ("substring", "substr", "mid", "left", "right") and literal[-1] is not None:
        return text_column(name, min(size, 4 * literal[-1]))
    if called == "repeat" and literal[-1] is not None:
        return text_column(name, size * literal[-1])
    if called == "hex":
        if first.size * 8 > 1 << 24:
            return Column(name, _LONG_BLOB, 4294967295, 0, 0)
        return Column(name, _STRING, first.size * 8, 0, 0)
    if called == "unhex":
        return Column(name, _STRING, (first.size + 1) // 2, BINARY, 0, text=False)
    if called == "char":
        return Column(name, _STRING, 4 * len(args), BINARY, text=False)
    if called == "sha2":
        return text_column(name, (literal[1] or 256) if len(literal) > 1 else 256)
    if called == "to_base64":
        return text_column(name, (first.size + 2) // 3 * 16)
    if called == "from_base64":
        return Column(name, _STRING, (first.size + 3) // 4 * 3, BINARY, text=False)
    if called == "exp":
        return Column(name, _DOUBLE, 23, BINARY, 31, text=False)
    return _by_value(value, name)


_MADE: Final[dict[str, Callable[[Node, Scope, Value, str], Column]]] = {
    "number": _number,
    "hex": _hex,
    "variable": _variable,
    "system": _system,
    "negative": _negative,
    "case": _case,
    "call": _call,
    "shift": _shift,
    "string": lambda node, _scope, _value, name: text_column(name, 4 * len(node.args[0]), nullable=False),
    "true": lambda _node, _scope, _value, name: integer_column(name, 5, nullable=False),
    "false": lambda _node, _scope, _value, name: integer_column(name, 5, nullable=False),
    "parameter": _parameter,
    "assign": lambda node, scope, value, name: column(node.args[1], scope, value, name),
    "subquery": lambda _node, _scope, value, name: _by_value(value, name),
    **dict.fromkeys(("+", "-", "*", "/", "%", "DIV"), _arithmetic),
}
