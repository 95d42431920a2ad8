# SPDX-License-Identifier: MIT
"""Tables with rows: kinds of columns, what they hold of a value, and how the protocol describes them."""

import re
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Final, NamedTuple

import msgspec

from decnet_decoys.errors import DecoysError
from decnet_decoys.mysql.profile import Table
from decnet_decoys.mysql.sql.budget import sized, step
from decnet_decoys.mysql.sql.values import Value, number, raw, text

COLUMN_BYTES: Final = 400
ROW_BYTES: Final = 96
"""Memory that a row takes beside its values, of which each takes VALUE_BYTES more than its text."""
VALUE_BYTES: Final = 56
NOT_NULL, PRIMARY, UNSIGNED, PART_OF_KEY, AUTO, NO_DEFAULT = 0x1, 0x2, 0x20, 0x4000, 0x200, 0x1000
BLOB, BINARY, _ENUM = 0x10, 0x80, 0x100
_TEXTS: Final = {"tinytext": 255, "text": 65535, "mediumtext": 16777215, "longtext": 4294967295, "json": 4294967295}
_BLOBS: Final = {"tinyblob": 255, "blob": 65535, "mediumblob": 16777215, "longblob": 4294967295}
_INTEGERS: Final = {  # number in the protocol, digits shown, bits
    "tinyint": (1, 4, 8),
    "smallint": (2, 6, 16),
    "mediumint": (9, 9, 24),
    "int": (3, 11, 32),
    "bigint": (8, 20, 64),
}
_TIMES: Final = {"date": (10, 10), "datetime": (12, 19), "timestamp": (7, 19), "time": (11, 10), "year": (13, 4)}
_SAME: Final = {
    "integer": "int",
    "bool": "tinyint(1)",
    "boolean": "tinyint(1)",
    "dec": "decimal",
    "numeric": "decimal",
    "real": "double",
    "int4": "int",
    "int8": "bigint",
    "character": "char",
    "serial": "bigint",
}
_DATE: Final = re.compile(r"\d{4}-\d{1,2}-\d{1,2}(?:[ T]\d{1,2}:\d{1,2}(?::\d{1,2}(?:\.\d{1,6})?)?)?\Z")
KINDS: Final = frozenset(
    (
        *_TEXTS,
        *_BLOBS,
        *_INTEGERS,
        *_TIMES,
        *_SAME,
        "varchar",
        "char",
        "varbinary",
        "binary",
        "double",
        "float",
        "decimal",
        "enum",
        "set",
        "bit",
    )
)


class BadValueError(DecoysError):
    """A column cannot hold a value; it has the number, the state and the words of the server."""

    def __init__(self, code: int, state: str, words: str) -> None:
        super().__init__(words)
        self.code, self.state, self.words = code, state, words


class ColumnDefinition(msgspec.Struct):
    """A column of a table that a visitor made."""

    name: str
    kind: str
    """As it stands after CREATE TABLE, in lower case: `varchar`."""
    sizes: tuple[int, ...] = ()
    choices: tuple[str, ...] = ()
    unsigned: bool = False
    not_null: bool = False
    auto: bool = False
    primary: bool = False
    unique: bool = False
    has_default: bool = False
    default: str | int | None = None

    @property
    def type_text(self) -> str:
        """Its type as DESCRIBE shows it."""
        sizes = self.sizes
        if self.kind in _INTEGERS and not sizes:
            sizes = (_INTEGERS[self.kind][1] - self.unsigned * (self.kind != "bigint"),)
        elif self.kind == "decimal" and not sizes:
            sizes = (10, 0)
        elif self.kind in ("char", "binary", "bit", "year") and not sizes:
            sizes = (4 if self.kind == "year" else 1,)
        elif self.kind == "decimal" and len(sizes) == 1:
            sizes = (*sizes, 0)
        shown = ",".join(f"'{one}'" for one in self.choices) if self.choices else ",".join(map(str, sizes))
        return f"{self.kind}{f'({shown})' if shown else ''}{' unsigned' if self.unsigned else ''}"


class Described(NamedTuple):
    kind: int
    size: int
    flags: int
    decimals: int
    text: bool


def described(column: ColumnDefinition) -> Described:  # noqa: PLR0911
    """Return how a result describes a column."""
    kind, size = column.kind, column.sizes[0] if column.sizes else 0
    own = (
        NOT_NULL * column.not_null
        | (PRIMARY | PART_OF_KEY) * column.primary
        | AUTO * column.auto
        | UNSIGNED * column.unsigned
        | (0x4 | PART_OF_KEY) * (column.unique and not column.primary)
        | NO_DEFAULT * (column.not_null and not column.has_default and not column.auto)
    )
    if kind in _INTEGERS:
        number_, digits, _ = _INTEGERS[kind]
        return Described(number_, size or digits - column.unsigned * (kind != "bigint"), own, 0, text=False)
    if kind in _TIMES:
        number_, digits = _TIMES[kind]
        return Described(number_, digits, own | BINARY, 0, text=False)
    if kind in _TEXTS:
        return Described(252, min(4294967295, 4 * _TEXTS[kind]), own | BLOB, 0, text=True)
    if kind in _BLOBS:
        return Described(252, _BLOBS[kind], own | BLOB | BINARY, 0, text=False)
    if kind in ("varchar", "char"):
        return Described(253 if kind == "varchar" else 254, 4 * (size or 1), own, 0, text=True)
    if kind in ("varbinary", "binary"):
        return Described(253 if kind == "varbinary" else 254, size or 1, own | BINARY, 0, text=False)
    if kind == "decimal":
        places = column.sizes[1] if len(column.sizes) > 1 else 0
        return Described(246, (size or 10) + 1 + bool(places), own, places, text=False)
    if kind in ("enum", "set"):
        longest = max(map(len, column.choices), default=0) if kind == "enum" else len(",".join(column.choices))
        return Described(254, 4 * longest, own | (_ENUM if kind == "enum" else 0x800), 0, text=True)
    if kind == "bit":
        return Described(16, size or 1, own | UNSIGNED, 0, text=False)
    return Described(4 if kind == "float" else 5, 12 if kind == "float" else 22, own, 31, text=False)


class Stored(msgspec.Struct):
    """A table: what its columns are, and its rows."""

    columns: list[ColumnDefinition]
    rows: list[tuple[Any, ...]] = []
    """Each value is None, a number, text or bytes."""
    next_number: int = 1
    """Of AUTO_INCREMENT."""
    query: str = ""
    """Of a view."""

    @property
    def names(self) -> list[str]:
        return [one.name.lower() for one in self.columns]


def weight(row: tuple[Any, ...]) -> int:
    """Return the bytes of memory that a row takes."""
    return ROW_BYTES + sum(map(cell_weight, row))


def cell_weight(cell: str | int | float | bytes | None) -> int:
    """Return the bytes of memory that a value of a row takes."""
    return VALUE_BYTES + (len(cell) if isinstance(cell, str | bytes) else 0)


def column_weight(column: ColumnDefinition) -> int:
    """Return the bytes of memory that a column takes beside its name and its values."""
    default = len(column.default) if isinstance(column.default, str) else 0
    return COLUMN_BYTES + default + sum(VALUE_BYTES + len(one) for one in column.choices)


def table_weight(table: Stored) -> int:
    """Return the bytes of memory that a table takes beside its names."""
    return sum(map(column_weight, table.columns)) + sum(map(weight, table.rows))


def loaded(table: Stored, row: Sequence[str | int | float | bytes | None]) -> tuple[Value, ...]:
    """Return a row as it is computed with."""
    return tuple(
        Decimal(one) if column.kind == "decimal" and isinstance(one, str) else one
        for column, one in zip(table.columns, row, strict=True)
    )


def kept(column: ColumnDefinition, value: Value, row: int = 1) -> str | int | float | bytes | None:  # noqa: C901, PLR0911
    """Return what a column holds of a value; raises BadValueError, in strict mode, for what it cannot hold."""
    kind, name = column.kind, column.name
    sized(value)
    if value is None:
        if column.not_null:
            raise BadValueError(1048, "23000", f"Column '{name}' cannot be null")
        return None
    if kind in _INTEGERS:
        return _integer(column, value, row)
    if kind in ("double", "float"):
        return float(number(value))
    if kind == "decimal":
        return _decimal(column, value, row)
    if kind in _BLOBS or kind in ("binary", "varbinary"):
        data = raw(value)
        if len(data) > (_BLOBS.get(kind) or (column.sizes[0] if column.sizes else 1)):
            raise _too_long(name, row)
        return data
    words = text(value)
    if kind in ("varchar", "char"):
        words = words.rstrip(" ") if kind == "char" else words
        if len(words) > (column.sizes[0] if column.sizes else 1):
            raise _too_long(name, row)
    elif kind in _TIMES and kind in ("date", "datetime", "timestamp"):
        return _moment(column, words, row)
    elif kind == "enum":
        step(len(column.choices))
        found = next((one for one in column.choices if one.lower() == words.lower()), None)
        if found is None:
            raise BadValueError(1265, "01000", f"Data truncated for column '{name}' at row {row}")
        return found
    return words.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _too_long(name: str, row: int) -> BadValueError:
    return BadValueError(1406, "22001", f"Data too long for column '{name}' at row {row}")


def _integer(column: ColumnDefinition, value: Value, row: int) -> int:
    bits = _INTEGERS[column.kind][2]
    low, high = (0, (1 << bits) - 1) if column.unsigned else (-(1 << bits - 1), (1 << bits - 1) - 1)
    if isinstance(value, str | bytes) and not re.match(r"\s*[+-]?\d", text(value)):
        shown = text(value)[:128]
        raise BadValueError(
            1366, "22007", f"Incorrect integer value: '{shown}' for column `{{}}`.`{column.name}` at row {row}"
        )
    found = number(value)
    whole: int = found if isinstance(found, int) else round(found) if -(1 << 80) < found < 1 << 80 else high + 1
    if not low <= whole <= high:
        raise BadValueError(1264, "22003", f"Out of range value for column '{column.name}' at row {row}")
    return whole


def _decimal(column: ColumnDefinition, value: Value, row: int) -> str:
    digits = column.sizes[0] if column.sizes else 10
    places = column.sizes[1] if len(column.sizes) > 1 else 0
    try:
        found = Decimal(str(number(value))).quantize(Decimal(1).scaleb(-min(places, 30)))
    except InvalidOperation:
        found = Decimal(10) ** digits
    if abs(found) >= Decimal(10) ** (digits - places):
        raise BadValueError(1264, "22003", f"Out of range value for column '{column.name}' at row {row}")
    return f"{found:f}"


def _moment(column: ColumnDefinition, words: str, row: int) -> str:
    if not _DATE.match(words):
        raise BadValueError(
            1292,
            "22007",
            f"Incorrect {'date' if column.kind == 'date' else 'datetime'} value: '{words[:64]}' for column `{{}}`.`{column.name}` at row {row}",  # noqa: E501
        )
    day, _, hour = words.replace("T", " ").partition(" ")
    year, month, date = day.split("-")
    shown = f"{year}-{month:0>2}-{date:0>2}"
    if column.kind == "date":
        return shown
    parts = [*(hour.partition(".")[0] or "0").split(":"), "0", "0"][:3]
    return f"{shown} " + ":".join(f"{one:0>2}" for one in parts)


def same_kind(name: str) -> str:
    """Return a type by its usual name."""
    return _SAME.get(name, name).partition("(")[0]


def stored(table: Table) -> Stored:
    """Return a persona's table as one with types."""
    made = []
    for index, name in enumerate(table.columns):
        whole = bool(table.rows) and all(row[index].isdecimal() and len(row[index]) < 10 for row in table.rows)
        made.append(ColumnDefinition(name, "int" if whole else "varchar", () if whole else (255,)))
    rows: list[tuple[str | int | float | bytes | None, ...]] = [
        tuple(int(one) if column.kind == "int" else one for one, column in zip(row, made, strict=True))
        for row in table.rows
    ]
    return Stored(made, rows, next_number=len(rows) + 1)
