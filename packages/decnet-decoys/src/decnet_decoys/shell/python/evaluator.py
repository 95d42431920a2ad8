# SPDX-License-Identifier: MIT
"""Values of a Python program in its budget, as generators of effects: each step is counted and may yield."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from decnet_decoys.shell.budget import BudgetExceededError
from decnet_decoys.shell.call import Call
from decnet_decoys.shell.effects import Steps, turn
from decnet_decoys.shell.encoding import encode
from decnet_decoys.shell.machine.fs_errors import FileSystemError
from decnet_decoys.shell.python.attributes import attribute_of
from decnet_decoys.shell.python.methods import method
from decnet_decoys.shell.python.operators import (
    special_method,
)
from decnet_decoys.shell.python.system_errors import os_error
from decnet_decoys.shell.python.values import (
    MAX_ITEMS,
    MAX_TEXT,
    Class,
    Function,
    Instance,
    Method,
    Native,
    NotPlayedError,
    RaisedError,
    Record,
    Scope,
    bare,
    bounded,
    contents,
    kind_name,
    represented,
    text_of,
    weighed,
)

MAX_STEPS = 30_000
"""Statements and expressions that a program computes; one that needs more hangs, as an endless one does."""
MAX_DEPTH = 70
"""Expressions, statements and functions within each other."""
MAX_MADE = 8 << 20
"""Bytes of all values that a program ever computes."""
HELD_AT_ONCE = 256 << 10
"""Bytes that are counted as the session's memory at a time."""
ITEM_BYTES = 32
BUFFER = 8192
"""Bytes after which what is printed into a pipe is written."""
NATIVE_ERRORS = (
    ValueError, TypeError, ArithmeticError, LookupError, AttributeError, RuntimeError, OSError, EOFError, MemoryError,
)  # fmt: skip
"""What Python itself may raise where it computes for the program: an exception of the program then."""
OBJECT_BYTES = 256
_NOT_MADE = (ast.stmt, ast.Name, ast.Constant, ast.Attribute)
"""Nodes that make no value, or none that was not there before."""


class Evaluator:
    """Holds the names and what is printed; a kind of node `X` is evaluated by the method `_v_X`."""

    def __init__(self, call: Call) -> None:
        self.call = call
        self.globals = Scope()
        self.scope = self.globals
        self.at: ast.AST | None = None
        """What is being computed, for the traceback."""
        self.calls: list[tuple[str, ast.AST | None]] = [("<module>", None)]
        """Each function that runs, and where in it the next one was called."""
        self._steps = self._made = self._held = self._depth = 0
        self._printed = bytearray()

    def step(self) -> Steps[None]:
        """Count a step; raises BudgetExceededError."""
        self._steps += 1
        if self._steps > MAX_STEPS:
            self.write_out()
            raise BudgetExceededError
        yield from turn()

    def print_out(self, text: str) -> None:
        """Print as into a pipe: what is there is written when there is much, or at the end."""
        self._printed += encode(text)
        if self.call.tty or len(self._printed) > BUFFER:
            self.write_out()

    def write_out(self) -> None:
        data, self._printed = bytes(self._printed), bytearray()
        self.call.out.write(data)

    def value(self, node: ast.expr) -> Steps[Any]:
        """Return what an expression comes to; raises RaisedError, NotPlayedError or BudgetExceededError."""
        return self.played("v", node)

    def played(self, kind: str, node: ast.expr | ast.stmt) -> Steps[Any]:
        """Play a node by the method of its kind (v or s) and name; what goes wrong is the program's, at this node."""
        yield from self.step()
        play = getattr(self, f"_{kind}_{type(node).__name__}", None)
        if play is None:
            raise NotPlayedError
        if self._depth >= MAX_DEPTH:
            raise RaisedError(RecursionError("maximum recursion depth exceeded"))
        self._depth += 1
        try:
            found = yield from play(node)
            return found if isinstance(node, _NOT_MADE) else self.kept(found)
        except RaisedError as error:
            error.__context__ = None
            self.at = self.at or node
            raise
        except FileSystemError as error:
            self.at = self.at or node
            raise RaisedError(os_error(error, "")) from error
        except NATIVE_ERRORS as error:
            self.at = self.at or node
            raise RaisedError(bare(error)) from None
        finally:
            self._depth -= 1

    def kept(self, value: Any) -> Any:
        """Count a value as made; raises RaisedError where it is too large, or all are."""
        if isinstance(value, str | bytes):
            self._made += len(value)
        elif isinstance(value, list | tuple | dict | set | frozenset):
            self._made += len(value) * ITEM_BYTES
        elif isinstance(value, int):
            self._made += value.bit_length() >> 3
        elif isinstance(value, Record):
            self._made += (1 + len(value.names)) * OBJECT_BYTES
        elif isinstance(value, Instance | Function):
            self._made += 2 * OBJECT_BYTES
        self.count_made(0)
        return bounded(value)

    def count_made(self, size: int) -> None:
        """Count bytes that the program takes; raises MemoryError of the program."""
        self._made += size
        while self._made > self._held:
            if self._held >= MAX_MADE or not self.call.shell.lease.hold(HELD_AT_ONCE):
                raise RaisedError(MemoryError())
            self._held += HELD_AT_ONCE

    def release(self) -> None:
        """Give back the memory of all values."""
        self.call.shell.lease.hold(-self._held)
        self._held = 0

    def values(self, nodes: list[ast.expr]) -> Steps[list[Any]]:
        found: list[Any] = []
        for node in nodes:
            if isinstance(node, ast.Starred):
                found += yield from self.items((yield from self.value(node.value)))
                self.count_made(len(found) * ITEM_BYTES)
            else:
                found.append((yield from self.value(node)))
            bounded(found)
        return found

    def iterated(self, value: Any) -> Steps[Iterator[Any]]:
        """Return what a loop goes over; raises TypeError."""
        if isinstance(value, Instance) and value.kind.find("__iter__") is not None:
            value = yield from self.called(self.attribute(value, "__iter__"), [], {})
        if isinstance(value, Record) and isinstance(value.names.get("__iter__"), Native):
            value = yield from self.called(value.names["__iter__"], [], {})
        value = contents(value)
        if not isinstance(value, str | bytes | list | tuple | dict | set | frozenset | range):
            raise TypeError(f"'{kind_name(value)}' object is not iterable")
        return iter(value)

    def items(self, value: Any) -> Steps[list[Any]]:
        """Return all that a loop would go over, at once."""
        if isinstance(value, range) and len(value) > MAX_ITEMS:
            raise RaisedError(MemoryError())
        if isinstance(value, str | bytes) and len(value) > MAX_ITEMS:
            raise RaisedError(MemoryError())
        return list((yield from self.iterated(value)))

    def text(self, value: Any) -> Steps[str]:
        """Return what str() does."""
        if isinstance(value, str):
            return value
        if isinstance(value, Instance):
            for name in ("__str__", "__repr__"):
                if value.kind.find(name) is not None:
                    return text_of((yield from self.called(self.attribute(value, name), [], {})))[:MAX_TEXT]
            if value.kind.native() is not None:
                value = value.args[0] if len(value.args) == 1 else value.args or ""
                return value if isinstance(value, str) else represented(value)
        if isinstance(value, BaseException):
            if len(value.args) == 1 and isinstance(value.args[0], str) and not isinstance(value, KeyError):
                return value.args[0] if type(value).__str__ is BaseException.__str__ else str(value)[:MAX_TEXT]
            weighed(value)
            return str(value)[:MAX_TEXT]
        return (yield from self.repr(value)) if isinstance(value, list | tuple) else text_of(value)

    def repr(self, value: Any) -> Steps[str]:
        if isinstance(value, Instance) and value.kind.find("__repr__") is not None:
            return text_of((yield from self.called(self.attribute(value, "__repr__"), [], {})))[:MAX_TEXT]
        if isinstance(value, list | tuple) and any(special_method("__repr__", one) for one in value[:MAX_ITEMS]):
            return (yield from self._repr_of_items(value))
        return represented(value)

    def _repr_of_items(self, value: list[Any] | tuple[Any, ...]) -> Steps[str]:
        """Return a list of objects that show themselves, of which those within others do not."""
        shown, size = [], 0
        for one in value:
            text = (yield from self.repr(one)) if isinstance(one, Instance) else represented(one)
            size += len(text)
            if size > MAX_TEXT:
                raise RaisedError(MemoryError())
            shown.append(text)
        inside = ", ".join(shown)
        return f"[{inside}]" if isinstance(value, list) else f"({inside}{',' * (len(shown) == 1)})"

    def truth(self, value: Any) -> Steps[bool]:
        yield from ()
        return bool(value)

    def name(self, name: str) -> Any:
        at = self.scope.elsewhere.get(name) or self.scope.find(name)
        if at is not None and name in at.names:
            return at.names[name]
        found = self.built_in(name)
        if found is None:
            raise RaisedError(NameError(f"name '{name}' is not defined"))
        return found

    def built_in(self, name: str) -> Any:
        raise NotImplementedError

    def set_name(self, name: str, value: Any) -> None:
        (self.scope.elsewhere.get(name) or self.scope).names[name] = value

    def attribute(self, owner: Any, name: str) -> Any:
        """Return an attribute; raises AttributeError of the program."""
        return attribute_of(owner, name)

    def assign(self, target: ast.expr, value: Any) -> Steps[None]:
        raise NotImplementedError

    def called(  # noqa: PLR0911  # one for each kind of what may be called
        self, function: Any, args: list[Any], named: dict[str, Any]
    ) -> Steps[Any]:
        """Return what a function, class or method gives."""
        yield from self.step()
        if isinstance(function, Method):
            if isinstance(function.function, str):
                return (yield from method(self, function.owner, function.function, args, named))
            return (yield from self.called(function.function, [function.owner, *args], named))
        if isinstance(function, Function):
            return (yield from self.run_function(function, args, named))
        if isinstance(function, Native):
            found = function.play(self, *args, **named)
            return (yield from found) if hasattr(found, "send") else found
        if isinstance(function, Class):
            return (yield from self._made_by(function, args, named))
        if isinstance(function, type):
            return (yield from self.construct(function, args, named))
        if not isinstance(function, Instance) or function.kind.find("__call__") is None:
            raise TypeError(f"'{kind_name(function)}' object is not callable")
        return (yield from self.called(self.attribute(function, "__call__"), args, named))

    def _made_by(self, kind: Class, args: list[Any], named: dict[str, Any]) -> Steps[Instance]:
        """Return a new object of a class of the program."""
        made = Instance(kind)
        if kind.native() is not None:
            made.args = tuple(args)
        start = kind.find("__init__")
        if start is not None:
            yield from self.called(start, [made, *args], named)
        elif args and kind.native() is None:
            raise TypeError(f"{kind.name}() takes no arguments")
        return made

    def construct(self, kind: type, args: list[Any], named: dict[str, Any]) -> Steps[Any]:
        raise NotImplementedError

    def run_function(self, function: Function, args: list[Any], named: dict[str, Any]) -> Steps[Any]:
        raise NotImplementedError
