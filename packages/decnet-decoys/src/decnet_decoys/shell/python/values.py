# SPDX-License-Identifier: MIT
"""Values of a Python program: those of Python itself where they are plain, classes of ours for what could run.

What an operation may cost is bounded by what it is given: texts, containers and numbers have a largest size, and what
looks into containers of containers weighs them first, since one list may stand in another many times.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from datetime import date, timedelta, timezone
from typing import Any

from decnet_decoys.errors import DecoysError
from decnet_decoys.shell.control_flow import PythonExit
from decnet_decoys.shell.effects import Steps, turn

MAX_TEXT = 1 << 16
"""Characters of a text, bytes of a byte string."""
MAX_ITEMS = 5000
"""Of a list, mapping or set."""
MAX_BITS = 1 << 13
"""Of a whole number: its decimal digits are computed in less than a millisecond."""
MAX_WEIGHT = 4000
"""Values, and sixteenths of characters, of what is compared, shown or sorted at once."""
MAX_SHOWN_DEPTH = 20
MAX_LINEAGE = 64
"""Classes that one is derived from."""
PLAIN = (str, bytes, int, float, complex, type(None))


class NotPlayedError(DecoysError):
    """What is asked for is not played; the program ends as if it had nothing more to say."""


class RaisedError(DecoysError):
    """An exception of the program is on its way: one of Python's own, or an Instance."""

    def __init__(self, value: Any) -> None:
        super().__init__()
        self.value = value


def bare(error: BaseException) -> BaseException:
    """Return an error as a value of the program: without the frames of ours that it would keep."""
    error.__traceback__ = error.__context__ = error.__cause__ = None
    return error


def left_by(value: Any) -> PythonExit:
    """Return how a program leaves by sys.exit; raises MemoryError of the program for what is too large to show."""
    return PythonExit(value if value is None or isinstance(value, int) else text_of(value))


class Scope:
    """Names of a function or of the module, and where others are looked for."""

    def __init__(self, outer: Scope | None = None) -> None:
        self.names: dict[str, Any] = {}
        self.outer = outer
        self.elsewhere: dict[str, Scope] = {}
        """Names that are another scope's: `global` and `nonlocal`."""
        self.owner: Class | None = None
        """The class of the method that runs."""
        self.first: Any = None
        """What that method was called with first."""

    def find(self, name: str) -> Scope | None:
        at: Scope | None = self
        while at is not None:
            if name in at.names:
                return at
            at = at.outer
        return None


class Shown:
    """A value of ours: nothing that Python itself makes of it, an error's text for one, may tell what it really is."""

    def __repr__(self) -> str:
        return _represented(self, 1)


class Function(Shown):
    def __init__(self, name: str, arguments: ast.arguments, body: list[ast.stmt] | ast.expr, scope: Scope) -> None:
        self.name, self.arguments, self.body, self.scope = name, arguments, body, scope
        self.defaults: list[Any] = []
        self.keyword_defaults: dict[str, Any] = {}
        self.owner: Class | None = None
        self.static = ""
        """Whether it was made a staticmethod, classmethod or property."""
        self.yields = _yields(arguments, body)


def _yields(arguments: ast.arguments, body: list[ast.stmt] | ast.expr) -> bool:
    """Return whether a function is a generator; kept with its syntax, for a loop may define it often."""
    known = vars(arguments)
    if "yields" not in known:
        known["yields"] = not isinstance(body, ast.expr) and any(
            isinstance(node, ast.Yield | ast.YieldFrom) for statement in body for node in ast.walk(statement)
        )
    return bool(known["yields"])


class Class(Shown):
    def __init__(self, name: str, bases: list[Any], names: dict[str, Any]) -> None:
        self.name, self.bases, self.names = name, bases, names
        self.lineage = self._lineage()
        """Itself and what it is derived from, each once: by ways through bases there would be too many to follow."""

    def _lineage(self) -> tuple[Any, ...]:
        found: dict[int, Any] = {id(self): self}
        for base in self.bases[:MAX_LINEAGE]:
            for one in base.lineage if isinstance(base, Class) else (base,):
                found.setdefault(id(one), one)
        return tuple(found.values())[:MAX_LINEAGE]

    def find(self, name: str) -> Any:
        """Return an attribute of the class or of those it is made from; None without one."""
        return next((one.names[name] for one in self.lineage if isinstance(one, Class) and name in one.names), None)

    def native(self) -> type[BaseException] | None:
        """Return the exception of Python's own that it is derived from."""
        return next((one for one in self.lineage if isinstance(one, type) and issubclass(one, BaseException)), None)

    def within(self, other: object) -> bool:
        """Return whether it is `other` or derived from it."""
        return any(one is other or _derived(one, other) for one in self.lineage)


def _derived(base: object, other: object) -> bool:
    return isinstance(base, type) and isinstance(other, type) and issubclass(base, other)


class Instance(Shown):
    def __init__(self, kind: Class) -> None:
        self.kind = kind
        self.names: dict[str, Any] = {}
        self.args: tuple[Any, ...] = ()


class Module(Shown):
    def __init__(self, name: str, names: dict[str, Any]) -> None:
        self.name, self.names = name, names


class Native(Shown):
    """A function of ours; `play` is given the program and the arguments, and may be a generator of effects."""

    def __init__(self, name: str, play: Callable[..., Any]) -> None:
        self.name, self.play = name, play


class NativeKind(Native):
    """A type of a module of ours: calling it makes a value, and its names are other ways to make one."""

    def __init__(self, name: str, play: Callable[..., Any], names: dict[str, Any]) -> None:
        super().__init__(name, play)
        self.names = names


class Method(Shown):
    """A function with the value that it was taken from."""

    def __init__(self, owner: Any, function: Any) -> None:
        self.owner, self.function = owner, function


class Record(Shown):
    """An object of a module whose attributes are shown as they are, such as what subprocess.run returns."""

    def __init__(self, title: str, names: dict[str, Any]) -> None:
        self.title, self.names = title, names


_WITH_ITEMS = frozenset(("Counter", "sys.version_info", "uname_result", "pwd.struct_passwd", "time.struct_time"))


def contents(value: Any) -> Any:
    """Return the tuple or dict that a Record of a module stands for where it is compared, counted or gone through."""
    if isinstance(value, Record) and value.title in _WITH_ITEMS:
        return value.names.get("__items__", value)
    return value


def weighed(*values: Any) -> None:
    """Raise MemoryError if what is to be looked into is large in all."""
    pending, weight = list(values), 0
    while pending:
        one = pending.pop()
        weight += 1
        if isinstance(one, str | bytes):
            weight += len(one) >> 4
        elif isinstance(one, dict):
            weight += len(one)
            if weight <= MAX_WEIGHT:
                pending += one
                pending += one.values()
        elif isinstance(one, list | tuple | set | frozenset):
            weight += len(one)
            if weight <= MAX_WEIGHT:
                pending += one
        elif isinstance(one, BaseException | Instance):
            pending.append((*one.args, one.filename if isinstance(one, OSError) else None))
        elif isinstance(one, int):
            weight += one.bit_length() >> 8
        if weight > MAX_WEIGHT:
            raise RaisedError(MemoryError())


def merged(into: dict[Any, Any], pairs: Any) -> Steps[dict[Any, Any]]:
    """Put each pair into a mapping, with a turn after each: the keys may have been chosen to collide."""
    if not isinstance(pairs, dict | list):
        raise TypeError(f"'{kind_name(pairs)}' object is not a mapping")
    for key, value in list(pairs.items() if isinstance(pairs, dict) else pairs):
        into[hashed(key)] = value
        yield from turn()
    return into


def gathered(into: set[Any], values: list[Any]) -> Steps[set[Any]]:
    """Put values into a set, likewise."""
    for one in values:
        into.add(hashed(one))
        yield from turn()
    return into


def hashed(key: Any) -> Any:
    """Return a key of a mapping after it was weighed; raises TypeError for one that cannot be one."""
    weighed(key)
    hash(key)
    return key


def bounded(value: Any) -> Any:
    """Return a value unless it is larger than one may be; raises MemoryError of the program."""
    if isinstance(value, str | bytes):
        large = len(value) > MAX_TEXT
    elif isinstance(value, int):
        large = value.bit_length() > MAX_BITS
    else:
        large = isinstance(value, list | tuple | dict | set | frozenset) and len(value) > MAX_ITEMS
    if large:
        raise RaisedError(MemoryError())
    return value


def kind_name(value: Any) -> str:
    """Return the name of a value's type."""
    if isinstance(value, Instance):
        return value.kind.name
    if isinstance(value, Function):
        return "function"
    if isinstance(value, Class):
        return "type"
    if isinstance(value, Native):
        return "builtin_function_or_method"
    if isinstance(value, Record):
        return value.title
    return "module" if isinstance(value, Module) else "method" if isinstance(value, Method) else type(value).__name__


def type_of(value: Any) -> Any:
    """Return what type() does."""
    return value.kind if isinstance(value, Instance) else type if isinstance(value, Class) else type(value)


_DATED = (date, timedelta, timezone)


def text_of(value: Any) -> str:
    """Return a value as text, where nothing of the program is called for it; raises MemoryError of the program."""
    return value if isinstance(value, str) else str(value) if isinstance(value, _DATED) else represented(value)


def path_of(value: Any) -> Any:
    """Return the text of a path of pathlib, and any other value as it is."""
    return value.names.get("_path", value) if isinstance(value, Instance) else value


def represented(value: Any) -> str:
    """Return a value as repr shows it."""
    weighed(value)
    return _represented(value, 0)


def _represented(value: Any, depth: int) -> str:
    if depth > MAX_SHOWN_DEPTH:
        return "..."
    for kinds, show in _SHOWN:
        if isinstance(value, kinds):
            return show(value, depth + 1)
    return repr(value)


def _joined(values: Iterable[Any], depth: int) -> str:
    return ", ".join(_represented(one, depth) for one in values)


def _shown_tuple(value: tuple[Any, ...], depth: int) -> str:
    return f"({_joined(value, depth)}{',' if len(value) == 1 else ''})"


def _shown_dict(value: dict[Any, Any], depth: int) -> str:
    pairs = (f"{_represented(key, depth)}: {_represented(one, depth)}" for key, one in value.items())
    return f"{{{', '.join(pairs)}}}"


def _shown_set(value: set[Any] | frozenset[Any], depth: int) -> str:
    inner = f"{{{_joined(value, depth)}}}" if value else ""
    return inner if inner and isinstance(value, set) else f"{type(value).__name__}({inner})"


def _shown_instance(value: Instance, depth: int) -> str:
    if value.kind.native() is not None:
        return f"{value.kind.name}({_joined(value.args, depth)})"
    return f"<__main__.{value.kind.name} object at {_ADDRESS}>"


def _shown_record(value: Record, _depth: int) -> str:
    shown = value.names.get("__repr__")
    return shown if isinstance(shown, str) else f"<{value.title} object at {_ADDRESS}>"


_ADDRESS = "0x7f8a4c3e1d90"
_SHOWN: tuple[tuple[Any, Callable[[Any, int], str]], ...] = (
    (list, lambda value, depth: f"[{_joined(value, depth)}]"),
    (tuple, _shown_tuple),
    (dict, _shown_dict),
    ((set, frozenset), _shown_set),
    (Instance, _shown_instance),
    (Record, _shown_record),
    (BaseException, lambda value, depth: f"{type(value).__name__}({_joined(value.args, depth)})"),
    (Class, lambda value, _depth: f"<class '__main__.{value.name}'>"),
    (Module, lambda value, _depth: f"<module '{value.name}' (built-in)>"),
    ((Function, Native), lambda value, _depth: f"<function {value.name} at {_ADDRESS}>"),
    (Method, lambda _value, _depth: f"<bound method at {_ADDRESS}>"),
)


def _named_as_what_they_play() -> None:
    """Give our kinds of values the names of Python's, which Python's own error messages take from them."""
    names: dict[type, str] = {
        Function: "function", Native: "builtin_function_or_method", Method: "method", Module: "module",
        Record: "object", Class: "type", Instance: "object",
    }  # fmt: skip
    for kind, name in names.items():
        kind.__name__ = kind.__qualname__ = name
        kind.__module__ = "builtins"


_named_as_what_they_play()


def matches(value: Any, wanted: Any) -> bool:
    """Return whether a value is an instance of a type, or of one of several."""
    if isinstance(wanted, tuple):
        return any(matches(value, one) for one in wanted[:64] if not isinstance(one, tuple))
    if isinstance(value, Instance):
        return value.kind.within(wanted) or wanted is object
    return isinstance(wanted, type) and isinstance(value, wanted)
