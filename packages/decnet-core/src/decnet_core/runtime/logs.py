# SPDX-License-Identifier: MIT
"""One log line per record: key=value on a terminal or in a file, JSON under journald; never two lines (law 9)."""

import logging
import os
import sys
import time
from collections.abc import Callable
from typing import Protocol

import msgspec

from decnet_core.text import for_terminal

_LINE_LIMIT = 8192


BURST_SECONDS, MOST_LINES, MOST_TRACEBACKS = 60.0, 200, 20
"""Warnings and errors from one place in the source that are logged in so many seconds; see `RepeatFilter`."""


class RepeatFilter(logging.Filter):
    """Bounds what one place in the source logs, for whatever attackers can cause they can cause at any rate.

    The last line of a burst says that more are omitted, the first of the next one how many those were.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._bursts: dict[tuple[str, int], tuple[float, int]] = {}
        """By file and line: when the burst began, and how many lines it had."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno < logging.WARNING:
            return True
        place, now = (record.pathname, record.lineno), self._clock()
        most = MOST_TRACEBACKS if record.exc_info else MOST_LINES
        begun, count = self._bursts.get(place, (now, 0))
        omitted = 0
        if now - begun >= BURST_SECONDS:
            begun, omitted, count = now, max(0, count - most), 0
        count += 1
        self._bursts[place] = begun, count
        if omitted:
            _append(record, f"{omitted} more like this were omitted before it")
        elif count == most:
            _append(record, "more like this are omitted for a minute")
        return count <= most


def _append(record: logging.LogRecord, words: str) -> None:
    record.msg = f"{record.msg}; {words}"


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
    handler.addFilter(RepeatFilter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
