# SPDX-License-Identifier: MIT
"""Modules that compute, and others that are little: json, hashlib, struct, random, shutil and the like."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import math
import re
import shlex
import string
import struct
import zlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from decnet_decoys.shell.command_lookup import on_path
from decnet_decoys.shell.effects import Steps, turn
from decnet_decoys.shell.encoding import decode, shell_word
from decnet_decoys.shell.python.imports.functions import fixed, natives, plain, ran
from decnet_decoys.shell.python.values import (
    MAX_ITEMS,
    MAX_TEXT,
    RaisedError,
    Record,
    hashed,
    text_of,
    weighed,
)

if TYPE_CHECKING:
    from decnet_decoys.shell.python.program import Program

MAX_PACKED = 200
MAX_FOUND = 500


def _json(_program: Program) -> dict[str, Any]:
    def loads(_program: Program, text: Any, **_named: Any) -> Any:
        try:
            found = json.loads(text)
        except RecursionError as error:
            raise RaisedError(RecursionError("maximum recursion depth exceeded")) from error
        except json.JSONDecodeError as error:
            raise RaisedError(error) from error
        weighed(found)
        return found

    def dumps(_program: Program, value: Any, indent: Any = None, sort_keys: Any = False, **_named: Any) -> Steps[str]:
        weighed(value)
        space = indent if indent is None else max(0, min(int(indent), 16))
        pieces, size = [], 0
        for piece in json.JSONEncoder(indent=space, sort_keys=bool(sort_keys)).iterencode(value):
            pieces.append(piece)
            size += len(piece)
            if size > MAX_TEXT:  # what is nested deeply is indented far
                raise RaisedError(MemoryError())
            yield from turn()
        return "".join(pieces)

    def load(program: Program, file: Any) -> Steps[Any]:
        return loads(program, (yield from program.called(file.names["read"], [], {})))

    def dump(program: Program, value: Any, file: Any, **named: Any) -> Steps[None]:
        yield from program.called(file.names["write"], [(yield from dumps(program, value, **named))], {})

    return natives(loads=loads, dumps=dumps, load=load, dump=dump) | {"JSONDecodeError": json.JSONDecodeError}


def _hashes(_program: Program) -> dict[str, Any]:
    def of(name: str) -> Callable[..., Any]:
        def play(_program: Program, data: Any = b"", **_named: Any) -> Record:
            if isinstance(data, str):
                raise TypeError("Strings must be encoded before hashing")
            return digest(hashlib.new(name, data, usedforsecurity=False))

        return play

    def digest(made: Any) -> Record:
        return Record(
            made.name,
            natives(
                hexdigest=lambda _program: made.hexdigest(),
                digest=lambda _program: made.digest(),
                update=lambda _program, more: made.update(more),
            ),
        )

    names = ("md5", "sha1", "sha224", "sha256", "sha384", "sha512")
    return natives(
        **{name: of(name) for name in names}, new=lambda program, name, *data: of(text_of(name))(program, *data)
    )


def _struct(_program: Program) -> dict[str, Any]:
    def checked(function: Callable[..., Any]) -> Callable[..., Any]:
        def play(_program: Program, layout: Any, *values: Any) -> Any:
            digits = re.findall(r"\d+", text_of(layout))
            if (
                len(text_of(layout)) > MAX_PACKED
                or any(len(one) > 4 for one in digits)
                or sum(map(int, digits)) > MAX_ITEMS
            ):
                raise RaisedError(MemoryError())
            try:
                return function(layout, *values)
            except struct.error as error:
                raise RaisedError(ValueError(str(error))) from error

        return play

    return natives(pack=checked(struct.pack), unpack=checked(struct.unpack), calcsize=checked(struct.calcsize))


def _base64(_program: Program) -> dict[str, Any]:
    def strict(function: Callable[..., Any]) -> Callable[..., Any]:
        def play(_program: Program, data: Any, *args: Any) -> Any:
            if isinstance(data, str) and function in (base64.b64encode, base64.b32encode, base64.b16encode):
                raise TypeError("a bytes-like object is required, not 'str'")
            try:
                return function(data, *args)
            except binascii.Error as error:
                raise RaisedError(error) from error

        return play

    names = (
        "b64encode",
        "b64decode",
        "b32encode",
        "b32decode",
        "b16encode",
        "b16decode",
        "urlsafe_b64encode",
        "urlsafe_b64decode",
    )
    made = natives(**{name: strict(getattr(base64, name)) for name in names})
    return made | {"decodebytes": made["b64decode"], "encodebytes": made["b64encode"]}


def _binascii(_program: Program) -> dict[str, Any]:
    return natives(
        hexlify=plain(binascii.hexlify),
        unhexlify=plain(binascii.unhexlify),
        b2a_base64=plain(binascii.b2a_base64),
        a2b_base64=plain(binascii.a2b_base64),
        crc32=plain(binascii.crc32),
    )


def _zlib(_program: Program) -> dict[str, Any]:
    def inflated(_program: Program, data: bytes, *_others: Any) -> bytes:
        reader = zlib.decompressobj()
        try:
            return reader.decompress(data, MAX_TEXT)
        except zlib.error as error:
            raise RaisedError(ValueError(str(error))) from error

    return natives(decompress=inflated, compress=lambda _program, data, *_others: zlib.compress(data[:MAX_TEXT], 1))


def _random(program: Program) -> dict[str, Any]:
    drawn = program.call.shell.random

    def randint(_program: Program, low: Any, high: Any) -> int:
        return int(low) + (drawn() << 15 | drawn()) % max(1, int(high) - int(low) + 1)

    def choice(program: Program, source: Any) -> Steps[Any]:
        items = yield from program.items(source)
        if not items:
            raise IndexError("Cannot choose from an empty sequence")
        return items[(drawn() << 15 | drawn()) % len(items)]

    def choices(program: Program, source: Any, *_weights: Any, k: int = 1, **_named: Any) -> Steps[list[Any]]:
        items = yield from program.items(source)
        if not items:
            raise IndexError("Cannot choose from an empty sequence")
        return [items[(drawn() << 15 | drawn()) % len(items)] for _ in range(min(int(k), MAX_ITEMS))]

    def shuffle(_program: Program, values: Any) -> None:
        for index in range(len(values) - 1, 0, -1):
            other = (drawn() << 15 | drawn()) % (index + 1)
            values[index], values[other] = values[other], values[index]

    def sample(program: Program, source: Any, k: int) -> Steps[list[Any]]:
        items = yield from program.items(source)
        shuffle(program, items)
        return items[: max(0, int(k))]

    return natives(
        randint=randint,
        choice=choice,
        choices=choices,
        shuffle=shuffle,
        sample=sample,
        seed=fixed(None),
        random=lambda _program: drawn() / 32768,
        randrange=lambda program, low, high=None: randint(
            program, 0 if high is None else low, (low if high is None else high) - 1
        ),
        uniform=lambda _program, low, high: low + (high - low) * drawn() / 32768,
    )


def _math(_program: Program) -> dict[str, Any]:
    names = [
        "ceil",
        "cos",
        "exp",
        "fabs",
        "floor",
        "hypot",
        "isinf",
        "isnan",
        "log",
        "log10",
        "log2",
        "sin",
        "sqrt",
        "tan",
        "atan",
    ]
    return natives(**{name: plain(getattr(math, name)) for name in names}) | {
        "pi": math.pi,
        "e": math.e,
        "inf": math.inf,
    }


def _string(_program: Program) -> dict[str, Any]:
    names = [
        "ascii_letters",
        "ascii_lowercase",
        "ascii_uppercase",
        "digits",
        "hexdigits",
        "octdigits",
        "printable",
        "punctuation",
        "whitespace",
    ]
    return {name: getattr(string, name) for name in names}


def _shutil(_program: Program) -> dict[str, Any]:
    def which(program: Program, name: Any, *_others: Any) -> str | None:

        return on_path(program.call.shell, text_of(name))

    def by(*words: str) -> Callable[..., Any]:
        def play(program: Program, *paths: Any, **_named: Any) -> Steps[Any]:
            yield from ran(program, [*words, *map(str, paths[:2])], None, None)
            return paths[-1]

        return play

    def usage(_program: Program, _path: Any) -> Record:
        return Record("usage", {"total": 42_140_499_968, "used": 4_202_012_672, "free": 36_111_233_024})

    return natives(
        which=which,
        copy=by("cp", "--"),
        copyfile=by("cp", "--"),
        move=by("mv", "--"),
        rmtree=by("rm", "-rf", "--"),
        copytree=by("cp", "-r", "--"),
        disk_usage=usage,
    )


def _collections(_program: Program) -> dict[str, Any]:
    def counter(program: Program, source: Any = ()) -> Steps[Record]:
        counts: dict[Any, int] = {}
        for one in (yield from program.items(source)):
            counts[hashed(one)] = counts.get(one, 0) + 1
            yield from turn()

        def most(_program: Program, count: int | None = None) -> list[Any]:
            return sorted(counts.items(), key=lambda pair: -pair[1])[:count]

        return Record(
            "Counter", natives(most_common=most, items=lambda _program: list(counts.items())) | {"__items__": counts}
        )

    return natives(OrderedDict=lambda program, *args: program.construct(dict, list(args), {}), Counter=counter)


def _glob(_program: Program) -> dict[str, Any]:
    def found(program: Program, pattern: Any, **_named: Any) -> Steps[list[str]]:
        out = program.call.runner.buffer()
        line = (
            "for f in " + re.sub(r"[^\w./*?\[\]~-]", "", text_of(pattern)[:256]) + '; do [ -e "$f" ] && echo "$f"; done'
        )
        yield from ran(program, line, out, None)
        return decode(out.take()[:MAX_TEXT]).splitlines()[:MAX_FOUND]

    return natives(glob=found)


MAX_LINE = 4096
"""Characters that shlex.split parts."""


def _shlex(_program: Program) -> dict[str, Any]:
    def parted(_program: Program, text: Any, **_named: Any) -> list[str]:
        try:
            return shlex.split(text_of(text)[:MAX_LINE])
        except ValueError as error:
            raise RaisedError(error) from None

    return natives(quote=lambda _program, text: shell_word(text_of(text)), split=parted)


def _threading(_program: Program) -> dict[str, Any]:
    def thread(_program: Program, target: Any = None, args: Any = (), kwargs: Any = None, **_named: Any) -> Record:
        def start(program: Program) -> Steps[None]:
            named = kwargs if isinstance(kwargs, dict) and all(isinstance(name, str) for name in kwargs) else {}
            yield from program.called(target, (yield from program.items(args)), named)

        return Record("Thread", natives(start=start, join=fixed(None), setDaemon=fixed(None), is_alive=fixed(False)))

    lock = natives(acquire=fixed(True), release=fixed(None))
    return natives(Thread=thread, Lock=lambda _program: Record("lock", lock), active_count=fixed(1))


_SIGNALS = {
    "SIGINT": 2,
    "SIGTERM": 15,
    "SIGKILL": 9,
    "SIGHUP": 1,
    "SIG_IGN": 1,
    "SIG_DFL": 0,
    "SIGCHLD": 17,
    "SIGALRM": 14,
}


MODULES: dict[str, Callable[[Any], dict[str, Any]]] = {
    "json": _json,
    "hashlib": _hashes,
    "struct": _struct,
    "base64": _base64,
    "binascii": _binascii,
    "zlib": _zlib,
    "random": _random,
    "math": _math,
    "string": _string,
    "shutil": _shutil,
    "collections": _collections,
    "glob": _glob,
    "shlex": _shlex,
    "threading": _threading,
    "signal": lambda _program: natives(signal=fixed(None), alarm=fixed(0)) | _SIGNALS,
    "errno": lambda _program: {"ENOENT": 2, "EACCES": 13, "ECONNREFUSED": 111, "EEXIST": 17},
}
