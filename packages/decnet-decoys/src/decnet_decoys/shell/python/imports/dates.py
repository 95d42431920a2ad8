# SPDX-License-Identifier: MIT
"""datetime: its values are Python's own, made by the machine's clock."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from decnet_decoys.shell.python.imports.functions import natives
from decnet_decoys.shell.python.values import NativeKind, RaisedError, Record

if TYPE_CHECKING:
    from decnet_decoys.shell.python.program import Program

MAX_TEXT = 100
"""Characters of a text or layout that is read as a moment."""


def _moment(_program: Program, *args: Any, **named: Any) -> datetime:
    return datetime(*args, **named)  # noqa: DTZ001  # as it is asked for


def _now(program: Program, zone: Any = None, **named: Any) -> datetime:
    moment = datetime.fromtimestamp(program.call.shell.clock(), UTC)
    return moment if zone is not None or named.get("tz") is not None else moment.replace(tzinfo=None)


def _from_seconds(_program: Program, seconds: Any, zone: Any = None, **named: Any) -> datetime:
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment if zone is not None or named.get("tz") is not None else moment.replace(tzinfo=None)


def _read(_program: Program, text: str, layout: str) -> datetime:
    try:
        return datetime.strptime(text[:MAX_TEXT], layout[:MAX_TEXT])  # noqa: DTZ007  # as it is asked for
    except re.error as error:  # a directive twice
        raise RaisedError(ValueError(str(error))) from error


def _datetime(_program: Any) -> dict[str, Any]:
    moments = natives(
        now=_now, today=_now, utcnow=_now, fromtimestamp=_from_seconds, utcfromtimestamp=_from_seconds, strptime=_read,
        fromisoformat=lambda _program, text: datetime.fromisoformat(text[:MAX_TEXT]),
    )  # fmt: skip
    days = natives(
        today=lambda program: _now(program).date(),
        fromtimestamp=lambda program, seconds: _from_seconds(program, seconds).date(),
        fromisoformat=lambda _program, text: date.fromisoformat(text[:MAX_TEXT]),
    )
    zones: dict[str, Any] = {"utc": UTC}
    return {
        "datetime": NativeKind("datetime", _moment, moments),
        "date": NativeKind("date", lambda _program, *args, **named: date(*args, **named), days),
        "timedelta": NativeKind("timedelta", lambda _program, *args, **named: timedelta(*args, **named), {}),
        "timezone": Record("datetime.timezone", zones), "UTC": UTC,
    }  # fmt: skip


MODULES: dict[str, Callable[[Any], dict[str, Any]]] = {"datetime": _datetime}
