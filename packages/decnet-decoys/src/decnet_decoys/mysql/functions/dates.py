# SPDX-License-Identifier: MIT
"""Functions of dates and times: NULL of what is none. A time has no zone but the server's, which is UTC."""

from collections.abc import Callable, Sequence
from typing import Final

from decnet_decoys.mysql.functions.formats import DAYS, MONTHS, formatted, read_as, weekday
from decnet_decoys.mysql.functions.function import Function, Made
from decnet_decoys.mysql.functions.intervals import between
from decnet_decoys.mysql.functions.moments import (
    DAY_SECONDS,
    MICROS,
    Moment,
    Temporal,
    at_day,
    moment,
    month_days,
    now,
    time_of,
)
from decnet_decoys.mysql.functions.times import places_of, seconds_of, time_added
from decnet_decoys.mysql.functions.weeks import week
from decnet_decoys.mysql.sql.values import Value, number, text

_LATEST: Final = (1 << 31) - 1
"""Seconds since the Unix epoch that FROM_UNIXTIME takes."""
_EPOCH: Final = Moment(1970, 1, 1).days
_EARLIEST_DAY: Final = 366
"""Since the year 0: FROM_DAYS makes 0000-00-00 of those before."""


def _of(part: Callable[[Moment], Value], *, whole: bool = True) -> Made:
    """Return what makes a value of the moment that is the first argument."""

    def made(given: Sequence[Value]) -> Value:
        at = moment(given[0], whole=whole)
        return None if at is None else part(at)

    return made


def _days_between(given: Sequence[Value]) -> Value:
    one, two = map(moment, given)
    return None if one is None or two is None else one.days - two.days


def _last_day(at: Moment) -> Value:
    return at._replace(day=month_days(at.year, at.month)).date if at.month else None


def _from_seconds(given: Sequence[Value]) -> Value:
    found = number(given[0])
    if not 0 <= found <= _LATEST:
        return None
    at = at_day(_EPOCH, int(found * MICROS), places_of(found))
    if at is None:
        return None
    return at.shown if len(given) == 1 else formatted(at, text(given[1]))


def _seconds(given: Sequence[Value]) -> Value:
    """Return the seconds since 1970 of a moment; of now without one."""
    at = moment(given[0]) if given else now()
    if at is None:
        return None
    micros = (at.days - _EPOCH) * DAY_SECONDS * MICROS + at.of_day
    if not 0 <= micros <= _LATEST * MICROS:
        return None
    return seconds_of(micros, at.places if given else 0)


def _from_days(given: Sequence[Value]) -> Value:
    days = int(number(given[0]))
    at = at_day(days) if days >= _EARLIEST_DAY else None
    return Moment(0, 0, 0).date if at is None else at.date


def _week(given: Sequence[Value]) -> Value:
    at = moment(given[0])
    return None if at is None else week(at, int(number(given[1])) & 7 if len(given) > 1 else 0)[1]


def _year_and_week(given: Sequence[Value]) -> Value:
    at = moment(given[0])
    if at is None:
        return None
    year, found = week(at, (int(number(given[1])) & 7 if len(given) > 1 else 0) | 2)
    return year * 100 + found


def _day_of_year(given: Sequence[Value]) -> Value:
    year, day = (int(number(one)) for one in given)
    if day <= 0 or not 0 <= year <= 9999:
        return None
    year += (2000 if year < 70 else 1900) if year < 100 else 0
    at = at_day(Moment(year, 1, 1).days + day - 1)
    return None if at is None else at.date


def _months_of(period: int) -> int:
    year, month = divmod(period, 100)
    year += (2000 if year < 70 else 1900) if year < 100 else 0
    return year * 12 + month - 1


def _period_added(given: Sequence[Value]) -> Value:
    months = _months_of(int(number(given[0]))) + int(number(given[1]))
    return months // 12 * 100 + months % 12 + 1


def _extracted(given: Sequence[Value]) -> Value:
    unit = text(given[0]).lower()
    at = moment(given[1], whole=False)
    clock = time_of(given[1])
    if unit == "week":
        return None if at is None or not at.is_whole else week(at, 0)[1]
    sign = -1 if clock is not None and clock[0] < 0 else 1
    micros = abs(clock[0]) if clock is not None else 0
    if unit in ("year", "quarter", "month", "year_month", "day") or unit.startswith("day_"):
        if at is None:
            return None
        sign, micros = 1, at.of_day
        digits = {
            "year": at.year, "quarter": (at.month + 2) // 3, "month": at.month, "day": at.day,
            "year_month": at.year * 100 + at.month,
        }  # fmt: skip
        if unit in digits:
            return digits[unit]
    elif clock is None:
        return None
    seconds = micros // MICROS
    parts = {
        "day": at.day if at is not None and unit.startswith("day") else 0, "hour": seconds // 3600,
        "minute": seconds // 60 % 60, "second": seconds % 60, "microsecond": micros % MICROS,
    }  # fmt: skip
    names = list(parts)
    first, _, last = unit.partition("_")
    made = parts[first]
    for name in names[names.index(first) + 1 : names.index(last) + 1] if last else ():
        made = made * (MICROS if name == "microsecond" else 100) + parts[name]
    return sign * made


def _joined(given: Sequence[Value]) -> Value:
    at = moment(given[0], whole=False)
    if at is None or len(given) == 1:
        return None if at is None else at.shown
    return time_added((at._replace(timed=True).shown, given[1]), 1)


def _offset(zone: str) -> int | None:
    """Return the minutes by which a time zone is ahead of UTC; None: the server has not been told of it."""
    if zone.upper() == "SYSTEM":
        return 0
    sign, (hours, _, minutes) = zone[:1], zone[1:].partition(":")
    if sign not in ("+", "-") or not hours.isdecimal() or not minutes.isdecimal() or len(zone) > 6:
        return None
    found = int(hours) * 60 + int(minutes)
    return (found if sign == "+" else -found) if int(minutes) < 60 and -779 <= found <= 840 else None


def _moved(given: Sequence[Value]) -> Value:
    at = moment(given[0])
    one, two = _offset(text(given[1])), _offset(text(given[2]))
    if at is None or one is None or two is None:
        return None
    made = at_day(at.days, at.of_day + (two - one) * 60 * MICROS, at.places)
    return None if made is None else made.shown


def _shown_as(given: Sequence[Value]) -> Value:
    at = moment(given[0], whole=False)
    return None if at is None else formatted(at, text(given[1]))


def _date(given: Sequence[Value]) -> Value:
    at = moment(given[0], whole=False)
    return None if at is None else at.date


_FORMS: Final = {
    "date": {"eur": "%d.%m.%Y", "iso": "%Y-%m-%d", "jis": "%Y-%m-%d", "usa": "%m.%d.%Y", "internal": "%Y%m%d"},
    "time": {"eur": "%H.%i.%s", "iso": "%H:%i:%s", "jis": "%H:%i:%s", "usa": "%h:%i:%s %p", "internal": "%H%i%s"},
    "datetime": {
        "eur": "%Y-%m-%d %H.%i.%s", "iso": "%Y-%m-%d %H:%i:%s", "jis": "%Y-%m-%d %H:%i:%s",
        "usa": "%Y-%m-%d %H.%i.%s", "internal": "%Y%m%d%H%i%s",
    },
}  # fmt: skip

FUNCTIONS: Final[dict[str, Function]] = {
    "year": Function(1, 1, _of(lambda at: at.year, whole=False)),
    "quarter": Function(1, 1, _of(lambda at: (at.month + 2) // 3, whole=False)),
    "month": Function(1, 1, _of(lambda at: at.month, whole=False)),
    "day": Function(1, 1, _of(lambda at: at.day, whole=False)),
    "dayofmonth": Function(1, 1, _of(lambda at: at.day, whole=False)),
    "dayofweek": Function(1, 1, _of(lambda at: (weekday(at) + 1) % 7 + 1)),
    "dayofyear": Function(1, 1, _of(lambda at: at.days - Moment(at.year, 1, 1).days + 1)),
    "weekday": Function(1, 1, _of(weekday)),
    "week": Function(1, 2, _week),
    "weekofyear": Function(1, 1, _of(lambda at: week(at, 3)[1])),
    "yearweek": Function(1, 2, _year_and_week),
    "dayname": Function(1, 1, _of(lambda at: DAYS[weekday(at)])),
    "monthname": Function(1, 1, _of(lambda at: MONTHS[at.month - 1] if at.month else None, whole=False)),
    "last_day": Function(1, 1, _of(_last_day, whole=False)),
    "to_days": Function(1, 1, _of(lambda at: at.days)),
    "from_days": Function(1, 1, _from_days),
    "to_seconds": Function(1, 1, _of(lambda at: at.days * DAY_SECONDS + at.of_day // MICROS)),
    "datediff": Function(2, 2, _days_between),
    "date": Function(1, 1, _date),
    "timestamp": Function(1, 2, _joined),
    "makedate": Function(2, 2, _day_of_year),
    "period_add": Function(2, 2, _period_added),
    "period_diff": Function(2, 2, lambda given: _months_of(int(number(given[0]))) - _months_of(int(number(given[1])))),
    "date_format": Function(2, 2, _shown_as),
    "str_to_date": Function(2, 2, lambda given: read_as(text(given[0])[:256], text(given[1]))),
    "get_format": Function(2, 2, lambda given: _FORMS.get(text(given[0]).lower(), {}).get(text(given[1]).lower())),
    "from_unixtime": Function(1, 2, _from_seconds),
    "unix_timestamp": Function(0, 1, _seconds),
    "extract": Function(2, 2, _extracted),
    "timestampdiff": Function(3, 3, lambda given: between(text(given[0]), moment(given[1]), moment(given[2]))),
    "convert_tz": Function(3, 3, _moved),
}


def now_as(kind: Callable[[Moment], Temporal], given: Sequence[Value]) -> Temporal:
    """Return this moment, with as many digits of a fraction as are asked for."""
    return kind(now(max(0, min(6, int(number(given[0])))) if given and given[0] is not None else 0))
