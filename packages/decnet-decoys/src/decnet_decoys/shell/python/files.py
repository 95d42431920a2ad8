# SPDX-License-Identifier: MIT
"""Files that a Python program has open."""

from __future__ import annotations

from typing import Any

from decnet_decoys.shell.effects import Steps
from decnet_decoys.shell.encoding import decode, encode
from decnet_decoys.shell.python.evaluator import Evaluator
from decnet_decoys.shell.python.system_errors import os_error
from decnet_decoys.shell.python.values import (
    MAX_ITEMS,
    MAX_TEXT,
    Native,
    RaisedError,
    Record,
    kind_name,
)


class WrittenFile:
    """A file that is written: its content goes to the machine when it is closed, or the program ends."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._data = bytearray()

    def write(self, _program: Evaluator, data: Any) -> int:
        if not isinstance(data, str | bytes):
            raise TypeError(f"write() argument must be str, not {kind_name(data)}")
        if len(self._data) + len(data) > MAX_TEXT:
            raise RaisedError(os_error("No space left on device", ""))
        self._data += encode(data) if isinstance(data, str) else data
        return len(data)

    def writelines(self, program: Evaluator, lines: Any) -> None:
        for one in lines if isinstance(lines, list | tuple) else ():
            self.write(program, one)

    def save(self, program: Evaluator) -> Steps[None]:
        data, self._data = bytes(self._data), bytearray()
        yield from program.call.runner.save(self.path, data, append=True)

    def record(self, mode: str) -> Record:
        return Record(
            "_io.TextIOWrapper",
            {
                "name": self.path, "mode": mode, "closed": False,
                "write": Native("write", self.write), "writelines": Native("writelines", self.writelines),
                "close": Native("close", self.save), "flush": Native("flush", self.save),
                "fileno": Native("fileno", lambda _program: 3),
            },
        )  # fmt: skip


def read_file(path: str, data: bytes, *, binary: bool) -> Record:
    """Return an open file that is read."""
    content: Any = data if binary else decode(data)
    at = [0]

    def read(_program: Evaluator, size: Any = -1) -> Any:
        start = at[0]
        at[0] = len(content) if not isinstance(size, int) or size < 0 else min(len(content), start + size)
        return content[start : at[0]]

    def lines(_program: Evaluator) -> list[Any]:
        rest = content[at[0] :]
        at[0] = len(content)
        return list(rest.splitlines(keepends=True))[:MAX_ITEMS]

    def line(_program: Evaluator) -> Any:
        end = content.find(b"\n" if binary else "\n", at[0])
        start, at[0] = at[0], len(content) if end < 0 else end + 1
        return content[start : at[0]]

    def seek(_program: Evaluator, place: int = 0, *_others: Any) -> int:
        at[0] = max(0, min(len(content), place))
        return at[0]

    return Record(
        "_io.TextIOWrapper",
        {
            "name": path, "closed": False, "read": Native("read", read), "readlines": Native("readlines", lines),
            "readline": Native("readline", line), "__iter__": Native("__iter__", lines), "seek": Native("seek", seek),
            "close": Native("close", lambda _program: None), "tell": Native("tell", lambda _program: at[0]),
            "fileno": Native("fileno", lambda _program: 3),
        },
    )  # fmt: skip
