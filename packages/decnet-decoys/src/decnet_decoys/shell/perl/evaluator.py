# SPDX-License-Identifier: MIT
"""Evaluates Perl's expressions: a node `x` is evaluated by `_s_x` for one value, by `_l_x` for a list."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from decnet_decoys.shell.effects import Steps, turn
from decnet_decoys.shell.perl.memory import Memory
from decnet_decoys.shell.perl.operators import binary
from decnet_decoys.shell.perl.syntax.tree import Block, Node
from decnet_decoys.shell.perl.values import MAX_ITEMS, Box, DiedError, Ref, Sub, Value, integer, is_true, number, text

_CASES: dict[str, Callable[[str], str]] = {"U": str.upper, "L": str.lower, "u": lambda one: one[:1].upper() + one[1:],
          "l": lambda one: one[:1].lower() + one[1:], "E": str, "Q": str}  # fmt: skip

_ABSENT = object()
"""What `local` remembers of a key that was not there."""


class Evaluator:
    """Evaluates expressions; statements, functions, files and patterns are in the classes that extend it."""

    def __init__(self) -> None:
        self.memory = Memory()
        self.line = 1
        self.title = "-e"
        self.package = "main"
        self._restored: list[list[tuple[Any, Any]]] = [[]]
        """What `local` changed in each block that runs."""

    def scalar(self, node: Node) -> Steps[Value]:
        """Return the value of a node as one value."""
        self.memory.step()
        yield from turn()
        return (yield from getattr(self, f"_s_{node[0]}")(node))

    def items(self, node: Node) -> Steps[list[Value]]:
        """Return the value of a node as a list."""
        method = getattr(self, f"_l_{node[0]}", None)
        if method is None:
            return [(yield from self.scalar(node))]
        self.memory.step()
        yield from turn()
        found: list[Value] = yield from method(node)
        return found[:MAX_ITEMS]

    def assign(self, target: Node, value: Value) -> Steps[None]:
        raise NotImplementedError

    def block(self, block: Block) -> Steps[list[Value]]:
        raise NotImplementedError

    def died(self, message: str) -> DiedError:
        return DiedError(f"{message} at {self.title} line {self.line}.\n")

    # constants and texts

    def _s_number(self, node: Node) -> Steps[Value]:
        yield from ()
        return node[1]

    _s_str = _s_number

    def _s_text(self, node: Node) -> Steps[Value]:
        return text((yield from self.scalar(node[1])))

    def _s_interpolated(self, node: Node) -> Steps[Value]:
        pieces: list[str] = []
        case = once = ""
        for part in node[1]:
            if part[0] == "case":
                case, once = (case, part[1]) if part[1] in "ul" else (part[1], "")
                continue
            piece = text((yield from self.scalar(part)))
            if case == "Q":
                piece = "".join(one if one.isalnum() or one == "_" else f"\\{one}" for one in piece)
            piece = _CASES[once or "E"](_CASES[case or "E"](piece)) if case or once else piece
            once = ""
            pieces.append(self.memory.made(piece))
        return self.memory.made("".join(pieces))

    def _s_joined(self, node: Node) -> Steps[Value]:
        values = yield from self.items(node[1])
        separator = self.memory.scalar('"').value
        return self.memory.made(self.memory.joined(" " if separator is None else text(separator), values))

    # variables

    def _s_scalar(self, node: Node) -> Steps[Value]:
        yield from ()
        return self.memory.scalar(node[1]).value

    def _s_array(self, node: Node) -> Steps[Value]:
        return len((yield from self.container(node)))

    _s_array_of = _s_array

    def _l_array(self, node: Node) -> Steps[list[Value]]:
        return list((yield from self.container(node)))

    _l_array_of = _l_array

    def _s_hash(self, node: Node) -> Steps[Value]:
        return len((yield from self.container(node)))

    _s_hash_of = _s_hash

    def _l_hash(self, node: Node) -> Steps[list[Value]]:
        table = yield from self.container(node)
        return [one for pair in table.items() for one in pair]

    _l_hash_of = _l_hash

    def _s_scalar_of(self, node: Node) -> Steps[Value]:
        return (yield from self.place(node)).value

    def container(self, node: Node) -> Steps[Any]:
        """Return the list or dict that a node names; one that a reference should lead to is made."""
        kind, inner = node[0], node[1]
        if kind == "array":
            return self.memory.array(inner)
        if kind == "hash":
            return self.memory.table(inner)
        if kind in ("my", "our", "local"):
            yield from self.scalar(node)
            return (yield from self.container(inner))
        if kind not in ("array_of", "hash_of"):
            raise self.died("Not an ARRAY reference")
        wanted = "ARRAY" if kind == "array_of" else "HASH"
        value = yield from self.scalar(inner)
        if value is None and inner[0] in ("scalar", "element", "value", "scalar_of"):
            value = Ref(wanted, [] if wanted == "ARRAY" else {})
            yield from self.assign(inner, value)
        if not isinstance(value, Ref) or not isinstance(value.target, list if wanted == "ARRAY" else dict):
            if value is None:
                return [] if wanted == "ARRAY" else {}
            raise self.died(f"Not {'an ARRAY' if wanted == 'ARRAY' else 'a HASH'} reference")
        return value.target

    def place(self, node: Node) -> Steps[Box]:
        """Return the box of a scalar variable."""
        if node[0] == "scalar":
            return self.memory.scalar(node[1])
        if node[0] in ("my", "our", "local"):
            yield from self.scalar(node)
            return (yield from self.place(node[1]))
        value = yield from self.scalar(node[1])
        if isinstance(value, Ref) and isinstance(value.target, Box):
            return value.target
        if value is None:
            return Box()
        raise self.died("Not a SCALAR reference")

    def _s_element(self, node: Node) -> Steps[Value]:
        row = yield from self.container(node[1])
        index = integer((yield from self.scalar(node[2])))
        return row[index] if -len(row) <= index < len(row) else None

    def _s_value(self, node: Node) -> Steps[Value]:
        table = yield from self.container(node[1])
        key = text((yield from self.scalar(node[2])))
        if node[1] == ("hash", "ENV") or node[1] == ("hash", "INC"):
            return table.get(key)
        return table.get(key)

    def _l_slice(self, node: Node) -> Steps[list[Value]]:
        row = yield from self.container(node[1])
        return [row[i] if -len(row) <= i < len(row) else None for i in map(integer, (yield from self.items(node[2])))]

    def _l_hash_slice(self, node: Node) -> Steps[list[Value]]:
        table = yield from self.container(node[1])
        return [table.get(text(key)) for key in (yield from self.items(node[2]))]

    def _l_list_slice(self, node: Node) -> Steps[list[Value]]:
        row = yield from self.items(node[1])
        return [row[i] if -len(row) <= i < len(row) else None for i in map(integer, (yield from self.items(node[2])))]

    def _last(self, node: Node) -> Steps[Value]:
        found = yield from self.items(node)
        return found[-1] if found else None

    _s_slice = _s_hash_slice = _s_list_slice = _last

    def _s_last_index(self, node: Node) -> Steps[Value]:
        return len((yield from self.container(node[1]))) - 1

    def _names(self, node: Node) -> list[str]:
        """Return the names with sigils that a declaration lists."""
        signs = {"scalar": "$", "array": "@", "hash": "%"}
        nodes = node[1] if node[0] == "list" else (node,)
        return [signs[one[0]] + one[1] for one in nodes if one[0] in signs]

    def _s_my(self, node: Node) -> Steps[Value]:
        yield from ()
        for name in self._names(node[1]):
            self.memory.declare(name)
        return None

    def _l_my(self, node: Node) -> Steps[list[Value]]:
        yield from self._s_my(node)
        return []

    def _s_our(self, node: Node) -> Steps[Value]:
        return (yield from self.scalar(node[1]))

    def _s_local(self, node: Node) -> Steps[Value]:
        inner = node[1]
        if inner[0] == "value":
            table = yield from self.container(inner[1])
            key = text((yield from self.scalar(inner[2])))
            self._restored[-1].append(((table, key), table.pop(key, _ABSENT)))
            return None
        for name in self._names(inner):
            found = self.memory.find(name)
            if isinstance(found, Box):
                self._restored[-1].append((found, found.value))
                found.value = None
            else:
                self._restored[-1].append((found, found.copy()))
                found.clear()
        return None

    # lists

    def _l_list(self, node: Node) -> Steps[list[Value]]:
        found: list[Value] = []
        for one in node[1]:
            found += yield from self.items(one)
            if len(found) > MAX_ITEMS:
                break
        return found

    def _s_list(self, node: Node) -> Steps[Value]:
        value = None
        for one in node[1]:
            value = yield from self.scalar(one)
        return value

    def _l_range(self, node: Node) -> Steps[list[Value]]:
        first, last = (yield from self.scalar(node[1])), (yield from self.scalar(node[2]))
        if isinstance(first, str) and first and not first.lstrip("-+").isdecimal():
            found: list[Value] = [first]
            while found[-1] != last and len(found) < MAX_ITEMS and len(text(found[-1])) <= len(text(last)):
                found.append(following(text(found[-1])))
            return found if found[-1] == last else found[:-1]
        start, end = integer(first), integer(last)
        return list(range(start, min(end + 1, start + MAX_ITEMS)))

    def _s_range(self, node: Node) -> Steps[Value]:
        """Return whether a line is between two that fit (perlop, the flip-flop)."""
        state = node[3]
        if not state[0]:
            if not (yield from self._line_is(node[1])):
                return ""
            state[0] = 1
        else:
            state[0] += 1
        shown = state[0]
        if (yield from self._line_is(node[2])):
            state[0] = False
            return f"{shown}E0"
        return shown

    def _line_is(self, node: Node) -> Steps[bool]:
        value = yield from self.scalar(node)
        return number(value) == number(self.memory.scalar(".").value) if node[0] == "number" else is_true(value)

    def _s_new_array(self, node: Node) -> Steps[Value]:
        return Ref("ARRAY", self.memory.kept((yield from self.items(node[1]))))

    def _s_new_hash(self, node: Node) -> Steps[Value]:
        return Ref("HASH", paired(self.memory.kept((yield from self.items(node[1])))))

    def _s_ref(self, node: Node) -> Steps[Value]:
        inner = node[1]
        kind = inner[1][0] if inner[0] in ("my", "our", "local") else inner[0]
        if kind in ("array", "array_of"):
            return Ref("ARRAY", (yield from self.container(inner)))
        if kind in ("hash", "hash_of"):
            return Ref("HASH", (yield from self.container(inner)))
        if kind == "code":
            return Ref("CODE", self.memory.globals.get(f"&{inner[1]}") or Sub(inner[1], (), None))
        if kind in ("scalar", "scalar_of"):
            return Ref("SCALAR", (yield from self.place(inner)))
        return Ref("SCALAR", Box((yield from self.scalar(inner))))

    # operators

    def _s_binary(self, node: Node) -> Steps[Value]:
        _, operator, left, right = node
        if operator == "x" and left[0] == "list":
            return (yield from self._last(node))
        one = yield from self.scalar(left)
        other = yield from self.scalar(right)
        value = binary(self, operator, one, other)
        return self.memory.made(value) if isinstance(value, str) else value

    def _l_binary(self, node: Node) -> Steps[list[Value]]:
        _, operator, left, right = node
        if operator == "x" and left[0] == "list":
            items = yield from self.items(left)
            times = max(0, integer((yield from self.scalar(right)), MAX_ITEMS))
            return self.memory.kept(items * min(times, MAX_ITEMS // max(1, len(items))))
        return [(yield from self._s_binary(node))]

    def _s_logic(self, node: Node) -> Steps[Value]:
        _, operator, left, right = node
        value = yield from self.scalar(left)
        goes_on = value is None if operator == "//" else is_true(value) == (operator == "&&")
        return (yield from self.scalar(right)) if goes_on else value

    def _l_logic(self, node: Node) -> Steps[list[Value]]:
        _, operator, left, right = node
        value = yield from self.scalar(left)
        goes_on = value is None if operator == "//" else is_true(value) == (operator == "&&")
        return (yield from self.items(right)) if goes_on else [value]

    def _s_choice(self, node: Node) -> Steps[Value]:
        return (yield from self.scalar(node[2] if is_true((yield from self.scalar(node[1]))) else node[3]))

    def _l_choice(self, node: Node) -> Steps[list[Value]]:
        return (yield from self.items(node[2] if is_true((yield from self.scalar(node[1]))) else node[3]))

    def _s_not(self, node: Node) -> Steps[Value]:
        return "" if is_true((yield from self.scalar(node[1]))) else 1

    def _s_minus(self, node: Node) -> Steps[Value]:
        value = yield from self.scalar(node[1])
        if isinstance(value, str) and value[:1].isalpha():
            return self.memory.made(f"-{value}")
        return -number(value)

    def _s_complement(self, node: Node) -> Steps[Value]:
        return ~integer((yield from self.scalar(node[1]))) & (1 << 64) - 1

    def _l_given(self, node: Node) -> Steps[list[Value]]:
        yield from ()
        return list(node[1])

    def _s_bareword(self, node: Node) -> Steps[Value]:
        _, name, line = node
        if f"&{name}" in self.memory.globals or self.is_exported(name):
            return (yield from self.scalar(("user", name, ("list", ()), line)))
        return name

    def _l_bareword(self, node: Node) -> Steps[list[Value]]:
        _, name, line = node
        if f"&{name}" in self.memory.globals or self.is_exported(name):
            return (yield from self.items(("user", name, ("list", ()), line)))
        return [name]

    def is_exported(self, name: str) -> bool:
        """Return whether a word is a function or constant of a module."""
        raise NotImplementedError


def restore(found: Any, before: Any) -> None:
    """Give back to a variable, or to the key of a hash, what `local` put aside."""
    if isinstance(found, tuple):
        table, key = found
        table.pop(key, None)
        if before is not _ABSENT:
            table[key] = before
    elif isinstance(found, list):
        found[:] = before
    elif isinstance(found, dict):
        found.clear()
        found.update(before)
    else:
        found.value = before


def paired(values: list[Value]) -> dict[str, Value]:
    """Return the hash that a list makes."""
    return {text(values[i]): values[i + 1] if i + 1 < len(values) else None for i in range(0, len(values), 2)}


def following(word: str) -> str:
    """Return the text after one of letters and digits: az, ba; Zz, AAa; a9, b0 (perlop, Auto-increment)."""
    found = list(word[:200])
    for at in range(len(found) - 1, -1, -1):
        last = {"z": "a", "Z": "A", "9": "0"}.get(found[at])
        if last is None:
            found[at] = chr(ord(found[at]) + 1)
            return "".join(found)
        found[at] = last
    return ("1" if found and found[0] == "0" else found[0] if found else "") + "".join(found)
