# SPDX-License-Identifier: MIT
"""DATE_FORMAT, TIME_FORMAT and STR_TO_DATE: what a letter after a per cent sign stands for (MariaDB 10.11)."""

import re
from collections.abc import Callable
from typing import Final

from decnet_decoys.errors import DecoysError
from decnet_decoys.mysql.functions.moments import Moment, Temporal, clock_text
from decnet_decoys.mysql.functions.weeks import week
from decnet_decoys.mysql.sql.budget import step

MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_CODE: Final = re.compile("%(.)", re.DOTALL)


def weekday(at: Moment) -> int:
    """Return the day of the week; 0: Monday."""
    return (at.days + 5) % 7


def _ending(day: int) -> str:
    return "th" if 11 <= day <= 13 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")


def _twelve(hour: int) -> int:
    return hour % 12 or 12


def _half(hour: int) -> str:
    return "AM" if hour % 24 < 12 else "PM"


_CODES: Final[dict[str, Callable[[Moment], str]]] = {
    "a": lambda at: DAYS[weekday(at)][:3], "b": lambda at: MONTHS[at.month - 1][:3], "c": lambda at: f"{at.month}",
    "D": lambda at: f"{at.day}{_ending(at.day)}", "d": lambda at: f"{at.day:02}", "e": lambda at: f"{at.day}",
    "f": lambda at: f"{at.micro:06}", "H": lambda at: f"{at.hour:02}", "h": lambda at: f"{_twelve(at.hour):02}",
    "I": lambda at: f"{_twelve(at.hour):02}", "i": lambda at: f"{at.minute:02}",
    "j": lambda at: f"{at.days - Moment(at.year, 1, 1).days + 1:03}", "k": lambda at: f"{at.hour}",
    "l": lambda at: f"{_twelve(at.hour)}", "M": lambda at: MONTHS[at.month - 1], "m": lambda at: f"{at.month:02}",
    "p": lambda at: _half(at.hour), "S": lambda at: f"{at.second:02}", "s": lambda at: f"{at.second:02}",
    "r": lambda at: f"{_twelve(at.hour):02}:{at.minute:02}:{at.second:02} {_half(at.hour)}",
    "T": lambda at: f"{at.hour:02}:{at.minute:02}:{at.second:02}",
    "U": lambda at: f"{week(at, 0)[1]:02}", "u": lambda at: f"{week(at, 1)[1]:02}",
    "V": lambda at: f"{week(at, 2)[1]:02}", "v": lambda at: f"{week(at, 3)[1]:02}",
    "W": lambda at: DAYS[weekday(at)], "w": lambda at: f"{(weekday(at) + 1) % 7}",
    "X": lambda at: f"{week(at, 2)[0]:04}", "x": lambda at: f"{week(at, 3)[0]:04}",
    "Y": lambda at: f"{at.year:04}", "y": lambda at: f"{at.year % 100:02}",
}  # fmt: skip
"""Another letter stands for itself."""
_OF_MONTHS: Final = "bM"
_OF_DAYS: Final = "ajUuVvWwXx"
_OF_CLOCK: Final = "fHhIiklprSsT"


class _NoSuchDayError(DecoysError):
    """The format asks for what a date has not whose month or day is zero."""


def formatted(at: Moment, form: str) -> str | None:
    """Return a moment as a format says; None if it has no such part. A part that is asked for often is made once."""
    step(form.count("%"))
    made: dict[str, str] = {}

    def part(found: re.Match[str]) -> str:
        code = found[1]
        shown = made.get(code)
        if shown is None:
            if (code in _OF_DAYS and not at.is_whole) or (code in _OF_MONTHS and not at.month):
                raise _NoSuchDayError
            shown = made[code] = _CODES[code](at) if code in _CODES else code
        return shown

    try:
        return _CODE.sub(part, form) or None
    except _NoSuchDayError:
        return None


def formatted_time(micros: int, form: str) -> str | None:
    """Return a time, which may be longer than a day, as a format says; None if that asks for a day."""
    hours, rest = divmod(abs(micros), 3_600_000_000)
    at = Moment(0, 0, 0, 0, rest // 60_000_000, rest // 1_000_000 % 60, rest % 1_000_000)
    whole = {"H": f"{hours:02}", "k": f"{hours}", "T": f"{hours:02}:{at.minute:02}:{at.second:02}"}
    whole |= dict.fromkeys("hI", f"{_twelve(hours):02}") | {"l": f"{_twelve(hours)}", "p": _half(hours)}
    codes = set(_CODE.findall(form)) & set(_CODES)
    if codes - set(_OF_CLOCK):
        return None
    step(2 * form.count("%"))
    whole |= {code: _CODES[code](at) for code in codes - set(whole)}
    sign = "-" if micros < 0 else ""
    return sign + _CODE.sub(lambda found: whole.get(found[1], found[1]), form) if form else None


_READ: Final = {
    "Y": r"\d{1,4}", "f": r"\d{1,6}", "j": r"\d{1,3}", "p": "[AaPp][Mm]", "M": "[A-Za-z]{3,9}", "b": "[A-Za-z]{3}",
    "W": "[A-Za-z]{6,9}", "a": "[A-Za-z]{3}", "D": r"\d{1,2}(?:st|nd|rd|th)",
    **dict.fromkeys("ymcdeHhIiklSs", r"\d{1,2}"),
}  # fmt: skip
_WHOLE: Final = {"T": "%H:%i:%s", "r": "%h:%i:%s %p"}
_FIELDS: Final = {
    **dict.fromkeys("Yy", "year"), **dict.fromkeys("mcMb", "month"), **dict.fromkeys("deD", "day"),
    **dict.fromkeys("HhIkl", "hour"), "i": "minute", **dict.fromkeys("Ss", "second"), "f": "micro",
}  # fmt: skip
_LONGEST_FORM: Final = 256


def read_as(text: str, form: str) -> Temporal | None:
    """Return the date, time or both that a text tells in a format; None if it does not."""
    for code, longer in _WHOLE.items():
        form = form[:_LONGEST_FORM].replace("%" + code, longer)
    parts: dict[str, int] = {}
    half, at = "", 0
    step(4 * len(form))
    for found in re.finditer(r"%(.)|\s+|([^%\s])", form, re.DOTALL):
        code, literal = found[1], found[2]
        at += len(text[at:]) - len(text[at:].lstrip())
        if code is None and literal is None:
            continue
        told = re.compile(_READ.get(code, re.escape(code)) if code else re.escape(literal)).match(text, at)
        if told is None:
            if at == len(text) and parts:
                break
            return None
        at = told.end()
        half = told[0].upper() if code == "p" else half
        if code in _FIELDS:
            number = _worth(code, told[0])
            if number is None:
                return None
            parts[_FIELDS[code]] = number
    return _told(parts, half, form)


def _worth(code: str, told: str) -> int | None:
    if code in "Mb":
        size = 3 if code == "b" else len(told)
        return next((at for at, name in enumerate(MONTHS, 1) if name[:size].lower() == told.lower()), None)
    if code == "f":
        return int(told.ljust(6, "0"))
    worth = int(re.sub(r"\D", "", told))
    return worth + (2000 if worth < 70 else 1900) if code == "y" else worth


def _told(parts: dict[str, int], half: str, form: str) -> Temporal | None:
    hour = parts.get("hour", 0)
    if half:
        hour = hour % 12 + 12 * (half == "PM")
    year, month, day = (parts.get(one, 0) for one in ("year", "month", "day"))
    minute, second, micro = (parts.get(one, 0) for one in ("minute", "second", "micro"))
    if month > 12 or day > 31 or hour > 23 or minute > 59 or second > 59:
        return None
    codes = set(_CODE.findall(form))
    timed = bool(codes & set(_OF_CLOCK))
    dated = bool(codes - set(_OF_CLOCK)) or not timed
    at = Moment(year, month, day, hour, minute, second, micro, 6 if "f" in codes else 0)
    if not dated:
        return clock_text(at.of_day, at.places)
    return at.shown if timed else at.date
