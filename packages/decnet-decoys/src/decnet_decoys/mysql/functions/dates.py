# SPDX-License-Identifier: MIT
"""Functions of dates: NULL of what is no date. A day is as in the Gregorian calendar, a time without its zone."""

import datetime as dt
import re
from collections.abc import Callable, Sequence
from typing import Final

from decnet_decoys.mysql.functions.function import Function, Made
from decnet_decoys.mysql.sql.budget import step
from decnet_decoys.mysql.sql.values import Value, number, text

_LATEST: Final = (1 << 31) - 1
"""Seconds since the Unix epoch that FROM_UNIXTIME takes."""
_DATE: Final = re.compile(
    r"\s*(\d{4})-(\d{1,2})-(\d{1,2})(?:[ T](\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.(\d{1,6})\d*)?)?)?\s*\Z"
)
_LONGEST: Final = 64
_CODE: Final = re.compile("%(.)", re.DOTALL)
_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def _moment(value: Value) -> dt.datetime | None:
    """Return the moment that a value names; None: it is none."""
    found = _DATE.match(text(value)[:_LONGEST])
    if found is None:
        return None
    try:
        year, month, day, hour, minute, second = (int(one or 0) for one in found.groups()[:6])
        parts = int((found[7] or "").ljust(6, "0"))
        return dt.datetime(year, month, day, hour, minute, second, parts, tzinfo=dt.UTC)
    except ValueError:
        return None


def _of(part: Callable[[dt.datetime], Value]) -> Made:
    """Return what makes a value of the moment that is the first argument."""

    def made(given: Sequence[Value]) -> Value:
        moment = _moment(given[0])
        return None if moment is None else part(moment)

    return made


def _days_between(given: Sequence[Value]) -> Value:
    one, two = map(_moment, given)
    return None if one is None or two is None else (one.date() - two.date()).days


def _last_day(moment: dt.datetime) -> str:
    following = moment.replace(day=28) + dt.timedelta(days=4) if moment.year < 9999 else moment.replace(day=31)
    last = following - dt.timedelta(days=following.day) if moment.year < 9999 else following
    return f"{last:%Y-%m-%d}".zfill(10)


def _from_seconds(given: Sequence[Value]) -> Value:
    seconds = int(number(given[0]))
    if not 0 <= seconds <= _LATEST:
        return None
    moment = dt.datetime.fromtimestamp(seconds, dt.UTC)
    shown = f"{moment:%Y-%m-%d %H:%M:%S}"
    return shown if len(given) == 1 else _formatted((shown, given[1]))


def _ending(day: int) -> str:
    return "th" if 11 <= day <= 13 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")


_CODES: Final[dict[str, Callable[[dt.datetime], str]]] = {
    "a": lambda at: _DAYS[at.weekday()][:3], "b": lambda at: _MONTHS[at.month - 1][:3], "c": lambda at: f"{at.month}",
    "D": lambda at: f"{at.day}{_ending(at.day)}", "d": lambda at: f"{at.day:02}", "e": lambda at: f"{at.day}",
    "f": lambda at: f"{at.microsecond:06}", "H": lambda at: f"{at.hour:02}",
    "h": lambda at: f"{at.hour % 12 or 12:02}",
    "I": lambda at: f"{at.hour % 12 or 12:02}", "i": lambda at: f"{at.minute:02}",
    "j": lambda at: f"{at.timetuple().tm_yday:03}", "k": lambda at: f"{at.hour}",
    "l": lambda at: f"{at.hour % 12 or 12}", "M": lambda at: _MONTHS[at.month - 1], "m": lambda at: f"{at.month:02}",
    "p": lambda at: "AM" if at.hour < 12 else "PM", "S": lambda at: f"{at.second:02}",
    "s": lambda at: f"{at.second:02}",
    "r": lambda at: f"{at.hour % 12 or 12:02}:{at.minute:02}:{at.second:02} {'AM' if at.hour < 12 else 'PM'}",
    "T": lambda at: f"{at.hour:02}:{at.minute:02}:{at.second:02}", "W": lambda at: _DAYS[at.weekday()],
    "w": lambda at: f"{at.isoweekday() % 7}", "Y": lambda at: f"{at.year:04}", "y": lambda at: f"{at.year % 100:02}",
}  # fmt: skip
"""What a letter after a per cent sign stands for (MariaDB, DATE_FORMAT); another one stands for itself."""


def _formatted(given: Sequence[Value]) -> Value:
    moment, form = _moment(given[0]), text(given[1])
    if moment is None:
        return None
    step(form.count("%"))
    at = moment
    return _CODE.sub(lambda found: _CODES[found[1]](at) if found[1] in _CODES else found[1], form)


FUNCTIONS: Final[dict[str, Function]] = {
    "year": Function(1, 1, _of(lambda at: at.year)),
    "quarter": Function(1, 1, _of(lambda at: (at.month + 2) // 3)),
    "month": Function(1, 1, _of(lambda at: at.month)),
    "day": Function(1, 1, _of(lambda at: at.day)),
    "dayofmonth": Function(1, 1, _of(lambda at: at.day)),
    "dayofweek": Function(1, 1, _of(lambda at: at.isoweekday() % 7 + 1)),
    "dayofyear": Function(1, 1, _of(lambda at: at.timetuple().tm_yday)),
    "weekday": Function(1, 1, _of(lambda at: at.weekday())),
    "hour": Function(1, 1, _of(lambda at: at.hour)),
    "minute": Function(1, 1, _of(lambda at: at.minute)),
    "second": Function(1, 1, _of(lambda at: at.second)),
    "dayname": Function(1, 1, _of(lambda at: _DAYS[at.weekday()])),
    "monthname": Function(1, 1, _of(lambda at: _MONTHS[at.month - 1])),
    "last_day": Function(1, 1, _of(_last_day)),
    "to_days": Function(1, 1, _of(lambda at: at.toordinal() + 365)),
    "datediff": Function(2, 2, _days_between),
    "date_format": Function(2, 2, _formatted),
    "from_unixtime": Function(1, 2, _from_seconds),
}
