# SPDX-License-Identifier: MIT
"""Dates and times as MariaDB reads and shows them: any punctuation between the parts, days and months that are zero."""

import datetime as dt
import re
from decimal import Decimal
from typing import Any, Final, NamedTuple

DATE, TIME, DATETIME = 10, 11, 12
"""Types of columns."""
DAY_SECONDS: Final = 86_400
MICROS: Final = 1_000_000
LONGEST_TIME: Final = (838 * 3600 + 59 * 60 + 59) * MICROS
"""Microseconds of the longest time there is, 838:59:59."""
_LONGEST_TEXT: Final = 64
_SHORTEST_BOTH: Final = 12
"""Characters of a date with a time."""
_SMALLEST_BOTH: Final = 10_000_000_000
"""Of the numbers that are one."""
_BETWEEN: Final = r"[-!#$%&()*+,./:;<=>?@\[\]^_{|}~]"
_PARTED: Final = re.compile(
    rf"\s*(\d{{1,4}}){_BETWEEN}(\d{{1,2}}){_BETWEEN}(\d{{1,2}})"
    rf"(?:(?:T|\s+|{_BETWEEN})(\d{{1,2}})(?:{_BETWEEN}(\d{{1,2}})(?:{_BETWEEN}(\d{{1,2}})(?:\.(\d{{0,6}})\d*)?)?)?)?"
)
_PACKED: Final = re.compile(r"\s*(\d{14}|\d{12}|\d{8}|\d{6})(?!\d)(?:\.(\d{0,6})\d*)?")
_CLOCK: Final = re.compile(r"\s*(-?)(?:(\d{1,2})\s+)?(\d{1,4})(?::(\d{1,2})(?::(\d{1,2})(?:\.(\d{0,6})\d*)?)?)?")
_DIGITS: Final = re.compile(r"\s*(-?)(\d{1,7})(?:\.(\d{0,6})\d*)?(?![\d:])")


class Temporal(str):
    """A date, a time or both, as text that knows which."""

    __slots__ = ("kind",)
    kind: int

    def __new__(cls, text: str, kind: int) -> "Temporal":
        made = super().__new__(cls, text)
        made.kind = kind
        return made

    @property
    def number(self) -> "int | Decimal":
        """Return its digits as a number, as it is worth in arithmetic."""
        digits = "".join(one for one in self if one.isdigit() or one in ".-"[: 1 + (self.kind == TIME)])
        return Decimal(digits) if "." in digits else int(digits or 0)


class Moment(NamedTuple):
    """A day, and a time of it; month and day may be zero."""

    year: int
    month: int
    day: int
    hour: int = 0
    minute: int = 0
    second: int = 0
    micro: int = 0
    places: int = 0
    """Digits of the fraction of a second that are shown."""
    timed: bool = False
    """Whether a time was named."""

    @property
    def is_whole(self) -> bool:
        """Whether it is a day of the calendar."""
        return self.month > 0 and self.day > 0

    @property
    def days(self) -> int:
        """Days since the year 0, which MariaDB takes for one of 365."""
        if self.year:
            return dt.date(self.year, self.month, self.day).toordinal() + 365
        return dt.date(1, self.month, self.day).toordinal()

    @property
    def of_day(self) -> int:
        """Microseconds since midnight."""
        return ((self.hour * 60 + self.minute) * 60 + self.second) * MICROS + self.micro

    @property
    def date(self) -> Temporal:
        return Temporal(f"{self.year:04}-{self.month:02}-{self.day:02}", DATE)

    @property
    def shown(self) -> Temporal:
        """Return the date with its time."""
        return Temporal(f"{self.date} {clock_text(self.of_day, self.places)}", DATETIME)


def clock_text(micros: int, places: int = 0) -> Temporal:
    """Return a time, which may be negative and longer than a day."""
    seconds, micro = divmod(abs(micros), MICROS)
    part = f".{micro:06}"[: places + 1] if places else ""
    sign = "-" if micros < 0 else ""
    return Temporal(f"{sign}{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}{part}", TIME)


def at_day(days: int, micros: int = 0, places: int = 0, *, timed: bool = False) -> Moment | None:
    """Return the moment of a day since the year 0; None: the calendar has no such day."""
    days, rest = days + micros // (DAY_SECONDS * MICROS), micros % (DAY_SECONDS * MICROS)
    if not 0 < days - 365 <= dt.date.max.toordinal():
        return None
    day = dt.date.fromordinal(days - 365)
    seconds, micro = divmod(rest, MICROS)
    return Moment(day.year, day.month, day.day, seconds // 3600, seconds // 60 % 60, seconds % 60, micro, places, timed)


def now(places: int = 0) -> Moment:
    """Return this moment, UTC."""
    at = dt.datetime.now(dt.UTC)
    micro = at.microsecond - at.microsecond % 10 ** (6 - places)
    return Moment(at.year, at.month, at.day, at.hour, at.minute, at.second, micro, places, timed=True)


def moment(value: Any, *, whole: bool = True) -> Moment | None:
    """Return the moment that a value names, None for none; `whole`: month and day may not be zero."""
    if isinstance(value, Temporal) and value.kind == TIME:
        clock = time_of(value)
        return at_day(now().days, clock[0], clock[1], timed=True) if clock is not None else None
    if isinstance(value, int | float | Decimal):
        found = _packed(_padded(value)) if value >= 0 else None
    else:
        text = value.decode("latin-1") if isinstance(value, bytes) else value
        found = _parted(text[:_LONGEST_TEXT]) or _packed(text[:_LONGEST_TEXT])
    if found is None or (whole and not found.is_whole):
        return None
    return found


def _padded(value: "int | float | Decimal") -> str:
    """Return the digits of a number that stands for a date, of which zeros at the begin are missing."""
    digits, _, part = f"{value:.6f}".partition(".") if not isinstance(value, int) else (str(value), "", "")
    size = next((one for one in (6, 8, 12, 14) if len(digits) <= one), 0)
    return digits.zfill(size) + ("." + part.rstrip("0") if part.strip("0") else "")


def _parted(text: str) -> Moment | None:
    found = _PARTED.match(text)
    if found is None:
        return None
    year, month, day, hour, minute, second = (int(one or 0) for one in found.groups()[:6])
    if len(found[1]) <= 2:
        year = _century(year)
    return _checked((year, month, day, hour, minute, second), found[7] or "", timed=found[4] is not None)


def _packed(text: str) -> Moment | None:
    found = _PACKED.match(text)
    if found is None:
        return None
    digits = found[1]
    years = 4 if len(digits) in (8, 14) else 2
    year = int(digits[:years]) if years == 4 else _century(int(digits[:2]))
    parts = [int(digits[at : at + 2] or 0) for at in range(years, years + 10, 2)]
    if not any(parts) and not int(digits):
        year = 0
    return _checked((year, *parts), found[2] or "", timed=len(digits) > 8)


def _century(year: int) -> int:
    return year + (2000 if year < 70 else 1900)


def _checked(parts: tuple[int, ...], fraction: str, *, timed: bool) -> Moment | None:
    year, month, day, hour, minute, second = parts
    if month > 12 or day > 31 or hour > 23 or minute > 59 or second > 59:
        return None
    if month and day > 28 and day > month_days(year, month):
        return None
    micro = int(fraction.ljust(6, "0"))
    return Moment(year, month, day, hour, minute, second, micro, len(fraction), timed)


def month_days(year: int, month: int) -> int:
    """Return how many days a month has."""
    if month == 2:
        return 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) and year else 28
    return 30 if month in (4, 6, 9, 11) else 31


def dated(value: Any) -> Moment | None:
    """Return the day and the time that a value names, None if it does not name both; a short text is a time alone."""
    if isinstance(value, Temporal) and value.kind != DATETIME:
        return None
    if isinstance(value, str | bytes):
        if len(value.strip()) < _SHORTEST_BOTH:
            return None
    elif abs(value) < _SMALLEST_BOTH:
        return None
    found = moment(value, whole=False)
    return found if found is not None and found.timed else None


def time_of(value: Any) -> tuple[int, int] | None:
    """Return the time that a value names: microseconds, and digits of the fraction that are shown; None for none."""
    if isinstance(value, Temporal) and value.kind == DATE:
        return 0, 0
    text = value.decode("latin-1") if isinstance(value, bytes) else value if isinstance(value, str) else f"{value}"
    text = text[:_LONGEST_TEXT]
    at = dated(value)
    if at is not None:
        return at.of_day, at.places
    digits = _DIGITS.match(text)
    if digits is not None and not re.match(r"\s*-?\d+\s+\d", text):
        hours, minutes, seconds = int(digits[2]) // 10_000, int(digits[2]) // 100 % 100, int(digits[2]) % 100
        sign, days, fraction = digits[1], 0, digits[3] or ""
    else:
        parts = _CLOCK.match(text)
        if parts is None:
            return None
        sign, days, fraction = parts[1], int(parts[2] or 0), parts[6] or ""
        hours, minutes, seconds = int(parts[3]), int(parts[4] or 0), int(parts[5] or 0)
    if minutes > 59 or seconds > 59:
        return None
    micros = ((((days * 24 + hours) * 60) + minutes) * 60 + seconds) * MICROS + int(fraction.ljust(6, "0"))
    micros = min(micros, LONGEST_TIME)
    return (-micros if sign else micros), len(fraction)
