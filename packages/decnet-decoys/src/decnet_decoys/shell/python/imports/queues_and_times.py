# SPDX-License-Identifier: MIT
"""queue, hmac, codecs, the parts of a URL, and the moments of the module time."""

from __future__ import annotations

import hashlib
import hmac
import time
import urllib.parse
from collections.abc import Callable
from typing import Any

from decnet_decoys.shell.python.imports.functions import fixed, natives
from decnet_decoys.shell.python.values import MAX_ITEMS, RaisedError, Record, text_of

FURTHEST = 1 << 40
"""Seconds from 1970 beyond which there is no moment."""
_FIELDS = ("tm_year", "tm_mon", "tm_mday", "tm_hour", "tm_min", "tm_sec", "tm_wday", "tm_yday", "tm_isdst")


class EmptyError(Exception):
    """Nothing is in a queue."""

    __module__ = "_queue"


EmptyError.__name__ = "Empty"


def _queue(_program: Any) -> dict[str, Any]:
    def made(_program: Any, _most: Any = 0, **_named: Any) -> Record:
        held: list[Any] = []

        def put(_program: Any, item: Any, *_others: Any, **_named: Any) -> None:
            if len(held) >= MAX_ITEMS:
                raise RaisedError(MemoryError())
            held.append(item)

        def get(_program: Any, *_others: Any, **_named: Any) -> Any:
            if not held:
                raise RaisedError(EmptyError())
            return held.pop(0)

        functions = natives(
            put=put, get=get, put_nowait=put, get_nowait=get, task_done=fixed(None), join=fixed(None),
            qsize=lambda _program: len(held), empty=lambda _program: not held, full=fixed(False),
        )  # fmt: skip
        return Record("Queue", functions)

    return natives(Queue=made, LifoQueue=made, SimpleQueue=made) | {"Empty": EmptyError}


def _hmac(_program: Any) -> dict[str, Any]:
    def new(_program: Any, key: Any, msg: Any = b"", digestmod: Any = "") -> Record:
        if not isinstance(key, bytes) or not isinstance(msg, bytes):
            raise RaisedError(TypeError("key: expected bytes or bytearray, but got 'str'"))
        name = text_of(digestmod) if isinstance(digestmod, str) else "sha256"
        if name not in hashlib.algorithms_guaranteed or name.startswith("shake"):
            raise RaisedError(ValueError(f"unsupported hash type {name}"))
        found = hmac.new(key, msg, name)
        return Record(
            "HMAC", natives(hexdigest=lambda _program: found.hexdigest(), digest=lambda _program: found.digest())
        )

    return natives(new=new, compare_digest=lambda _program, one, other: one == other)


def _codecs(_program: Any) -> dict[str, Any]:
    def changed(_program: Any, value: Any, encoding: Any = "utf-8", *_others: Any) -> Any:
        name = text_of(encoding).lower().replace("_", "").replace("-", "")
        if name == "rot13" and isinstance(value, str):
            return value.translate(_ROTATED)
        if name == "hex" and isinstance(value, bytes):
            try:
                return bytes.fromhex(value.decode("ascii", "replace"))
            except ValueError as error:
                raise RaisedError(error) from None
        if name == "utf8" and isinstance(value, bytes | str):
            return value.decode("utf-8", "replace") if isinstance(value, bytes) else value.encode("utf-8", "replace")
        raise RaisedError(LookupError(f"unknown encoding: {text_of(encoding)[:64]}"))

    return natives(decode=changed, encode=changed)


_SMALL = "abcdefghijklmnopqrstuvwxyz"
_ROTATED = str.maketrans(_SMALL + _SMALL.upper(), _SMALL[13:] + _SMALL[:13] + (_SMALL[13:] + _SMALL[:13]).upper())


def parts_of_url(_program: Any, url: Any, *_others: Any) -> Record:
    try:
        found = urllib.parse.urlsplit(text_of(url)[:2048])
        names = {"scheme": found.scheme, "netloc": found.netloc, "path": found.path, "query": found.query,
                 "fragment": found.fragment, "hostname": found.hostname, "port": found.port}  # fmt: skip
    except ValueError as error:
        raise RaisedError(error) from None
    return Record("ParseResult", names)


def moment(seconds: Any) -> Record:
    """Return what time.gmtime and time.localtime return; the machine's clock shows UTC."""
    number = seconds if isinstance(seconds, int | float) and abs(seconds) < FURTHEST else 0
    at = time.gmtime(number)
    shown = ", ".join(f"{name}={value}" for name, value in zip(_FIELDS, at, strict=True))
    values: dict[str, Any] = dict(zip(_FIELDS, at, strict=True))
    return Record("time.struct_time", values | {"__items__": tuple(at), "__repr__": f"time.struct_time({shown})"})


def in_layout(layout: str, given: Any) -> str | None:
    """Return a moment that `moment` made in a layout of strftime(3); None for anything else."""
    if not isinstance(given, Record) or given.title != "time.struct_time":
        return None
    return time.strftime(layout[:200], time.struct_time(given.names["__items__"]))


MODULES: dict[str, Callable[[Any], dict[str, Any]]] = {"queue": _queue, "hmac": _hmac, "codecs": _codecs}
