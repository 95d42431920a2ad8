# SPDX-License-Identifier: MIT
"""Dates as people write them: what of `date -d` and `touch -d` is usual (GNU coreutils, Date input formats)."""

import calendar
import re
import time

_RELATIVE = re.compile(r"([-+]?\d{1,6})\s*(second|sec|minute|min|hour|day|week|month|year)s?(\s+ago)?")
_SECONDS = {"second": 1, "sec": 1, "minute": 60, "min": 60, "hour": 3600, "day": 86400, "week": 604800,
            "month": 2_592_000,

            "year": 31_536_000}  # fmt: skip
_WORDS = {"now": 0, "today": 0, "yesterday": -86400, "tomorrow": 86400, "": 0}
_LAYOUTS = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d", "%Y%m%d", "%m/%d/%Y", "%d %b %Y",
            "%b %d %Y", "%d %B %Y", "%a %b %d %H:%M:%S %Y",
            "%H:%M:%S", "%H:%M", "%b %d %H:%M:%S %Y", "%d %b %Y %H:%M:%S")  # fmt: skip


def moment_of(text: str, now: int) -> int | None:
    """Return the Unix time that a text of at most 128 characters means, None for what is none; all is UTC."""
    text = re.sub(r"\s*(UTC|GMT|Z|\+0000)$", "", text.strip()[:128])
    if re.fullmatch(r"@-?\d{1,11}", text):
        return int(text[1:])
    shift = 0
    for match in _RELATIVE.finditer(text):
        shift += int(match[1]) * _SECONDS[match[2]] * (-1 if match[3] else 1)
    rest = " ".join(_RELATIVE.sub(" ", text).replace("last ", "-1 ").split())
    rest = re.sub(r"\.\d{1,9}", "", rest)
    if rest.lower() in _WORDS:
        return now + shift + _WORDS[rest.lower()]
    for layout in _LAYOUTS:
        try:
            parsed = time.strptime(rest, layout)
        except ValueError:
            continue
        if "%Y" not in layout:
            today = time.gmtime(now)
            return calendar.timegm((*today[:3], *parsed[3:6], 0, 0, 0)) + shift
        return calendar.timegm(parsed) + shift
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
