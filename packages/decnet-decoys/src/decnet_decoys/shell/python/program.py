# SPDX-License-Identifier: MIT
"""Runs a Python program: a kind of statement `X` is done by `_s_X`; what ends it is told as Python does."""

from __future__ import annotations

import ast
import posixpath
import re
import traceback
import warnings
from typing import Any

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.control_flow import PythonExit, PythonJump
from decnet_decoys.shell.effects import Effects, Steps
from decnet_decoys.shell.python.builtins import Builtins
from decnet_decoys.shell.python.evaluator import NATIVE_ERRORS
from decnet_decoys.shell.python.imports.registry import named_module
from decnet_decoys.shell.python.values import (
    MAX_ITEMS,
    Class,
    Function,
    Instance,
    Module,
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

MAX_SOURCE = 16 << 10
"""Characters of a program."""
MAX_WORDS = 5000
"""Words and signs of a program: parsed in some milliseconds, where a program of nothing but signs took forty."""
_WORD = re.compile(r"\w+|[^\w\s]")


TREE_BYTES = 256
"""Bytes that a character of a program may take when it is parsed; functions keep it."""


class Program(Builtins):
    """One run of Python; `title` is what it is called in tracebacks, `shows` whether its lines are."""

    def __init__(self, call: Call, source: str, title: str, argv: list[str]) -> None:
        super().__init__(call)
        self.source, self.title, self.argv = source, title, argv
        self.globals.names["__name__"] = "__main__"
        if not title.startswith("<"):
            self.globals.names["__file__"] = posixpath.join(call.shell.cwd, title)
        self.loaded: dict[str, Module] = {}
        self.stdin: Record | None = None
        self._yielded: list[list[Any]] = []

    def run(self) -> Effects:
        """Run the program; returns its exit status."""
        try:
            return (yield from self._run())
        finally:
            self.release()

    def _run(self) -> Effects:
        try:
            body = _parsed(self.source, self.title)
        except SyntaxError as error:
            self.call.print_error(_syntax_error(error))
            return 1
        except NotPlayedError:
            return 0
        try:
            yield from self.block(body)
            status, text = 0, ""
        except PythonExit as leaving:
            status, text = leaving.status, leaving.text + "\n" if leaving.text else ""
        except RaisedError as error:
            status, text = 1, (yield from self._traceback(error.value))
        except (NotPlayedError, PythonJump, RecursionError):
            status, text = 0, ""
        if self.call.tty:
            self.write_out()  # to a terminal each line is written at once, else when the interpreter ends
        self.call.print_error(text, end="")
        self.write_out()
        yield from self.save_files()
        return status

    def _traceback(self, error: Any) -> Steps[str]:
        lines = ["Traceback (most recent call last):"]
        frames = [*self.calls]
        for index, (name, at) in enumerate(frames):
            where = self.at if index == len(frames) - 1 and self.at is not None else at
            lines.append(f'  File "{self.title}", line {getattr(where, "lineno", 1)}, in {name}')
            if not self.title.startswith("<") and where is not None:
                lines += self._shown_line(where)
        if len(lines) > 12:
            lines[9:-6] = [f"  [Previous line repeated {len(frames) - 4} more times]"]
        kind = kind_name(error)
        if isinstance(error, Instance):
            kind = f"__main__.{kind}"
        elif type(error).__module__ not in ("builtins", __name__):
            kind = f"{type(error).__module__}.{kind}"
        try:
            text = yield from self.text(error)
        except (RaisedError, PythonExit, PythonJump, NotPlayedError, *NATIVE_ERRORS):
            text = "<exception str() failed>"
        return "\n".join([*lines, f"{kind}: {text}" if text else kind, ""])

    def _shown_line(self, node: ast.AST) -> list[str]:
        """Return the line of a node, and what is marked in it."""
        number, start, end = (getattr(node, name, 0) for name in ("lineno", "col_offset", "end_col_offset"))
        line = next(iter(self.source.split("\n")[number - 1 : number]), "")
        shown = line.strip()
        indent = len(line) - len(line.lstrip())
        if not shown:
            return []
        found = [f"    {shown}"]
        if getattr(node, "end_lineno", number) != number or isinstance(node, ast.stmt):
            return found
        marks = ["^"] * (end - start)
        if isinstance(node, ast.BinOp):
            first, last = node.left.end_col_offset or 0, node.right.col_offset
            sign = [index for index in range(first, last) if line[index : index + 1].strip(" ()")]
            marks = ["^" if start + index in sign else "~" for index in range(end - start)]
        elif isinstance(node, ast.Subscript):
            first = node.value.end_col_offset or 0
            marks = ["~" if start + index < first else "^" for index in range(end - start)]
        if start == indent and end >= len(line.rstrip()) and "~" not in marks:
            return found
        return [*found, " " * (4 + start - indent) + "".join(marks)]

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
        scope.names = _arguments(function, args, named)
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

    _handled: Any = None

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

    def _s_Import(self, node: ast.Import) -> Steps[None]:  # noqa: N802
        for alias in node.names:
            found = self.module(alias.name)
            self.set_name(
                alias.asname or alias.name.partition(".")[0], found if alias.asname else self._top(alias.name)
            )
        yield from ()

    def _top(self, name: str) -> Any:
        return self.module(name.partition(".")[0])

    def module(self, name: str) -> Module:
        """Return a module; raises ModuleNotFoundError of the program."""
        found = named_module(self, name)
        if found is None:
            package = name.partition(".")[0]
            inner = package != name and named_module(self, package) is not None
            tail = f"; '{package}' is not a package" if inner else ""
            raise RaisedError(
                ModuleNotFoundError(f"No module named '{name}'{tail}" if inner else f"No module named '{package}'")
            )
        return found

    def _s_ImportFrom(self, node: ast.ImportFrom) -> Steps[None]:  # noqa: N802
        yield from ()
        if node.level or node.module is None:
            raise RaisedError(ImportError("attempted relative import with no known parent package"))
        if node.module == "__future__":
            return
        owner = self.module(node.module)
        for alias in node.names:
            if alias.name == "*":
                for name, one in owner.names.items():
                    self.set_name(name, one)
            elif alias.name in owner.names:
                self.set_name(alias.asname or alias.name, owner.names[alias.name])
            elif named_module(self, f"{node.module}.{alias.name}") is not None:
                self.set_name(alias.asname or alias.name, self.module(f"{node.module}.{alias.name}"))
            else:
                raise RaisedError(
                    ImportError(f"cannot import name '{alias.name}' from '{node.module}' (unknown location)")
                )

    def evaluated(self, source: str, *, statements: bool) -> Steps[Any]:
        """Do what exec and eval do with a text."""
        self.count_made(min(len(source), MAX_SOURCE) * TREE_BYTES)
        try:
            if statements:
                return (yield from self.block(_parsed(source, "<string>")))
            with warnings.catch_warnings(action="ignore"):
                return (yield from self.value(ast.parse(_short(source).strip(), "<string>", "eval").body))
        except (SyntaxError, ValueError) as error:
            raise RaisedError(error) from error


def _native_fits(value: Instance, wanted: Any) -> bool:
    native = value.kind.native()
    kinds = wanted if isinstance(wanted, tuple) else (wanted,)
    return native is not None and any(isinstance(one, type) and issubclass(native, one) for one in kinds[:64])


def _short(source: str) -> str:
    """Return what is parsed of a program; raises NotPlayedError for one of more words than are parsed at once."""
    if len(_WORD.findall(source[:MAX_SOURCE])) > MAX_WORDS:
        raise NotPlayedError
    return source[:MAX_SOURCE]


def _parsed(source: str, title: str) -> list[ast.stmt]:
    """Parse a program; raises SyntaxError."""
    try:
        with warnings.catch_warnings(action="ignore"):  # about the attacker's program
            return ast.parse(_short(source), title).body
    except (ValueError, RecursionError, MemoryError) as error:
        raise SyntaxError(str(error) or "too many nested parentheses") from error


def _syntax_error(error: SyntaxError) -> str:
    return "".join(traceback.format_exception_only(error)).rstrip("\n")


def _arguments(function: Function, args: list[Any], named: dict[str, Any]) -> dict[str, Any]:
    """Return a function's names with what it is called with; raises TypeError."""
    wanted, title = function.arguments, f"{function.name}()"
    if function.owner is not None:
        title = f"{function.owner.name}.{title}"
    names = [one.arg for one in (*wanted.posonlyargs, *wanted.args)]
    found: dict[str, Any] = dict(zip(names, args, strict=False))
    extra = args[len(names) :]
    if wanted.vararg is not None:
        found[wanted.vararg.arg] = tuple(extra)
    if extra and wanted.vararg is None:
        takes = f"{len(names)} positional argument{'s' if len(names) != 1 else ''}"
        raise TypeError(f"{title} takes {takes} but {len(args)} {'were' if len(args) != 1 else 'was'} given")
    _named_ones(title, wanted, found, named)
    for name, value in zip(names[len(names) - len(function.defaults) :], function.defaults, strict=True):
        found.setdefault(name, value)
    for name, value in function.keyword_defaults.items():
        found.setdefault(name, value)
    _all_given(title, [repr(name) for name in names if name not in found])
    return found


def _named_ones(title: str, wanted: ast.arguments, found: dict[str, Any], named: dict[str, Any]) -> None:
    """Add the arguments that are given by name; raises TypeError."""
    others = {}
    known = {one.arg for one in (*wanted.posonlyargs, *wanted.args, *wanted.kwonlyargs)}
    for name, value in named.items():
        if name in found:
            raise TypeError(f"{title} got multiple values for argument '{name}'")
        if name in known:
            found[name] = value
        elif wanted.kwarg is not None:
            others[name] = value
        else:
            raise TypeError(f"{title} got an unexpected keyword argument '{name}'")
    if wanted.kwarg is not None:
        found[wanted.kwarg.arg] = others


def _all_given(title: str, missing: list[str]) -> None:
    """Raise TypeError for arguments that are missing."""
    if missing:
        *others, last = missing
        many = f"{len(missing)} required positional argument{'s' if others else ''}"
        listed = f"{', '.join(others)}{',' if len(others) > 1 else ''} and {last}" if others else last
        raise TypeError(f"{title} missing {many}: {listed}")
