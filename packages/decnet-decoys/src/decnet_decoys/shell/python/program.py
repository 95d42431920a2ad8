# SPDX-License-Identifier: MIT
"""Runs a Python program, and its modules; what ends it is told as Python does."""

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
from decnet_decoys.shell.python.evaluator import NATIVE_ERRORS
from decnet_decoys.shell.python.imports.registry import named_module
from decnet_decoys.shell.python.statements import Statements
from decnet_decoys.shell.python.values import (
    Instance,
    Module,
    NotPlayedError,
    RaisedError,
    Record,
    kind_name,
)

MAX_SOURCE = 16 << 10
"""Characters of a program."""
MAX_WORDS = 5000
"""Words and signs of a program: parsed in some milliseconds, where a program of nothing but signs took forty."""
_WORD = re.compile(r"\w+|[^\w\s]")

TREE_BYTES = 256
"""Bytes that a character of a program may take when it is parsed; functions keep it."""


class Program(Statements):
    """One run of Python; `title` is what it is called in tracebacks, `shows` whether its lines are."""

    def __init__(self, call: Call, source: str, title: str, argv: list[str]) -> None:
        super().__init__(call)
        self.source, self.title, self.argv = source, title, argv
        self.globals.names["__name__"] = "__main__"
        if not title.startswith("<"):
            self.globals.names["__file__"] = posixpath.join(call.shell.cwd, title)
        self.loaded: dict[str, Module] = {}
        self.stdin: Record | None = None

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
