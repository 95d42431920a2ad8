# SPDX-License-Identifier: MIT
"""Silences of incidents, as an operator makes and ends them."""

import datetime as dt
import re
import time

from sqlalchemy import Connection

from decnet.cli.errors import NotFoundError, WrongUsageError
from decnet.cli.time_window import time_window
from decnet.show.times import moment
from decnet.webhook.selecting import Wish
from decnet_models.incidents import silences
from decnet_models.incidents.silences import Silence
from decnet_workers.webhook.incidents.selection import Selection, written

HEADING = ("silence", "until", "about", "who", "reason")

_LENGTH = re.compile(r"\d{1,6}\s*[smhdw]")
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def add(connection: Connection, wish: Wish, until: str, who: str, reason: str) -> tuple[int, int]:
    """Add a silence; return its number and its end (ns). Raises WrongUsageError."""
    selection = wish.applied(Selection())
    if selection == Selection():
        raise WrongUsageError("say what to be silent about: --source, --decky, --technique or --tag")
    now = time.time_ns()
    ends = _end(until, now)
    return silences.silence(connection, written(selection), ends, who, reason, now_ns=now), ends


def lasting(connection: Connection) -> list[Silence]:
    return silences.silences(connection, time.time_ns())


def end(connection: Connection, number: int) -> None:
    """End a silence; raises NotFoundError."""
    if not silences.end_silence(connection, number, now_ns=time.time_ns()):
        raise NotFoundError(f"no silence {number} lasts; decnet incident silences lists those that do")


def row(one: Silence) -> tuple[object, ...]:
    return one.id, moment(one.until), one.filter, one.who, one.reason or None


def _end(text: str, now: int) -> int:
    """Return the end of a silence: `2h` is so long from now, anything else a time; raises WrongUsageError."""
    moment_of_now = _EPOCH + dt.timedelta(microseconds=now // 1000)
    parsed = time_window(text, None, now=moment_of_now.astimezone()).since
    end_ns = parsed if parsed > now else 2 * now - parsed if _LENGTH.fullmatch(text) else 0
    if end_ns <= now:
        raise WrongUsageError(f"--for {text!r} is over already; write e.g. 2h, 7d or 2026-12-24T18:00:00Z")
    return end_ns
