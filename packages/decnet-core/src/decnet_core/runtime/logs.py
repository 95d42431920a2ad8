# SPDX-License-Identifier: MIT
"""One log line per record: key=value on a terminal or in a file, JSON under journald; never two lines (law 9)."""

import logging
import os
import sys
import time
from typing import Protocol

import msgspec

from decnet_core.text import for_terminal

_LINE_LIMIT = 8192


class _Formatter(logging.Formatter):
    def __init__(self, worker: str, *, as_json: bool) -> None:
        super().__init__()
        self._worker = worker
        self._as_json = as_json

    def format(self, record: logging.LogRecord) -> str:
        message = record.getMessage()
        if record.exc_info:
            message = f"{message}\n{self.formatException(record.exc_info)}"
        message = for_terminal(message.replace("\n", " | "), _LINE_LIMIT)
        fields = {
            "ts": self.formatTime(record, "%Y-%m-%dT%H:%M:%S") + f".{int(record.msecs):03d}",
            "level": record.levelname.lower(),
            "worker": self._worker,
            "logger": record.name,
            "msg": message,
        }
        if self._as_json:
            return msgspec.json.encode(fields).decode()
        return " ".join(f"{key}={_quoted(value)}" for key, value in fields.items())


def _quoted(value: str) -> str:
    if value and not any(c in value for c in ' "='):
        return value
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


class Stream(Protocol):
    def write(self, text: str, /) -> object: ...

    def flush(self) -> object: ...


class LogLimit:
    """Limits what clients can cause at any rate to one line per `seconds`, so that they cannot fill the log."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._next = 0.0
        self._omitted = 0

    def due(self) -> int | None:
        """Return how many lines were omitted since the last one; None if this one must be omitted, too."""
        now = time.monotonic()
        if now < self._next:
            self._omitted += 1
            return None
        omitted, self._omitted, self._next = self._omitted, 0, now + self._seconds
        return omitted


def configure(worker: str, level: str, stream: Stream | None = None) -> None:
    """Send this process's log to `stream`, or to standard error, in the format that its reader expects."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(_Formatter(worker, as_json=stream is None and "JOURNAL_STREAM" in os.environ))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
