# SPDX-License-Identifier: MIT
"""What a Python program of a few usual statements prints: literals, arithmetic, and names that ask about the machine.

The program is parsed (`ast`), never compiled or run. What is not understood ends it silently, as if it had nothing to
say; a name that there is not is the NameError that it would be.
"""

import ast
import base64
import operator
import posixpath
import warnings
from collections.abc import Callable, Mapping
from typing import Any, Self

from decnet_decoys.errors import DecoysError
from decnet_decoys.shell.commands.python_methods import (
    FUNCTIONS,
    MAX_ITEMS,
    MAX_VALUE,
    PLAIN,
    NotUnderstoodError,
    formatted,
    is_small,
    method,
    percent,
)
from decnet_decoys.shell.encoding import decode
from decnet_decoys.shell.machine.fs_errors import NOT_DIRECTORY, NOT_FOUND, FileSystemError
from decnet_decoys.shell.machine.tree import piece_of
from decnet_decoys.shell.state import ShellState

MAX_NODES = 400
MAX_STEPS = 500
"""Statements and expressions that are computed, loops included: a few milliseconds."""
_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod, ast.Pow: operator.pow,
}  # fmt: skip
_COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt,
    ast.GtE: operator.ge, ast.In: lambda one, many: one in many, ast.NotIn: lambda one, many: one not in many,
}  # fmt: skip
_ERRORS = {
    NOT_FOUND: (2, "FileNotFoundError"),
    "Permission denied": (13, "PermissionError"),
    NOT_DIRECTORY: (20, "NotADirectoryError"),
    "Is a directory": (21, "IsADirectoryError"),
}
_BUILTINS = frozenset(("print", "open", "range", *FUNCTIONS))


def errno_of(error: FileSystemError) -> tuple[int, str]:
    """Return the number of an error, and the name of the exception that it is in Python."""
    return _ERRORS.get(str(error), (5, "OSError"))


class _RaisedError(DecoysError):
    """The program would end with this error."""

    @classmethod
    def of_file(cls, path: str, error: FileSystemError) -> Self:
        number, kind = errno_of(error)
        return cls(f"{kind}: [Errno {number}] {error}: {path!r}")


class _ExitError(DecoysError):
    """The program leaves, as sys.exit does: with a status, or with a text and 1."""

    def __init__(self, value: object) -> None:
        super().__init__()
        self.status = value & 255 if isinstance(value, int) else int(value is not None)
        self.text = "" if value is None or isinstance(value, int) else str(value)[:MAX_VALUE]


def printed(
    shell: ShellState, source: str, argv: tuple[str, ...] = (), outputs: Mapping[str, str] | None = None
) -> tuple[str, str, int]:
    """Return what a program prints, the traceback that it ends with, empty without one, and its exit status."""
    try:
        with warnings.catch_warnings(action="ignore"):  # about the attacker's program
            tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        line = source.split("\n", maxsplit=1)[0][:200]
        return "", f'  File "<string>", line 1\n    {line}\n    ^\nSyntaxError: invalid syntax', 1
    if sum(1 for _ in ast.walk(tree)) > MAX_NODES:
        return "", "", 0
    program = _Program(shell, argv)
    program.outputs = outputs or {}
    try:
        for statement in tree.body[:MAX_ITEMS]:
            program.run(statement)
    except _RaisedError as error:
        trace = f'Traceback (most recent call last):\n  File "<string>", line 1, in <module>\n{error}'
        return program.output, trace, 1
    except _ExitError as leaving:
        return program.output, leaving.text, leaving.status
    except (ValueError, TypeError, OverflowError, ZeroDivisionError, RecursionError, LookupError, AttributeError):
        pass  # or not understood
    return program.output, "", 0


class _Program:
    def __init__(self, shell: ShellState, argv: tuple[str, ...] = ()) -> None:
        self.output = ""
        self.outputs: Mapping[str, str] = {}
        """What the command lines print that the program reads from, by the line."""
        self._shell = shell
        self._steps = 0
        self._names: dict[str, Any] = {}
        machine, user = shell.machine, shell.user
        self._modules: dict[str, dict[str, Any]] = {
            "os": {"getuid": user.uid, "geteuid": user.uid, "getcwd": shell.cwd, "getpid": shell.pid, "name": "posix",
                   "path": ("module", "os.path"), "sep": "/", "linesep": "\n",
                   "cpu_count": machine.persona.hardware.cores, "getlogin": user.name},
            "platform": {"system": "Linux", "machine": machine.persona.machine, "node": machine.hostname,
                         "release": machine.persona.kernel,
                         "python_version": "3.11.2", "architecture": ("64bit", "ELF"),
                         "platform": f"Linux-{machine.persona.kernel}-{machine.persona.machine}-with-glibc2.36"},
            "os.path": {},
            "socket": {"gethostname": machine.hostname},
            "sys": {"version": "3.11.2 (main, Mar 13 2023, 12:18:29) [GCC 12.2.0]",
                    "version_info": (3, 11, 2, "final", 0),
                    "platform": "linux", "executable": "/usr/bin/python3", "byteorder": "little",
                    "maxsize": (1 << 63) - 1, "argv": ["-c", *argv[:16]]},
            "time": {"time": float(shell.now)},
            "getpass": {"getuser": user.name},
        }  # fmt: skip

    def _step(self) -> None:
        self._steps += 1
        if self._steps > MAX_STEPS:
            raise NotUnderstoodError

    def run(self, statement: ast.stmt) -> None:
        self._step()
        if isinstance(statement, ast.Import):
            self._import(statement)
        elif isinstance(statement, ast.Expr):
            self.value(statement.value)
        elif isinstance(statement, ast.Assign):
            self._assign(statement.targets[0], self.value(statement.value))
        elif isinstance(statement, ast.AugAssign) and isinstance(statement.target, ast.Name):
            name = ast.Name(statement.target.id)
            self._names[name.id] = self.value(ast.BinOp(name, statement.op, statement.value))
        elif isinstance(statement, ast.For) and isinstance(statement.target, ast.Name):
            for item in list(self.value(statement.iter))[:MAX_ITEMS]:
                self._names[statement.target.id] = item
                for inner in statement.body:
                    self.run(inner)
        elif isinstance(statement, ast.If):
            for inner in statement.body if self.value(statement.test) else statement.orelse:
                self.run(inner)
        else:
            raise NotUnderstoodError

    def _assign(self, target: ast.expr, value: Any) -> None:
        """Assign to a name, to several, or to an element."""
        if isinstance(target, ast.Name):
            self._names[target.id] = value
            return
        if isinstance(target, ast.Tuple) and isinstance(value, list | tuple | str) and len(target.elts) == len(value):
            for one, part in zip(target.elts, value, strict=True):
                if not isinstance(one, ast.Name):
                    raise NotUnderstoodError
                self._names[one.id] = part
            return
        if not isinstance(target, ast.Subscript) or isinstance(target.slice, ast.Slice):
            raise NotUnderstoodError
        owner, key = self.value(target.value), self.value(target.slice)
        if not isinstance(owner, list | dict) or len(owner) >= MAX_ITEMS or not isinstance(value, PLAIN):
            raise NotUnderstoodError
        owner[key] = value

    def _import(self, statement: ast.Import) -> None:
        for alias in statement.names:
            package = alias.name.partition(".")[0]
            if package not in (*self._modules, *_OTHER_MODULES):
                raise _RaisedError(f"ModuleNotFoundError: No module named '{alias.name[:64]}'")
            self._names[alias.asname or package] = ("module", alias.name if alias.asname else package)

    def value(self, node: ast.expr) -> Any:
        self._step()
        method = getattr(self, f"_v_{type(node).__name__}", None)
        if method is None:
            raise NotUnderstoodError
        found = method(node)
        if not is_small(found):
            raise NotUnderstoodError
        return found

    def _v_Constant(self, node: ast.Constant) -> Any:  # noqa: N802  # ast's names
        return node.value

    def _v_Name(self, node: ast.Name) -> Any:  # noqa: N802
        if node.id not in self._names:
            raise (
                NotUnderstoodError
                if node.id in _BUILTINS
                else _RaisedError(f"NameError: name '{node.id}' is not defined")
            )
        return self._names[node.id]

    def _v_List(self, node: ast.List) -> Any:  # noqa: N802
        return [self.value(one) for one in node.elts[:MAX_ITEMS]]

    def _v_Dict(self, node: ast.Dict) -> Any:  # noqa: N802
        if len(node.keys) > MAX_ITEMS or None in node.keys:
            raise NotUnderstoodError
        pairs = zip(node.keys, node.values, strict=True)
        return {self.value(key): self.value(value) for key, value in pairs if key is not None}

    def _v_IfExp(self, node: ast.IfExp) -> Any:  # noqa: N802
        return self.value(node.body if self.value(node.test) else node.orelse)

    def _v_BoolOp(self, node: ast.BoolOp) -> Any:  # noqa: N802
        found: Any = None
        for one in node.values:
            found = self.value(one)
            if bool(found) != isinstance(node.op, ast.And):
                break
        return found

    def _v_Tuple(self, node: ast.Tuple) -> Any:  # noqa: N802
        return tuple(self.value(one) for one in node.elts[:MAX_ITEMS])

    def _v_ListComp(self, node: ast.ListComp) -> Any:  # noqa: N802
        loop = node.generators[0]
        if len(node.generators) > 1 or not isinstance(loop.target, ast.Name):
            raise NotUnderstoodError
        found = []
        for item in list(self.value(loop.iter))[:MAX_ITEMS]:
            self._names[loop.target.id] = item
            if all(self.value(test) for test in loop.ifs):
                found.append(self.value(node.elt))
        return found

    def _v_GeneratorExp(self, node: ast.GeneratorExp) -> Any:  # noqa: N802
        return self._v_ListComp(ast.ListComp(node.elt, node.generators))

    def _v_JoinedStr(self, node: ast.JoinedStr) -> Any:  # noqa: N802
        return "".join(str(self.value(one)) for one in node.values[:MAX_ITEMS])[: MAX_VALUE + 1]

    def _v_FormattedValue(self, node: ast.FormattedValue) -> Any:  # noqa: N802
        spec = "" if node.format_spec is None else str(self.value(node.format_spec))
        return formatted(self.value(node.value), spec, chr(node.conversion) if node.conversion > 0 else "")

    def _v_BinOp(self, node: ast.BinOp) -> Any:  # noqa: N802
        left, right = self.value(node.left), self.value(node.right)
        large = isinstance(node.op, ast.Pow | ast.Mult | ast.LShift) and any(
            isinstance(one, int) and abs(one) > MAX_VALUE for one in (left, right)
        )
        if type(node.op) not in _BINARY or (large and not all(isinstance(one, int | float) for one in (left, right))):
            raise NotUnderstoodError
        if isinstance(node.op, ast.Pow) and (not isinstance(right, int) or abs(right) > 200 or abs(left) > MAX_VALUE):
            raise NotUnderstoodError
        if isinstance(node.op, ast.Mult) and not _may_multiply(left, right):
            raise NotUnderstoodError
        if isinstance(node.op, ast.Mod) and isinstance(left, bytes):
            raise NotUnderstoodError
        if isinstance(node.op, ast.Mod) and isinstance(left, str):
            return percent(left, right)
        if isinstance(node.op, ast.Div | ast.FloorDiv | ast.Mod) and not right:
            raise _RaisedError("ZeroDivisionError: division by zero")
        return _BINARY[type(node.op)](left, right)

    def _v_Compare(self, node: ast.Compare) -> Any:  # noqa: N802
        compare = _COMPARISONS.get(type(node.ops[0]))
        if compare is None or len(node.ops) > 1:
            raise NotUnderstoodError
        return compare(self.value(node.left), self.value(node.comparators[0]))

    def _v_UnaryOp(self, node: ast.UnaryOp) -> Any:  # noqa: N802
        value = self.value(node.operand)
        return -value if isinstance(node.op, ast.USub) else not value if isinstance(node.op, ast.Not) else value

    def _v_Subscript(self, node: ast.Subscript) -> Any:  # noqa: N802
        value = self.value(node.value)
        if isinstance(node.slice, ast.Slice):
            ends = (
                None if one is None else self.value(one)
                for one in (node.slice.lower, node.slice.upper, node.slice.step)
            )
            return value[slice(*ends)]
        return value[self.value(node.slice)]

    def _v_Attribute(self, node: ast.Attribute) -> Any:  # noqa: N802
        owner = self.value(node.value)
        if not (isinstance(owner, tuple) and owner[:1] == ("module",)):
            raise NotUnderstoodError
        values = self._modules.get(owner[1], {})
        if node.attr not in values:
            raise NotUnderstoodError
        return values[node.attr]

    def _v_Call(self, node: ast.Call) -> Any:  # noqa: N802
        if isinstance(node.func, ast.Name):
            if node.func.id in ("exit", "quit"):
                raise _ExitError(self.value(node.args[0]) if node.args else None)
            return self._built_in(node.func.id, [self.value(one) for one in node.args[:MAX_ITEMS]], node.keywords)
        if isinstance(node.func, ast.Attribute):
            if node.func.attr in ("exit", "_exit") and isinstance(node.func.value, ast.Name):
                raise _ExitError(self.value(node.args[0]) if node.args else None)
            return self._method(node.func, [self.value(one) for one in node.args[:8]])
        raise NotUnderstoodError

    def _built_in(self, name: str, values: list[Any], keywords: list[ast.keyword]) -> Any:
        if name == "print":
            named = {one.arg: self.value(one.value) for one in keywords}
            text = str(named.get("sep", " ")).join(map(str, values)) + str(named.get("end", "\n"))
            self.output = (self.output + text)[: 4 * MAX_VALUE]
            return None
        if name == "open" and values and isinstance(values[0], str):
            return self._file(values[0])
        if name == "range":
            return list(range(*values))[:MAX_ITEMS] if len(range(*values)) <= MAX_ITEMS else list(range(MAX_ITEMS))
        if name not in FUNCTIONS:
            raise (
                NotUnderstoodError
                if name in ("exec", "eval", "open", "__import__")
                else _RaisedError(f"NameError: name '{name[:64]}' is not defined")
            )
        return FUNCTIONS[name](*values)

    def _file(self, path: str) -> tuple[str, str]:
        """Return what `open` gives: the beginning of a file of the machine."""
        try:
            content = self._shell.files.read(path, self._shell.access)
        except FileSystemError as error:
            raise _RaisedError.of_file(path, error) from None
        return "file", decode(piece_of(content, 0, MAX_VALUE))

    def _method(self, function: ast.Attribute, values: list[Any]) -> Any:
        owner = self.value(function.value)
        if isinstance(owner, tuple) and owner[:1] == ("file",):
            lines = str(owner[1]).splitlines(keepends=True)
            return {"read": owner[1], "readlines": lines[:MAX_ITEMS], "readline": (lines or [""])[0]}.get(function.attr)
        if owner in (("module", "os"), ("module", "os.path")) and all(isinstance(one, str) for one in values):
            return self._of_os(function, values)
        if owner == ("module", "base64") and values and function.attr in ("b64decode", "b64encode"):
            given = values[0].encode() if isinstance(values[0], str) else values[0]
            return base64.b64decode(given) if function.attr == "b64decode" else base64.b64encode(given)
        if isinstance(owner, bytes) and function.attr == "decode" and not values:
            return owner.decode()
        if isinstance(owner, tuple) and owner[:1] == ("module",):
            return self._v_Attribute(function)
        if function.attr == "encode" and values not in ([], ["utf-8"], ["ascii"]):
            raise NotUnderstoodError
        return method(owner, function.attr, values)

    def _of_os(self, function: ast.Attribute, values: list[str]) -> Any:
        if function.attr == "popen" and values and values[0] in self.outputs:
            return "file", self.outputs[values[0]]
        if function.attr == "listdir":
            return self._listed(values[0] if values else ".")
        return self._path(function.attr, values) if values else self._v_Attribute(function)

    def _listed(self, path: str) -> list[str]:
        try:
            return self._shell.files.names(path, self._shell.access)[:MAX_ITEMS]
        except FileSystemError as error:
            raise _RaisedError.of_file(path, error) from None

    def _path(self, name: str, values: list[str]) -> Any:
        """Return what a function of os.path says."""
        if name in ("basename", "dirname", "join", "splitext"):
            return getattr(posixpath, name)(*values)
        if name not in ("exists", "isfile", "isdir"):
            raise NotUnderstoodError
        try:
            kind = self._shell.files.stat(values[0], self._shell.access).kind
        except FileSystemError:
            return False
        return name == "exists" or kind == ("dir" if name == "isdir" else "file")


def _may_multiply(left: Any, right: Any) -> bool:
    """Return whether a text or list is not repeated more often than is kept."""
    for one, times in ((left, right), (right, left)):
        if isinstance(one, str | bytes | list | tuple):
            return isinstance(times, int) and len(one) * times <= MAX_VALUE
    return True


_OTHER_MODULES = frozenset(
    ("base64", "codecs", "hashlib", "http", "json", "pty", "random", "re", "resource", "select", "shutil", "signal",
     "ssl", "string", "struct", "subprocess", "tempfile", "threading", "urllib", "uuid", "zlib")
)  # fmt: skip
