# SPDX-License-Identifier: MIT
"""What the statements of a Python program do, but for imports."""

from __future__ import annotations

import ast
from typing import Any

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.control_flow import PythonExit, PythonJump
from decnet_decoys.shell.effects import Steps
from decnet_decoys.shell.python.arguments import arguments_of
from decnet_decoys.shell.python.builtins import Builtins
from decnet_decoys.shell.python.values import (
    MAX_ITEMS,
    Class,
    Function,
    Instance,
    Native,
    NotPlayedError,
    RaisedError,
    Record,
    Scope,
    bounded,
    hashed,
    kind_name,
    left_by,
    matches,
)


class Statements(Builtins):
    """A kind of statement `X` is done by the method `_s_X`."""

    def __init__(self, call: Call) -> None:
        super().__init__(call)
        self._yielded: list[list[Any]] = []
        """What each generator that runs has yielded."""
        self._handled: Any = None
        """The exception whose handler runs."""

    def block(self, statements: list[ast.stmt]) -> Steps[None]:
        for statement in statements:
            yield from self.statement(statement)

    def statement(self, node: ast.stmt) -> Steps[None]:
        return self.played("s", node)

    def _s_Expr(self, node: ast.Expr) -> Steps[None]:  # noqa: N802  # ast's names
        if isinstance(node.value, ast.Yield | ast.YieldFrom):
            yield from self._yield(node.value)
        else:
            yield from self.value(node.value)

    def _yield(self, node: ast.Yield | ast.YieldFrom) -> Steps[None]:
        """Keep what a generator yields: it runs to its end at once."""
        value = None if node.value is None else (yield from self.value(node.value))
        self._yielded[-1].extend((yield from self.items(value)) if isinstance(node, ast.YieldFrom) else [value])
        bounded(self._yielded[-1])

    def _s_Pass(self, _node: ast.Pass) -> Steps[None]:  # noqa: N802
        yield from ()

    def _s_Assign(self, node: ast.Assign) -> Steps[None]:  # noqa: N802
        value = yield from self.value(node.value)
        for target in node.targets:
            yield from self.assign(target, value)

    def _s_AnnAssign(self, node: ast.AnnAssign) -> Steps[None]:  # noqa: N802
        if node.value is not None:
            yield from self.assign(node.target, (yield from self.value(node.value)))

    def _s_AugAssign(self, node: ast.AugAssign) -> Steps[None]:  # noqa: N802
        load = {ast.Name: ast.Name, ast.Attribute: ast.Attribute, ast.Subscript: ast.Subscript}
        if type(node.target) not in load:
            raise NotPlayedError
        old = yield from self.value(node.target)
        value = yield from self.value(node.value)
        if isinstance(old, list) and isinstance(node.op, ast.Add):
            old += yield from self.items(value)
            yield from self.assign(node.target, self.kept(old))
            return
        yield from self.assign(node.target, self.kept((yield from self.computed(node.op, old, value))))

    def assign(self, target: ast.expr, value: Any) -> Steps[None]:
        """Assign to a name, to several, to an element or to an attribute."""
        yield from self.step()
        if isinstance(target, ast.Name):
            self.set_name(target.id, value)
        elif isinstance(target, ast.Tuple | ast.List):
            yield from self._unpacked(target.elts, (yield from self.items(value)))
        elif isinstance(target, ast.Attribute):
            owner = yield from self.value(target.value)
            if not isinstance(owner, Instance | Class) or len(owner.names) > MAX_ITEMS:
                raise TypeError(f"cannot set '{target.attr}' attribute of immutable type '{kind_name(owner)}'")
            owner.names[target.attr] = value
        elif isinstance(target, ast.Subscript):
            yield from self._put(target, value)
        else:
            raise NotPlayedError

    def _unpacked(self, targets: list[ast.expr], values: list[Any]) -> Steps[None]:
        starred = next((index for index, one in enumerate(targets) if isinstance(one, ast.Starred)), None)
        if starred is not None:
            after = len(targets) - starred - 1
            middle = values[starred : len(values) - after]
            values = [*values[:starred], middle, *values[len(values) - after :]]
        if len(values) < len(targets):
            raise ValueError(f"not enough values to unpack (expected {len(targets)}, got {len(values)})")
        if len(values) > len(targets):
            raise ValueError(f"too many values to unpack (expected {len(targets)})")
        for target, value in zip(targets, values, strict=True):
            yield from self.assign(target.value if isinstance(target, ast.Starred) else target, value)

    def _put(self, target: ast.Subscript, value: Any) -> Steps[None]:
        owner = yield from self.value(target.value)
        if isinstance(target.slice, ast.Slice):
            raise NotPlayedError
        key = yield from self.value(target.slice)
        if isinstance(owner, Record) and isinstance(owner.names.get("__items__"), dict):
            owner = owner.names["__items__"]
        if not isinstance(owner, list | dict):
            raise TypeError(f"'{kind_name(owner)}' object does not support item assignment")
        owner[hashed(key) if isinstance(owner, dict) else key] = value
        self.kept(owner)

    def _s_Delete(self, node: ast.Delete) -> Steps[None]:  # noqa: N802
        for target in node.targets:
            if isinstance(target, ast.Name):
                self.name(target.id)
                (self.scope.elsewhere.get(target.id) or self.scope).names.pop(target.id, None)
            elif isinstance(target, ast.Subscript) and not isinstance(target.slice, ast.Slice):
                owner, key = (yield from self.value(target.value)), (yield from self.value(target.slice))
                if not isinstance(owner, list | dict):
                    raise TypeError(f"'{kind_name(owner)}' object doesn't support item deletion")
                del owner[hashed(key) if isinstance(owner, dict) else key]
            else:
                raise NotPlayedError

    def _s_If(self, node: ast.If) -> Steps[None]:  # noqa: N802
        yield from self.block(node.body if (yield from self.value(node.test)) else node.orelse)

    def _s_While(self, node: ast.While) -> Steps[None]:  # noqa: N802
        while (yield from self.value(node.test)):
            if (yield from self._turn(node.body)):
                return
        yield from self.block(node.orelse)

    def _s_For(self, node: ast.For) -> Steps[None]:  # noqa: N802
        for item in (yield from self.iterated((yield from self.value(node.iter)))):
            yield from self.assign(node.target, item)
            if (yield from self._turn(node.body)):
                return
        yield from self.block(node.orelse)

    def _turn(self, body: list[ast.stmt]) -> Steps[bool]:
        """Run a loop's body once; returns whether the loop is left."""
        try:
            yield from self.block(body)
        except PythonJump as jump:
            if jump.kind == "return":
                raise
            return jump.kind == "break"
        return False

    def _s_Break(self, _node: ast.Break) -> Steps[None]:  # noqa: N802
        yield from ()
        raise PythonJump("break")

    def _s_Continue(self, _node: ast.Continue) -> Steps[None]:  # noqa: N802
        yield from ()
        raise PythonJump("continue")

    def _s_Return(self, node: ast.Return) -> Steps[None]:  # noqa: N802
        raise PythonJump("return", None if node.value is None else (yield from self.value(node.value)))

    def _s_Global(self, node: ast.Global) -> Steps[None]:  # noqa: N802
        yield from ()
        for name in node.names:
            self.scope.elsewhere[name] = self.globals

    def _s_Nonlocal(self, node: ast.Nonlocal) -> Steps[None]:  # noqa: N802
        yield from ()
        for name in node.names:
            found = None if self.scope.outer is None else self.scope.outer.find(name)
            self.scope.elsewhere[name] = found or self.globals

    def _s_FunctionDef(self, node: ast.FunctionDef) -> Steps[None]:  # noqa: N802
        made: Any = yield from self.function(node.name, node.args, node.body)
        for decorator in reversed(node.decorator_list):
            kind = decorator.id if isinstance(decorator, ast.Name) else ""
            if isinstance(made, Function) and kind in ("staticmethod", "classmethod", "property"):
                made.static = kind
            else:
                made = yield from self.called((yield from self.value(decorator)), [made], {})
        self.set_name(node.name, made)

    def _s_ClassDef(self, node: ast.ClassDef) -> Steps[None]:  # noqa: N802
        bases = yield from self.values(node.bases)
        outer, self.scope = self.scope, Scope(self.scope)
        try:
            yield from self.block(node.body)
            made = Class(node.name, bases, self.scope.names)
        finally:
            self.scope = outer
        for one in made.names.values():
            if isinstance(one, Function):
                one.owner, one.scope = made, outer
        self.set_name(node.name, made)

    def run_function(self, function: Function, args: list[Any], named: dict[str, Any]) -> Steps[Any]:
        scope = Scope(function.scope)
        scope.owner = function.owner
        scope.first = args[0] if args else None
        scope.names = arguments_of(function, args, named)
        outer, self.scope = self.scope, scope
        self.calls.append((function.name, None))
        found: list[Any] = []
        if function.yields:
            self._yielded.append(found)
        try:
            if isinstance(function.body, ast.expr):
                value = yield from self.value(function.body)
            else:
                value = yield from self._body(function.body)
        finally:
            if function.yields:
                self._yielded.pop()
            self.scope = outer
        self.calls.pop()  # after an error they are what the traceback shows
        return found if function.yields else value

    def _body(self, body: list[ast.stmt]) -> Steps[Any]:
        try:
            yield from self.block(body)
        except PythonJump as jump:
            return jump.value if jump.kind == "return" else None
        return None

    def _s_Raise(self, node: ast.Raise) -> Steps[None]:  # noqa: N802
        value = self._handled if node.exc is None else (yield from self.value(node.exc))
        if isinstance(value, type | Class):
            value = yield from self.called(value, [], {})
        if value is None:
            raise RaisedError(RuntimeError("No active exception to reraise"))
        if not isinstance(value, BaseException | Instance):
            raise TypeError("exceptions must derive from BaseException")
        if isinstance(value, SystemExit):
            raise left_by(value.args[0] if value.args else None)
        raise RaisedError(value)

    def _s_Try(self, node: ast.Try) -> Steps[None]:  # noqa: N802
        depth, scope, calls = self._depth, self.scope, len(self.calls)
        last = node.finalbody
        try:
            yield from self._tried(node, depth, scope, calls)
        except GeneratorExit:
            last = []  # the process is killed: no more of it runs, which without turns would hold the loop
            raise
        finally:
            if last:
                kept = self.at, self.calls[:]
                yield from self.block(last)
                self.at, self.calls = kept

    def _tried(self, node: ast.Try, depth: int, scope: Scope, calls: int) -> Steps[None]:
        try:
            yield from self.block(node.body)
        except RaisedError as error:
            self._depth, self.scope = depth, scope
            handler = yield from self._handler(node, error.value, calls)
            if handler is None:
                raise
            del self.calls[calls:]
            self.at = None
            yield from self._handle(handler, error.value)
        except PythonExit as leaving:
            handler = yield from self._handler(node, SystemExit(leaving.status), calls)
            if handler is None:
                raise
            yield from self._handle(handler, SystemExit(leaving.status))
        else:
            yield from self.block(node.orelse)

    def _handler(self, node: ast.Try, value: Any, calls: int) -> Steps[ast.ExceptHandler | None]:
        kept, self.at = self.at, None
        left, self.calls = self.calls, self.calls[:calls]
        for handler in node.handlers:
            if handler.type is None:
                return handler
            wanted = yield from self.value(handler.type)
            if matches(value, wanted) or (isinstance(value, Instance) and _native_fits(value, wanted)):
                return handler
        self.at, self.calls = kept, left
        return None

    def _handle(self, handler: ast.ExceptHandler, value: Any) -> Steps[None]:
        kept, self._handled = self._handled, value
        if handler.name:
            self.set_name(handler.name, value)
        try:
            yield from self.block(handler.body)
        finally:
            self._handled = kept

    def _s_With(self, node: ast.With) -> Steps[None]:  # noqa: N802
        entered = []
        for item in node.items:
            owner = yield from self.value(item.context_expr)
            value = owner
            if isinstance(owner, Instance):
                value = yield from self.called(self.attribute(owner, "__enter__"), [], {})
            if item.optional_vars is not None:
                yield from self.assign(item.optional_vars, value)
            entered.append(owner)
        try:
            yield from self.block(node.body)
        except GeneratorExit:
            entered.clear()  # as in `_s_Try`
            raise
        finally:
            for owner in reversed(entered):
                if isinstance(owner, Instance):
                    yield from self.called(self.attribute(owner, "__exit__"), [None, None, None], {})
                elif isinstance(owner, Record) and isinstance(owner.names.get("close"), Native):
                    yield from self.called(owner.names["close"], [], {})

    def _s_Assert(self, node: ast.Assert) -> Steps[None]:  # noqa: N802
        if not (yield from self.value(node.test)):
            raise RaisedError(AssertionError(*([] if node.msg is None else [(yield from self.value(node.msg))])))


def _native_fits(value: Instance, wanted: Any) -> bool:
    native = value.kind.native()
    kinds = wanted if isinstance(wanted, tuple) else (wanted,)
    return native is not None and any(isinstance(one, type) and issubclass(native, one) for one in kinds[:64])
