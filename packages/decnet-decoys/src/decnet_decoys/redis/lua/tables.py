# SPDX-License-Identifier: MIT
"""What a script finds in `table`, and the functions beside it that take a table or a list apart."""

import functools
from typing import Any

from decnet_decoys.redis.lua.checks import Checks, integer
from decnet_decoys.redis.lua.values import LuaError, Table, Value, first, is_false, kind


class Tables(Checks):
    """The functions of one run."""

    def count(self, table: Value = None, *_: Value) -> Value:
        return float(self.table(table).length())

    def insert(self, table: Value = None, *given: Value) -> Value:
        into = self.table(table)
        if into.fixed or len(given) != 1:
            raise self.run.fail("wrong number of arguments to 'insert'")
        self.run.made(64)
        if given[0] is not None:
            into.items[float(into.length() + 1)] = given[0]
        return None

    def remove(self, table: Value = None, at: Value = None, *_: Value) -> Value:
        of = self.table(table)
        values = self._listed(of)
        index = len(values) if at is None else integer(at, 0)
        if of.fixed or not 0 < index <= len(values):
            return None
        gone = values.pop(index - 1)
        of.items.pop(float(len(values) + 1))
        of.items.update({float(place): one for place, one in enumerate(values, 1)})
        return gone

    def sort(self, table: Value = None, before: Value = None, *_: Value) -> Value:
        of = self.table(table)
        values = self._listed(of)
        self.run.step(len(values) * len(values).bit_length())
        if not callable(before):
            self._comparable(values)
        if not of.fixed:
            order = functools.cmp_to_key(lambda one, other: self._order(before, one, other))
            of.items.update({float(at): one for at, one in enumerate(sorted(values, key=order), 1)})
        return None

    def _comparable(self, values: list[Value]) -> None:
        kinds = sorted({kind(one) for one in values}, reverse=True)
        if len(kinds) > 1:
            raise LuaError(f"attempt to compare {kinds[0]} with {kinds[1]}".encode())
        if len(values) > 1 and kinds[0] not in ("number", "string"):
            raise LuaError(f"attempt to compare two {kinds[0]} values".encode())

    def _order(self, before: Value, one: Any, other: Any) -> int:
        self.run.step()
        if not callable(before):
            return int(one > other) - int(one < other)
        if not is_false(first(before(one, other))):
            return -1
        return int(not is_false(first(before(other, one))))

    def next(self, table: Value = None, key: Value = None, *_: Value) -> tuple[Value, ...]:
        of = self.table(table)
        keys = list(of.items)
        self.run.step(1 + len(keys))
        at = keys.index(key) + 1 if key in keys else 0
        return (keys[at], of.items[keys[at]]) if at < len(keys) else (None,)

    def select(self, at: Value = None, *given: Value) -> "Value | tuple[Value, ...]":
        if at == b"#":
            return float(len(given))
        index = integer(self.number(at), 0)
        if index < 0:
            index += len(given) + 1
        if index < 1:
            raise self.run.fail("bad argument #1 to 'select' (index out of range)")
        return given[index - 1 :]

    def concat(self, table: Value = None, between: Value = b"", *_: Value) -> Value:
        parts = [self.text(one) for one in self._listed(self.table(table))]
        self.run.made(sum(map(len, parts)) + len(self.text(between)) * len(parts))
        return self.text(between).join(parts)

    def ipairs(self, table: Value = None, *_: Value) -> Value:
        return Table.of(self._listed(self.table(table)))

    def unpack(self, table: Value = None, *_: Value) -> tuple[Value, ...]:
        return tuple(self._listed(self.table(table)))

    def _listed(self, table: Table) -> list[Value]:
        count = table.length()
        self.run.step(count)
        return [table.items[float(at)] for at in range(1, count + 1)]
