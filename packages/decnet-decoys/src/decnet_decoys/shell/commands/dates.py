# SPDX-License-Identifier: MIT
"""Dates as people write them: what of `date -d` and `touch -d` is usual (GNU coreutils, Date input formats)."""

import calendar
import re
import time

_RELATIVE = re.compile(
    r"(?:([-+]?)\s*(\d{1,6})|\b(next|last|this)|\b(an?))?\s*\b(seconds?|secs?|minutes?|mins?|hours?|days?|weeks?|fortnights?|"
    r"months?|years?)\b(\s+ago\b)?",
    re.ASCII | re.IGNORECASE,
)
_SECONDS = {"second": 1, "sec": 1, "minute": 60, "min": 60, "hour": 3600, "day": 86400, "week": 604800,
            "fortnight": 1_209_600}  # fmt: skip
_MONTHS = {"month": 1, "year": 12}
_WEEKDAY = re.compile(
    r"\b(?:(next|last|this)\s+)?(mon|tue|wed|thu|fri|sat|sun)[a-z]*\b,?(?!\s*,?\s+\w{3}\s+\d)",
    re.ASCII | re.IGNORECASE,
)
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MAX_MONTHS = 12 * 9000
_WORDS = {"now": 0, "today": 0, "yesterday": -86400, "tomorrow": 86400, "": 0, "+": 0, "-": 0}
_LAYOUTS = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d", "%Y%m%d", "%m/%d/%Y", "%d %b %Y",
            "%b %d %Y", "%d %B %Y", "%a %b %d %H:%M:%S %Y",
            "%H:%M:%S", "%H:%M", "%b %d %H:%M:%S %Y", "%d %b %Y %H:%M:%S")  # fmt: skip


def moment_of(text: str, now: int) -> int | None:
    """Return the Unix time that a text of at most 128 characters means, None for what is none; all is UTC."""
    text = re.sub(r"\s*(UTC|GMT|Z|\+0000)$", "", text.strip()[:128])
    if re.fullmatch(r"@-?\d{1,11}", text):
        return int(text[1:])
    months = shift = 0
    for match in _RELATIVE.finditer(text):
        unit = match[5].lower().rstrip("s")
        count = {"next": 1, "last": -1, "this": 0}.get((match[3] or "").lower(), int(match[2] or 1))
        count *= (-1 if match[1] == "-" else 1) * (-1 if match[6] else 1)
        shift += count * _SECONDS.get(unit, 0)
        months += count * _MONTHS.get(unit, 0)
    rest = " ".join(_RELATIVE.sub(" ", text).split())
    rest = re.sub(r"\.\d{1,9}", "", rest)
    day = _WEEKDAY.search(rest)
    begin = _begin(rest if day is None else " ".join(_WEEKDAY.sub(" ", rest).split()), now)
    if begin is None:
        return None
    if day is not None:
        begin = _on_weekday(begin, day, midnight=not re.search(r"\d:\d", rest))
    return _months_later(begin, months) + shift


def _on_weekday(begin: int, day: re.Match[str], *, midnight: bool) -> int:
    """Return the next such day, this one included unless it is `next`; with `last` the one before."""
    today = begin // 86400
    ahead = (_DAYS.index(day[2].lower()) - (today + 3)) % 7
    which = (day[1] or "").lower()
    days = today + (ahead - 7 if which == "last" else ahead or (7 if which == "next" else 0))
    return days * 86400 + (0 if midnight else begin % 86400)


def _months_later(moment: int, months: int) -> int:
    """Return the same day of another month; where that has fewer, the surplus runs into the following one."""
    if not months or abs(months) > MAX_MONTHS:
        return moment
    then = time.gmtime(moment)
    year, month = divmod(then.tm_year * 12 + then.tm_mon - 1 + months, 12)
    if not 1 <= year <= 9999:
        return moment
    return calendar.timegm((year, month + 1, 1, 0, 0, 0, 0, 0, 0)) + (then.tm_mday - 1) * 86400 + moment % 86400


def _begin(rest: str, now: int) -> int | None:
    """Return the time that a date without relative parts means."""
    if rest.lower() in _WORDS:
        return now + _WORDS[rest.lower()]
    for layout in _LAYOUTS:
        try:
            parsed = time.strptime(rest, layout)
        except ValueError:
            continue
        if "%Y" not in layout:
            today = time.gmtime(now)
            return calendar.timegm((*today[:3], *parsed[3:6], 0, 0, 0))
        return calendar.timegm(parsed)
    return None


def stamp_of(text: str, now: int) -> int | None:
    """Return the time of `touch -t [[CC]YY]MMDDhhmm[.ss]`."""
    match = re.fullmatch(r"(\d{2}|\d{4})?(\d{8})(?:\.(\d{2}))?", text)
    if match is None:
        return None
    year = match[1] or time.strftime("%Y", time.gmtime(now))
    year = year if len(year) == 4 else ("20" if year < "69" else "19") + year
    try:
        return calendar.timegm(time.strptime(f"{year}{match[2]}{match[3] or '00'}", "%Y%m%d%H%M%S"))
    except ValueError:
        return None
