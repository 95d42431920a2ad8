# SPDX-License-Identifier: MIT
"""Carries out a script that `grammar` has read, with bounds on its steps, its processor time and what it makes."""

import itertools
import operator as arithmetic
from collections.abc import Callable, Iterator, Mapping
from time import thread_time
from typing import Any

from decnet_decoys.errors import DecoysError
from decnet_decoys.redis.lua.grammar import Block, Node
from decnet_decoys.redis.lua.values import LuaError, Table, Value, first, is_false, kind, number_of, shown

MOST_STEPS = 20_000
STEPS_BETWEEN_LOOKS = 40
"""At the clock, which costs more than a step, and on some machines twenty times as much."""
MOST_SECONDS = 0.006
"""Of processor time, beside that of reading the script and of the last command."""
MOST_BYTES = 256 << 10
"""Of a string, and of all that a script makes."""


MOST_CALLS = 50
"""Of functions of the script's own within each other."""


class Exhausted(DecoysError):
    """The script takes too long, or makes too much."""


class _Left(DecoysError):
    """A loop is left."""


_ARITHMETIC: dict[bytes, Callable[[Any, Any], Any]] = {
    b"+": arithmetic.add, b"-": arithmetic.sub, b"*": arithmetic.mul, b"/": arithmetic.truediv, b"%": arithmetic.mod,
    b"^": arithmetic.pow,
}  # fmt: skip


class Running:
    """One run of one script."""

    def __init__(self) -> None:
        self._scopes: list[dict[bytes, Value]] = []
        self._globals: Mapping[bytes, Value] = {}
        self._steps = 0
        self._looks = STEPS_BETWEEN_LOOKS
        """After how many steps the clock is looked at."""
        self._made = 0
        self._calls = 0
        self._ends = thread_time() + MOST_SECONDS
        self.line = 1

    def use(self, names: Mapping[bytes, Value]) -> None:
        """Give the script its global names, some of which need this run themselves."""
        self._globals = names

    def run(self, block: Block) -> Value:
        """Return what the script returns first. Raises LuaError, Exhausted."""
        try:
            found = self._block(block)
        except (RecursionError, _Left):
            raise Exhausted from None
        return found[0] if found else None

    def step(self, cost: int = 1) -> None:
        """Count work."""
        self._steps += cost
        if self._steps >= self._looks:
            self.look()

    def look(self) -> None:
        """End the script if it has taken too long: before what may take as long as many steps."""
        self._looks = self._steps + STEPS_BETWEEN_LOOKS
        if self._steps > MOST_STEPS or thread_time() > self._ends:
            raise Exhausted

    def made(self, size: int) -> None:
        """Count bytes that the script makes, before it does."""
        self._made += size
        if self._made > MOST_BYTES:
            raise Exhausted

    def fail(self, message: str) -> LuaError:
        """Return the error of the line that is carried out."""
        return LuaError(f"user_script:{self.line}: {message}".encode("latin-1", "replace"))

    # ---- statements

    def _block(self, block: Block, names: dict[bytes, Value] | None = None) -> list[Value] | None:
        """Return what is returned; None: the block has come to its end."""
        self._scopes.append(names if names is not None else {})
        try:
            for statement in block:
                self.step()
                self.line = statement[1]
                found: list[Value] | None = getattr(self, f"_do_{statement[0].replace(' ', '_')}")(*statement[2:])
                if found is not None:
                    return found
        finally:
            self._scopes.pop()
        return None

    def _do_do(self, block: Block) -> list[Value] | None:
        return self._block(block)

    def _do_do_call(self, call: Node) -> None:
        self.value(call)

    def _do_break(self) -> None:
        raise _Left

    def _do_return(self, expressions: list[Node]) -> list[Value]:
        return self._values(expressions)

    def _do_local(self, names: list[bytes], expressions: list[Node]) -> None:
        values = self._values(expressions)
        for at, name in enumerate(names):
            self._scopes[-1][name] = values[at] if at < len(values) else None

    def _do_local_function(self, name: bytes, function: Node) -> None:
        self._scopes[-1][name] = None  # so that the function finds itself
        self._scopes[-1][name] = self.value(function)

    def _do_set(self, targets: list[Node], expressions: list[Node]) -> None:
        values = self._values(expressions)
        for at, target in enumerate(targets):
            self._set(target, values[at] if at < len(values) else None)

    def _set(self, target: Node, value: Value) -> None:
        if target[0] == "name":
            scope = next((one for one in reversed(self._scopes) if target[2] in one), None)
            if scope is None:
                raise self.fail("Attempt to modify a readonly table")
            scope[target[2]] = value
            return
        table, key = self.value(target[2]), self.value(target[3])
        if not isinstance(table, Table):
            raise self.fail(f"attempt to index {self._named(target[2])} (a {kind(table)} value)")
        if table.fixed:
            raise self.fail("Attempt to modify a readonly table")
        if key is None:
            raise self.fail("table index is nil")
        self.made(64)
        if value is None:
            table.items.pop(key, None)
        else:
            table.items[key] = value

    def _do_if(self, branches: list[tuple[Node, Block]], otherwise: Block | None) -> list[Value] | None:
        for condition, block in branches:
            if self._true(condition):
                return self._block(block)
        return self._block(otherwise) if otherwise is not None else None

    def _true(self, condition: Node) -> bool:
        return not is_false(self.value(condition))

    def _looped(self, turns: Iterator[dict[bytes, Value]], block: Block) -> list[Value] | None:
        try:
            for names in turns:
                self.step()
                found = self._block(block, names)
                if found is not None:
                    return found
        except _Left:
            pass
        return None

    def _do_for(self, names: list[bytes], limits: list[Node], block: Block) -> list[Value] | None:
        numbers = [number_of(one) for one in self._values(limits)]
        for at, which in enumerate(("initial", "limit", "step")):
            if at < max(2, len(numbers)) and (at >= len(numbers) or numbers[at] is None):
                raise self.fail(f"'for' {which} value must be a number")
        first, last, by = (*[one or 0.0 for one in numbers], 1.0)[:3]

        def turns() -> Iterator[dict[bytes, Value]]:
            at = first
            while (at <= last) if by > 0 else (at >= last):
                yield {names[0]: at}
                at += by

        return self._looped(turns(), block)

    def _do_each(self, names: list[bytes], limits: list[Node], block: Block) -> list[Value] | None:
        """Go through what pairs() or ipairs() made, a table whose items are in their order, or ask an iterator."""
        given = [*self._values(limits), None, None]
        pairs = given[0]

        def items() -> Iterator[tuple[Value, ...]]:
            if isinstance(pairs, Table):
                yield from list(pairs.items.items())
            last: Value = given[2]
            while callable(pairs):
                self.step()
                made = pairs(given[1], last)
                several = made if isinstance(made, tuple) else (made,)
                if not several or several[0] is None:
                    return
                last = several[0]
                yield several

        if not isinstance(pairs, Table) and not callable(pairs):
            raise self.fail(f"attempt to call a {kind(pairs)} value")
        turns = (dict(itertools.zip_longest(names, one[: len(names)])) for one in items())
        return self._looped(turns, block)

    def _do_while(self, condition: Node, block: Block) -> list[Value] | None:
        def turns() -> Iterator[dict[bytes, Value]]:
            while self._true(condition):
                yield {}

        return self._looped(turns(), block)

    def _do_repeat(self, condition: Node, block: Block) -> list[Value] | None:
        def turns() -> Iterator[dict[bytes, Value]]:
            yield {}
            while not self._true(condition):
                yield {}

        return self._looped(turns(), block)

    # ---- expressions

    def _values(self, expressions: list[Node]) -> list[Value]:
        found: list[Value] = []
        for at, one in enumerate(expressions):
            value = self._any(one)
            last = at == len(expressions) - 1
            found += value if isinstance(value, tuple) and last else [value[0] if isinstance(value, tuple) else value]
        return found

    def value(self, node: Node) -> Value:
        """Return an expression's value, of several the first."""
        return first(self._any(node))

    def _any(self, node: Node) -> "Value | tuple[Value, ...]":
        self.step()
        found: Value | tuple[Value, ...] = getattr(self, f"_of_{node[0]}")(*node[1:])
        return found

    def _of_value(self, _line: int, value: Value) -> Value:
        return value

    def _of_one(self, _line: int, inner: Node) -> Value:
        return self.value(inner)

    def _of_name(self, line: int, name: bytes) -> Value:
        for scope in reversed(self._scopes):
            if name in scope:
                return scope[name]
        if name not in self._globals:
            self.line = line
            raise self.fail(f"Script attempted to access nonexistent global variable '{name.decode('latin-1')}'")
        return self._globals[name]

    def _of_index(self, line: int, of: Node, key: Node) -> Value:
        table, name = self.value(of), self.value(key)
        self.line = line
        if isinstance(table, bytes):
            table = self._globals[b"string"]
        if not isinstance(table, Table):
            raise self.fail(f"attempt to index {self._named(of)} (a {kind(table)} value)")
        return table.items.get(name)

    def _named(self, node: Node) -> str:
        """Return what an expression is called in errors."""
        if node[0] == "name":
            known = any(node[2] in scope for scope in self._scopes)
            return f"{'local' if known else 'global'} '{node[2].decode('latin-1')}'"
        if node[0] == "index" and node[3][0] == "value" and isinstance(node[3][2], bytes):
            return f"field '{node[3][2].decode('latin-1')[:80]}'"
        return "a value"

    def _of_table(self, _line: int, fields: "list[tuple[Node | None, Node]]") -> Value:
        table, at = Table(), 0
        self.made(64 * (1 + len(fields)))
        for index, (key, node) in enumerate(fields):
            values = self._values([node]) if index == len(fields) - 1 else [self.value(node)]
            if key is not None:
                name = self.value(key)
                if name is not None and values and values[0] is not None:
                    table.items[name] = values[0]
                continue
            for one in values:
                at += 1
                if one is not None:
                    table.items[float(at)] = one
        return table

    def _of_rest(self, _line: int) -> "Value | tuple[Value, ...]":
        found = next((scope[b"..."] for scope in reversed(self._scopes) if b"..." in scope), None)
        return tuple(found.items.values()) if isinstance(found, Table) else ()

    def _of_function(self, _line: int, names: list[bytes], block: Block) -> Value:
        scopes = list(self._scopes)
        self.made(64 + 8 * len(scopes))

        def function(*given: Value) -> tuple[Value, ...]:
            self.step(3)
            self._calls += 1
            kept, self._scopes = self._scopes, list(scopes)
            try:
                if self._calls > MOST_CALLS:
                    raise Exhausted
                return tuple(self._block(block, _parameters(names, given)) or ())
            except _Left:
                raise Exhausted from None
            finally:
                self._scopes = kept
                self._calls -= 1

        return function

    def _of_bound(self, line: int, of: Node, name: bytes) -> Value:
        this = self.value(of)
        method = self._of_index(line, ("value", line, this), ("value", line, name))
        if not callable(method):
            raise self.fail(f"attempt to call method '{name.decode('latin-1')}' (a {kind(method)} value)")
        return lambda *given: method(this, *given)

    def _of_call(self, line: int, of: Node, given: list[Node]) -> "Value | tuple[Value, ...]":
        function = self.value(of)
        values = self._values(given)
        self.line = line
        if not callable(function):
            named = self._named(of)
            raise self.fail(f"attempt to call {named}{'' if named == 'a value' else f' (a {kind(function)} value)'}")
        return function(*values)

    def _of_unary(self, line: int, operator: bytes, of: Node) -> Value:
        value = self.value(of)
        self.line = line
        if operator == b"not":
            return is_false(value)
        if operator == b"#":
            if not isinstance(value, bytes | Table):
                raise self.fail(f"attempt to get length of {self._named(of)} (a {kind(value)} value)")
            if isinstance(value, bytes):
                return float(len(value))
            self.step(1 + len(value.items) // 64)
            return float(value.length())
        number = number_of(value)
        if number is None:
            raise self.fail(f"attempt to perform arithmetic on {self._named(of)} (a {kind(value)} value)")
        return -number

    def _of_binary(self, line: int, operator: bytes, left: Node, right: Node) -> Value:
        one = self.value(left)
        if operator in (b"and", b"or"):
            return one if is_false(one) == (operator == b"and") else self.value(right)
        other = self.value(right)
        self.line = line
        if operator in (b"==", b"~="):
            return (kind(one) == kind(other) and one == other) == (operator == b"==")
        if operator == b"..":
            return self._joined(left, right, one, other)
        if operator in (b"<", b">", b"<=", b">="):
            return self._compared(operator, one, other)
        return self._computed(operator, (left, right), one, other)

    def _joined(self, left: Node, right: Node, one: Value, other: Value) -> bytes:
        parts = [shown(part) if isinstance(part, float) else part for part in (one, other)]
        for node, part in zip((left, right), parts, strict=True):
            if not isinstance(part, bytes):
                raise self.fail(f"attempt to concatenate {self._named(node)} (a {kind(part)} value)")
        self.made(sum(len(part) for part in parts if isinstance(part, bytes)))
        return b"".join(part for part in parts if isinstance(part, bytes))

    def _compared(self, operator: bytes, one: Value, other: Value) -> bool:
        if operator in (b">", b">="):
            one, other = other, one
        equal = operator in (b"<=", b">=")
        if isinstance(one, float) and isinstance(other, float):
            return one <= other if equal else one < other
        if isinstance(one, bytes) and isinstance(other, bytes):
            return one <= other if equal else one < other
        kinds = kind(one), kind(other)
        said = f"two {kinds[0]} values" if kinds[0] == kinds[1] else f"{kinds[0]} with {kinds[1]}"
        raise self.fail(f"attempt to compare {said}")

    def _computed(self, operator: bytes, nodes: tuple[Node, Node], one: Value, other: Value) -> float:
        left, right = number_of(one), number_of(other)
        if left is None or right is None:
            node, value = (nodes[0], one) if left is None else (nodes[1], other)
            raise self.fail(f"attempt to perform arithmetic on {self._named(node)} (a {kind(value)} value)")
        try:
            found = _ARITHMETIC[operator](left, right)
            return found if isinstance(found, float) else float("nan")
        except ZeroDivisionError:
            nan = operator == b"%" or not left
            return float("nan") if nan else float("inf") if left > 0 else float("-inf")
        except OverflowError:
            return float("inf")


def _parameters(names: list[bytes], given: tuple[Value, ...]) -> dict[bytes, Value]:
    """Return what a function finds by its parameters; what came beyond them stands in order in a table, as `...`."""
    named = [name for name in names if name != b"..."]
    found: dict[bytes, Value] = dict(zip(named, (*given, *[None] * len(named)), strict=False))
    if b"..." in names:
        found[b"..."] = Table({float(at): one for at, one in enumerate(given[len(named) :], 1)})
    return found
