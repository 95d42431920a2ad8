# SPDX-License-Identifier: MIT
"""Intervals: what INTERVAL adds to a moment, and how many of a unit lie between two."""

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from decnet_decoys.mysql.functions.moments import (
    DATE,
    DAY_SECONDS,
    MICROS,
    TIME,
    Moment,
    Temporal,
    at_day,
    clock_text,
    moment,
    month_days,
    time_of,
)
from decnet_decoys.mysql.sql.values import Value, number, text

_UNITS: Final = {
    "microsecond": 1, "second": MICROS, "minute": 60 * MICROS, "hour": 3600 * MICROS,
    "day": DAY_SECONDS * MICROS, "week": 7 * DAY_SECONDS * MICROS,
}  # fmt: skip
_MONTHS: Final = {"month": 1, "quarter": 3, "year": 12}
_PARTS: Final = ("day", "hour", "minute", "second", "microsecond")
UNITS: Final = frozenset(
    (
        *_UNITS, *_MONTHS, "year_month",
        *(f"{one}_{two}" for at, one in enumerate(_PARTS) for two in _PARTS[at + 1 :]),
    )
)  # fmt: skip
_OF_DAYS: Final = frozenset(("day", "week", "month", "quarter", "year", "year_month"))
_LARGEST: Final = 1 << 62


def shifted(base: Value, amount: Value, unit: str, sign: int) -> Value:
    """Return a date or time with an interval added; None for what is none, or past the year 9999."""
    if base is None or amount is None:
        return None
    months, micros = _worth(amount, unit)
    months, micros = sign * months, sign * micros
    if isinstance(base, Temporal) and base.kind == TIME and unit not in _OF_DAYS:
        found = time_of(base)
        return None if found is None else clock_text(found[0] + micros, 6 if micros % MICROS else found[1])
    at = moment(base)
    made = None if at is None else _later(at, months, micros)
    if at is None or made is None:
        return None
    dated = unit in _OF_DAYS and not at.timed
    shown = made.date if dated or (isinstance(base, Temporal) and base.kind == DATE and dated) else made.shown
    return shown if isinstance(base, Temporal) else str(shown)


def _later(at: Moment, months: int, micros: int) -> Moment | None:
    if months:
        year, month = divmod(at.year * 12 + at.month - 1 + months, 12)
        if not 0 < year <= 9999:
            return None
        at = at._replace(year=year, month=month + 1, day=min(at.day, month_days(year, month + 1)))
    return at_day(at.days, at.of_day + micros, 6 if micros % MICROS else at.places, timed=at.timed)


def _worth(amount: Value, unit: str) -> tuple[int, int]:
    """Return how many months and microseconds an interval has."""
    if "_" not in unit:
        found = number(amount)
        if unit == "second" and not isinstance(found, int):
            return 0, int(found * MICROS)
        whole = int(found) if isinstance(amount, str | bytes) or isinstance(found, int) else _rounded(found)
        whole = max(-_LARGEST, min(_LARGEST, whole))
        return (whole * _MONTHS[unit], 0) if unit in _MONTHS else (0, whole * _UNITS[unit])
    return _composed(text(amount)[:128], unit)


def _rounded(found: "float | Decimal") -> int:
    return int(found + Decimal("0.5") if isinstance(found, Decimal) and found >= 0 else round(found))


def _composed(told: str, unit: str) -> tuple[int, int]:
    """Return what the numbers of a text come to, of which the last is of the unit's last part."""
    sign = -1 if told.lstrip()[:1] == "-" else 1
    numbers = re.findall(r"\d{1,18}", told)
    first, _, last = unit.partition("_")
    if first == "year":
        years, months = _filled([int(one) for one in numbers], 2)
        return sign * (years * 12 + months), 0
    names = _PARTS[_PARTS.index(first) : _PARTS.index(last) + 1]
    if last == "microsecond" and len(numbers) > 1:
        numbers[-1] = numbers[-1].ljust(6, "0")[:6]
    parts = _filled([int(one) for one in numbers], len(names))
    return 0, sign * sum(one * _UNITS[name] for one, name in zip(parts, names, strict=True))


def _filled(numbers: Sequence[int], count: int) -> list[int]:
    return [*[0] * (count - len(numbers)), *numbers[:count]]


def between(unit: str, one: Moment | None, two: Moment | None) -> int | None:
    """Return how many whole units lie from one moment to another (TIMESTAMPDIFF)."""
    if one is None or two is None:
        return None
    unit = unit.lower()
    apart = (two.days - one.days) * DAY_SECONDS * MICROS + two.of_day - one.of_day
    if unit in _UNITS:
        return abs(apart) // _UNITS[unit] * (1 if apart >= 0 else -1)
    early, late = (one, two) if apart >= 0 else (two, one)
    months = (late.year - early.year) * 12 + late.month - early.month
    months -= (late.day, late.of_day) < (early.day, early.of_day)
    return months // _MONTHS[unit] * (1 if apart >= 0 else -1)
