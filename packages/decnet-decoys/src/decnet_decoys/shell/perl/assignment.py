# SPDX-License-Identifier: MIT
"""Perl's assignments: to variables, elements, lists of them, and what else can have a value."""

from __future__ import annotations

from decnet_decoys.shell.effects import Steps
from decnet_decoys.shell.perl.evaluator import Evaluator, following, paired
from decnet_decoys.shell.perl.operators import binary
from decnet_decoys.shell.perl.syntax.tree import Node
from decnet_decoys.shell.perl.values import MAX_ITEMS, Value, integer, is_true, number, text


class Assignment(Evaluator):
    """Gives values to what has a place."""

    def _s_step(self, node: Node) -> Steps[Value]:
        _, sign, before, target = node
        old = yield from self.scalar(target)
        if sign == "+" and isinstance(old, str) and old and old[:1].isalpha() and old.isalnum():
            new: Value = following(old)
        else:
            new = number(old) + (1 if sign == "+" else -1)
        yield from self.assign(target, new)
        return new if before else (0 if old is None else old)

    def _s_assign(self, node: Node) -> Steps[Value]:
        _, operator, target, source = node
        if not operator and _is_list(target):
            values = yield from self._assigned(target, source)
            return len(values)
        if operator in ("&&", "||", "//"):
            value = yield from self.scalar(target)
            if (value is None) if operator == "//" else is_true(value) == (operator == "&&"):
                value = yield from self.scalar(source)
                yield from self.assign(target, value)
            return value
        if operator and target[0] in ("array", "array_of"):
            row = yield from self.container(target)
            row[:] = yield from self._l_binary(("binary", operator, ("list", (target,)), source))
            return len(row)
        value = yield from self.scalar(source)
        if operator:
            value = binary(self, operator, (yield from self.scalar(target)), value)
            value = self.memory.made(value) if isinstance(value, str) else value
        yield from self.assign(target, value)
        return value

    def _l_assign(self, node: Node) -> Steps[list[Value]]:
        if not node[1] and _is_list(node[2]):
            yield from self._assigned(node[2], node[3])
            inner = node[2][1] if node[2][0] in ("my", "our", "local") else node[2]
            return (yield from self.items(inner))
        return [(yield from self._s_assign(node))]

    def _assigned(self, target: Node, source: Node) -> Steps[list[Value]]:
        """Assign a list to variables; returns the list."""
        values = list((yield from self.items(source)))
        self.memory.kept(values)
        if target[0] in ("my", "our", "local"):
            yield from self.scalar(target)
            target = target[1]
        rest = list(values)
        for one in target[1] if target[0] == "list" else (target,):
            inner = one
            if one[0] in ("my", "our", "local"):
                yield from self.scalar(one)
                inner = one[1]
            if inner[0] in ("array", "array_of"):
                (yield from self.container(inner))[:] = rest
                rest = []
            elif inner[0] in ("hash", "hash_of"):
                table = yield from self.container(inner)
                table.clear()
                table.update(paired(rest))
                rest = []
            elif inner[0] in ("slice", "hash_slice"):
                keys = yield from self.items(inner[2])
                for key in keys:
                    kind = "element" if inner[0] == "slice" else "value"
                    yield from self.assign((kind, inner[1], ("str", key)), rest.pop(0) if rest else None)
            else:
                value = rest.pop(0) if rest else None
                if inner[:2] != ("builtin", "undef"):
                    yield from self.assign(inner, value)
        return values

    def assign(self, target: Node, value: Value) -> Steps[None]:  # noqa: C901, PLR0912  # a kind each
        """Give a value to a variable, an element, or what else can have one."""
        kind = target[0]
        if kind in ("scalar", "scalar_of"):
            (yield from self.place(target)).value = value
        elif kind in ("my", "our", "local"):
            yield from self.scalar(target)
            yield from self.assign(target[1], value)
        elif kind == "element":
            row = yield from self.container(target[1])
            index = integer((yield from self.scalar(target[2])), MAX_ITEMS)
            index += len(row) if index < 0 else 0
            if not 0 <= index < MAX_ITEMS:
                raise self.died("Modification of non-creatable array value attempted")
            if index >= len(row):
                row += self.memory.kept([None] * (index + 1 - len(row)))
            row[index] = value
        elif kind == "value":
            table = yield from self.container(target[1])
            key = text((yield from self.scalar(target[2])))
            if key not in table:
                self.memory.kept([key])
            if len(table) < MAX_ITEMS or key in table:
                table[key] = value
        elif kind == "last_index":
            row = yield from self.container(target[1])
            del row[max(0, integer(value) + 1) :]
        elif kind == "choice":
            is_first = is_true((yield from self.scalar(target[1])))
            yield from self.assign(target[2] if is_first else target[3], value)
        elif kind in ("list", "array", "hash"):
            yield from self._assigned(target, ("given", [value]))
        elif kind == "assign":
            yield from self.scalar(target)
            yield from self.assign(target[2], value)
        elif kind == "builtin" and target[1] in ("substr", "local", "pos"):
            yield from self._into_substr(target, value)
        else:
            raise self.died("Can't modify non-lvalue subroutine call")

    def _into_substr(self, target: Node, value: Value) -> Steps[None]:
        given = target[2]
        arguments: list[Node] = list(given[1]) if given[0] == "list" else [given]
        if target[1] != "substr" or len(arguments) < 2:
            return
        whole = text((yield from self.scalar(arguments[0])))
        start = integer((yield from self.scalar(arguments[1])))
        size = integer((yield from self.scalar(arguments[2]))) if len(arguments) > 2 else len(whole)
        start = max(0, start + len(whole)) if start < 0 else start
        end = start + size if size >= 0 else len(whole) + size
        yield from self.assign(arguments[0], self.memory.made(whole[:start] + text(value) + whole[max(start, end) :]))


def _is_list(target: Node) -> bool:
    inner = target[1] if target[0] in ("my", "our", "local") else target
    return inner[0] in ("list", "array", "hash", "array_of", "hash_of", "slice", "hash_slice")
