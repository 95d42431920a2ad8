# SPDX-License-Identifier: MIT
"""`--since` and `--until`: how a person writes a time.

Times without a zone are local, since they are typed by somebody who looks at a clock; what is shown is UTC.
"""

import datetime as dt
import re
from collections.abc import Callable

from decnet.cli.errors import WrongUsageError
from decnet_models.database.window import ALWAYS_SINCE, ALWAYS_UNTIL, Window

EXAMPLES = '"30m", "1h", "7d", "yesterday", "yesterday 22:00", "22:00", "2026-11-28", "2026-11-28T22:00:00Z"'

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_DAYS_AGO = {"today": 0, "yesterday": 1}
_AGO = re.compile(r"(\d{1,6})\s*([smhdw])(?:\s+ago)?")
_CLOCK = re.compile(r"(?:(today|yesterday)\s+)?(\d{1,2}):(\d{2})(?::(\d{2}))?")
_FRACTION = re.compile(r"(:\d{2})\.(\d{1,9})")
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def time_window(
    since: str | None,
    until: str | None,
    *,
    now: dt.datetime | None = None,
    names: tuple[str, str] = ("--since", "--until"),
) -> Window:
    """Return the span between two times as a person wrote them; `now` has a zone.

    Raises WrongUsageError, which calls the two by their `names`.
    """
    if since is None and until is None:
        return Window()
    moment = now or dt.datetime.now().astimezone()
    window = Window(
        ALWAYS_SINCE if since is None else _ns(names[0], since, _parsed, moment),
        ALWAYS_UNTIL if until is None else _ns(names[1], until, _parsed, moment),
    )
    if window.since >= window.until:
        raise WrongUsageError(f"{names[0]} {since} is not before {names[1]} {until or 'the end of time'}")
    return window


def time_ahead(option: str, text: str, *, now: dt.datetime | None = None) -> int:
    """Return a time to come in ns since the Unix epoch: a span from now on, or as in `time_window`; WrongUsageError."""
    moment = now or dt.datetime.now().astimezone()
    at = _ns(option, text, _ahead, moment)
    if at <= _since_epoch(moment):
        raise WrongUsageError(f'{option} {text!r} is over; write e.g. "8h" (from now) or 2027-01-31T18:00')
    return at


def _ns(option: str, text: str, read: Callable[[str, dt.datetime], int], now: dt.datetime) -> int:
    try:
        nanoseconds = read(" ".join(text.lower().split()), now)
    except (ValueError, OverflowError):
        nanoseconds = -1
    if not 0 <= nanoseconds < ALWAYS_UNTIL:
        raise WrongUsageError(f"{option} {text!r} is not a time; write e.g. {EXAMPLES}")
    return nanoseconds


def _parsed(text: str, now: dt.datetime) -> int:
    if text == "now":
        return _since_epoch(now)
    if text in _DAYS_AGO:
        return _since_epoch(_midnight(now, _DAYS_AGO[text]))
    if ago := _AGO.fullmatch(text):
        return _since_epoch(now - dt.timedelta(**{_UNITS[ago[2]]: int(ago[1])}))
    if clock := _CLOCK.fullmatch(text):
        return _since_epoch(_at_clock(clock, now))
    return _rfc3339(text)


def _ahead(text: str, now: dt.datetime) -> int:
    span = _AGO.fullmatch(text)
    if span is None or text.endswith("ago"):
        return _parsed(text, now)
    return _since_epoch(now + dt.timedelta(**{_UNITS[span[2]]: int(span[1])}))


def _at_clock(found: re.Match[str], now: dt.datetime) -> dt.datetime:
    """Return the named day's time; without a day the last time that the clock showed it."""
    day, hour, minute, second = found.groups()
    time = dt.time(int(hour), int(minute), int(second or 0))
    moment = dt.datetime.combine(_midnight(now, _DAYS_AGO.get(day, 0)).date(), time, tzinfo=now.tzinfo)
    return moment if day or moment <= now else moment - dt.timedelta(days=1)


def _rfc3339(text: str) -> int:
    """Return the ns of a date and time, of which `datetime` would keep only microseconds."""
    fraction = _FRACTION.search(text)
    moment = dt.datetime.fromisoformat(_FRACTION.sub(r"\1", text).upper())
    local = moment if moment.tzinfo else moment.astimezone()
    return _since_epoch(local) + (int(fraction[2].ljust(9, "0")) if fraction else 0)


def _midnight(now: dt.datetime, days_ago: int) -> dt.datetime:
    day = now.date() - dt.timedelta(days=days_ago)
    return dt.datetime.combine(day, dt.time(), tzinfo=now.tzinfo)


def _since_epoch(moment: dt.datetime) -> int:
    passed = moment - _EPOCH
    return (passed.days * 86_400 + passed.seconds) * 1_000_000_000 + passed.microseconds * 1000
