# SPDX-License-Identifier: MIT
"""Functions that every Python program has, and the files that it opens."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable, Iterator
from typing import Any

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.effects import AskLine, Steps, turn
from decnet_decoys.shell.encoding import decode
from decnet_decoys.shell.machine.fs_errors import FileSystemError
from decnet_decoys.shell.machine.tree import piece_of
from decnet_decoys.shell.python.expressions import Expressions
from decnet_decoys.shell.python.files import WrittenFile, read_file
from decnet_decoys.shell.python.formats import formatted
from decnet_decoys.shell.python.methods import in_order
from decnet_decoys.shell.python.operators import may_compute
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
    bounded,
    contents,
    gathered,
    kind_name,
    left_by,
    matches,
    merged,
    path_of,
    represented,
    text_of,
    type_of,
    weighed,
)

MAX_FILES = 32
MAX_POWER_BITS = 1024
"""Of the numbers of pow() with a modulus: it takes some milliseconds."""
MAX_COLUMNS = 20_000
"""Values of all sources of `zip` and `map`."""
MAX_DIGITS = 400
_TYPES: dict[str, type] = {
    one.__name__: one
    for one in (str, int, float, bool, complex, bytes, list, tuple, dict, set, frozenset, range, object, type)
}
_TYPES["bytearray"] = bytes
_EXCEPTIONS = {
    name: one for name, one in vars(builtins).items() if isinstance(one, type) and issubclass(one, BaseException)
}
_TYPES |= _EXCEPTIONS
_CALLABLE = (Function, Native, Class, Method, type)


class Builtins(Expressions):
    """Adds to the expressions what their names mean without an import."""

    def __init__(self, call: Call) -> None:
        super().__init__(call)
        self._open: list[WrittenFile] = []

    def built_in(self, name: str) -> Any:
        if name in _TYPES:
            return _TYPES[name]
        play = _FUNCTIONS.get(name)
        return None if play is None else Native(name, play)

    def save_files(self) -> Steps[None]:
        """Write what was written to files that are open."""
        for one in self._open:
            yield from one.save(self)

    def opened(self, path: Any, mode: Any = "r", *_others: Any, **_named: Any) -> Record:
        """Return what `open` gives; raises OSError of the program."""
        path = path_of(path)
        if not isinstance(path, str) or not isinstance(mode, str):
            raise TypeError(f"expected str, bytes or os.PathLike object, not {kind_name(path)}")
        shell = self.call.shell
        try:
            if "r" in mode and "+" not in mode:
                data = piece_of(shell.content(path), 0, MAX_TEXT)
                self.count_made(2 * len(data))
                return read_file(path, data, binary="b" in mode)
            shell.files.write(path, b"", shell.access, append="w" not in mode)
        except FileSystemError as error:
            raise RaisedError(os_error(error, path)) from error
        if len(self._open) >= MAX_FILES:
            raise RaisedError(OSError(24, "Too many open files", path))
        file = WrittenFile(path)
        self._open.append(file)
        return file.record(mode)

    def construct(self, kind: type, args: list[Any], named: dict[str, Any]) -> Steps[Any]:
        """Return what calling a type gives."""
        if issubclass(kind, BaseException):
            return ValueError(*args[:3]) if issubclass(kind, UnicodeError) else kind(*args[:3])
        if kind is str:
            decoded = isinstance(args[0], bytes) and (len(args) > 1 or named) if args else False
            return args[0].decode() if decoded else (yield from self.text(args[0])) if args else ""
        if kind in (list, tuple, set, frozenset, dict):
            return (yield from self._collected(kind, args, named))
        if kind is bytes:
            several = bool(args) and isinstance(args[0], list | tuple | range)
            return bytes((yield from self.items(args[0]))) if several else _bytes(args)
        return _number(kind, args, named)

    def _collected(self, kind: type, args: list[Any], named: dict[str, Any]) -> Steps[Any]:
        if kind is dict:
            made: dict[Any, Any] = {}
            for one in args[:1]:
                yield from merged(made, one if isinstance(one, dict) else (yield from self.items(one)))
            return made | named
        found = (yield from self.items(args[0])) if args else []
        return kind(found if kind in (list, tuple) else (yield from gathered(set(), found)))


def _number(kind: type, args: list[Any], named: dict[str, Any]) -> Any:
    """Return what int, float and the like make of what they are given; or type and object."""
    if kind is type:
        return type_of(args[0])
    if kind is object:
        return Record("object", {})
    if kind not in (int, float, bool, complex, range):
        raise NotPlayedError
    if args and isinstance(args[0], str | bytes) and len(args[0]) > MAX_DIGITS:
        raise ValueError("Exceeds the limit (4300 digits) for integer string conversion")
    if args and isinstance(args[0], list | dict | Instance | Record) and kind is not bool:
        wanted = "a string, a bytes-like object or a real number"
        raise TypeError(f"{kind.__name__}() argument must be {wanted}, not '{kind_name(args[0])}'")
    return kind(*args, **named)


def _bytes(args: list[Any]) -> bytes:
    if not args:
        return b""
    if isinstance(args[0], str):
        if len(args) < 2:
            raise TypeError("string argument without an encoding")
        return args[0].encode("latin-1" if text_of(args[1]).startswith(("latin", "iso")) else "utf-8")
    if isinstance(args[0], int) and args[0] > MAX_TEXT:
        raise RaisedError(MemoryError())
    return bytes(args[0])


def _print(
    program: Builtins, *values: Any, sep: Any = " ", end: Any = "\n", file: Any = None, flush: Any = False
) -> Steps[None]:
    between = " " if sep is None else text_of(sep)
    pieces, size = [], 0
    for one in values:
        piece = yield from program.text(one)
        yield from turn()
        size += len(piece) + len(between)
        if size > MAX_TEXT:
            raise RaisedError(MemoryError())
        pieces.append(piece)
    text = between.join(pieces) + ("\n" if end is None else text_of(end))
    if isinstance(file, Record) and isinstance(file.names.get("write"), Native):
        yield from program.called(file.names["write"], [text], {})
        return
    program.print_out(text)
    if flush:
        program.write_out()


def _input(program: Builtins, prompt: Any = "") -> Steps[str]:
    program.print_out(text_of(prompt))
    program.write_out()
    stdin = program.call.stdin
    given = stdin.line() if stdin is not None else (yield AskLine(text_of(prompt)[:256]))
    if given is None:
        raise RaisedError(EOFError("EOF when reading a line"))
    return decode(given)[:MAX_TEXT]


def _open(program: Builtins, path: Any, mode: Any = "r", *others: Any, **named: Any) -> Record:
    return program.opened(path, mode, *others, **named)


def _columns(program: Builtins, sources: tuple[Any, ...]) -> Steps[list[list[Any]]]:
    """Return what several loops would go over; raises MemoryError of the program if that is much in all."""
    found: list[list[Any]] = []
    left = MAX_COLUMNS
    for one in sources:
        found.append((yield from program.items(one)))
        left -= len(found[-1])
        if left < 0:
            raise RaisedError(MemoryError())
    return found


def _map(program: Builtins, function: Any, *sources: Any) -> Steps[list[Any]]:
    found: list[Any] = []
    columns = yield from _columns(program, sources)
    for values in zip(*columns, strict=False):
        found.append((yield from program.called(function, list(values), {})))  # noqa: PERF401
    return found


def _filter(program: Builtins, function: Any, source: Any) -> Steps[list[Any]]:
    found = []
    for one in (yield from program.items(source)):
        if one if function is None else (yield from program.called(function, [one], {})):
            found.append(one)  # noqa: PERF401
    return found


def _enumerate(program: Builtins, source: Any, start: int = 0) -> Steps[list[Any]]:
    return list(enumerate((yield from program.items(source)), start))


def _zip(program: Builtins, *sources: Any) -> Steps[list[Any]]:
    columns = yield from _columns(program, sources)
    return list(zip(*columns, strict=False))


def _sorted(program: Builtins, source: Any, **named: Any) -> Steps[list[Any]]:
    return (yield from in_order(program, (yield from program.items(source)), named))


def _reversed(program: Builtins, source: Any) -> Steps[list[Any]]:
    return (yield from program.items(source))[::-1]


def _sum(program: Builtins, source: Any, start: Any = 0) -> Steps[Any]:
    total = start
    for one in (yield from program.items(source)):
        if not isinstance(one, int | float | complex):
            raise TypeError(f"unsupported operand type(s) for +: '{kind_name(total)}' and '{kind_name(one)}'")
        total += one
    return total


def _most(choose: Callable[..., Any]) -> Callable[..., Any]:
    def play(program: Builtins, *values: Any, key: Any = None, **named: Any) -> Steps[Any]:
        given = list(values) if len(values) != 1 else (yield from program.items(values[0]))
        weighed(given)
        if not given and "default" in named:
            return named["default"]
        if key is None:
            return choose(given)
        keys = []
        for one in given:
            keys.append((yield from program.called(key, [one], {})))  # noqa: PERF401
        weighed(keys)
        return given[keys.index(choose(keys))]

    return play


def _tested(choose: Callable[..., Any]) -> Callable[..., Any]:
    def play(program: Builtins, source: Any) -> Steps[Any]:
        return choose((yield from program.items(source)))

    return play


def _len(_program: Builtins, value: Any) -> int:
    value = contents(value)
    if isinstance(value, Instance | Record) or not hasattr(value, "__len__"):
        raise TypeError(f"object of type '{kind_name(value)}' has no len()")
    return len(value)


def _getattr(program: Builtins, owner: Any, name: Any, *default: Any) -> Any:
    try:
        return program.attribute(owner, text_of(name))
    except RaisedError:
        if default:
            return default[0]
        raise


def _hasattr(program: Builtins, owner: Any, name: Any) -> bool:
    try:
        program.attribute(owner, text_of(name))
    except RaisedError:
        return False
    return True


def _setattr(_program: Builtins, owner: Any, name: Any, value: Any) -> None:
    if not isinstance(owner, Instance | Class) or len(owner.names) > MAX_ITEMS:
        raise TypeError("cannot set attribute")
    owner.names[text_of(name)] = value


def _exit(_program: Builtins, value: Any = None) -> None:
    raise left_by(value)


def _exec(program: Any, source: Any, *_scopes: Any) -> Steps[Any]:
    return (
        yield from program.evaluated(decode(source) if isinstance(source, bytes) else text_of(source), statements=True)
    )


def _eval(program: Any, source: Any, *_scopes: Any) -> Steps[Any]:
    return (
        yield from program.evaluated(decode(source) if isinstance(source, bytes) else text_of(source), statements=False)
    )


def _format(program: Builtins, value: Any, spec: str = "") -> Steps[str]:
    return (yield from formatted(program, value, spec))


def _import(program: Any, name: Any, *_others: Any) -> Any:
    return program.module(text_of(name).partition(".")[0])


def _iter(program: Builtins, source: Any) -> Steps[Record]:
    left = program.kept((yield from program.items(source)))
    return Record("list_iterator", {"left": left, "__iter__": Native("__iter__", lambda _program: left)})


def _next(_program: Builtins, source: Any, *default: Any) -> Any:
    left = source if isinstance(source, list) else source.names.get("left") if isinstance(source, Record) else None
    if not isinstance(left, list):
        raise TypeError(f"'{kind_name(source)}' object is not an iterator")
    if left:
        return left.pop(0)
    if default:
        return default[0]
    raise RaisedError(StopIteration())


def _pow(_program: Builtins, base: Any, exponent: Any, *modulus: Any) -> Any:
    if modulus and all(
        isinstance(one, int) and one.bit_length() <= MAX_POWER_BITS for one in (base, exponent, *modulus)
    ):
        return pow(base, exponent, modulus[0])
    if isinstance(base, int) and isinstance(exponent, int):
        may_compute(ast.Pow, base, exponent)
    elif not isinstance(exponent, int) or not -64 <= exponent <= 512 or not isinstance(base, int | float):
        raise NotPlayedError
    return base**exponent


def _round(_program: Builtins, value: Any, digits: Any = None) -> Any:
    if isinstance(digits, int) and abs(digits) > MAX_DIGITS:
        raise NotPlayedError
    return round(value, digits)


def _hash(_program: Builtins, value: Any) -> int:
    weighed(value)
    return hash(value) & 0xFFFFFFFF


def _plain(function: Callable[..., Any]) -> Callable[..., Any]:
    def play(_program: Builtins, *args: Any) -> Any:
        return bounded(function(*args))

    return play


def _repr(program: Builtins, value: Any) -> Steps[str]:
    return (yield from program.repr(value))


def _issubclass(_program: Builtins, one: Any, kind: Any) -> bool:
    if not isinstance(one, type | Class):
        raise TypeError("issubclass() arg 1 must be a class")
    kinds = [other for other in (kind if isinstance(kind, tuple) else (kind,))[:64] if isinstance(other, type | Class)]
    if isinstance(one, Class):
        return any(map(one.within, kinds))
    return any(isinstance(other, type) and issubclass(one, other) for other in kinds)


def _names(program: Builtins) -> dict[str, Any]:
    return dict(program.globals.names)


def _dir(program: Builtins, *owner: Any) -> list[str]:
    if not owner:
        return sorted(program.scope.names)
    names: Iterator[str] = iter(getattr(owner[0], "names", {}))
    return sorted(names)


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "print": _print, "input": _input, "open": _open, "len": _len, "map": _map, "filter": _filter,
    "enumerate": _enumerate, "zip": _zip, "sorted": _sorted, "reversed": _reversed, "sum": _sum, "min": _most(min),
    "max": _most(max), "any": _tested(any), "all": _tested(all), "getattr": _getattr, "hasattr": _hasattr,
    "setattr": _setattr, "exit": _exit, "quit": _exit, "exec": _exec, "eval": _eval, "format": _format,
    "__import__": _import, "iter": _iter, "next": _next, "pow": _pow, "round": _round, "hash": _hash, "repr": _repr,
    "ascii": lambda _program, value: ascii(represented(value)), "chr": _plain(chr), "ord": _plain(ord),
    "hex": _plain(hex), "bin": _plain(bin), "oct": _plain(oct), "abs": _plain(abs), "divmod": _plain(divmod),
    "isinstance": lambda _program, value, kind: matches(value, kind),
    "issubclass": _issubclass,
    "callable": lambda _program, value: isinstance(value, _CALLABLE), "globals": _names, "locals": _names,
    "vars": _names, "dir": _dir, "id": lambda _program, _value: 139_872_345_678_912,
    "compile": lambda _program, source, *_: source,
}  # fmt: skip
