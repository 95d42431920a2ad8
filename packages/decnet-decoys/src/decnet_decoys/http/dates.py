# SPDX-License-Identifier: MIT
"""Dates of conditions as each server reads them (RFC 9110 §5.6.7, §13.1.3): some take what is none. Pure, bounded."""

from __future__ import annotations

import calendar
import re

_LONGEST = 100
_EARLIEST_YEAR = 1970
_MONTHS = {
    name: at
    for at, name in enumerate(["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"], 1)
}
_TIME = r"(?P<h>\d\d):(?P<m>\d\d):(?P<s>\d\d)"
_USUAL = rf"(?P<day>\d\d) (?P<month>[A-Z][a-z]{{2}}) (?P<year>\d{{4}}) {_TIME}"
_OLD = rf"(?P<day>\d\d)-(?P<month>[A-Z][a-z]{{2}})-(?P<short>\d\d) {_TIME}"
_ASCTIME = rf"(?P<month>[A-Z][a-z]{{2}}) (?P<day>[ \d]\d) {_TIME} (?P<year>\d{{4}})"
_FORMS = {
    # What is before the comma is skipped, and what is after the seconds not looked at (ngx_parse_time.c).
    "nginx": (rf"[^, ]*, *{_USUAL}", rf"[^, ]*, *{_OLD}", rf"[^, ]* +{_ASCTIME}"),
    # The first word is skipped (apr_date.c).
    "apache": (
        rf"\s*\S* {_USUAL} ",
        rf"\s*\S* {_OLD} ",
        rf"\s*\S* {_ASCTIME}",
        rf"\s*\S* {_USUAL} ".replace(r"(?P<day>\d\d)", r"(?P<day>\d)"),
    ),
    # Each form to its last byte; days that no month has are those of the next one (http_date.c).
    "lighttpd": (
        rf"[A-Z][a-z]{{2}}, {_USUAL} GMT\Z",
        rf"[A-Z][a-z]{{5,8}}, {_OLD} GMT\Z",
        rf"[A-Z][a-z]{{2}} {_ASCTIME}\Z",
    ),
}
_COMPILED = {flavour: tuple(map(re.compile, forms)) for flavour, forms in _FORMS.items()}


def moment(flavour: str, text: str | None) -> int | None:
    """Return the Unix time that a field names for that server; None: it names none."""
    if text is None or len(text) > _LONGEST:
        return None
    for form in _COMPILED.get(flavour, _COMPILED["nginx"]):
        found = form.match(text)
        if found is not None:
            return _seconds(found.groupdict(), exact=flavour != "lighttpd")
    return None


def _seconds(parts: dict[str, str], *, exact: bool) -> int | None:
    month = _MONTHS.get(parts["month"])
    short = parts.get("short")
    year = int(parts["year"]) if short is None else int(short) + (2000 if int(short) < _EARLIEST_YEAR % 100 else 1900)
    day, hour, minute, second = (int(parts[name]) for name in ("day", "h", "m", "s"))
    if month is None or year < _EARLIEST_YEAR:
        return None
    if exact and not (1 <= day <= calendar.monthrange(year, month)[1] and hour < 24 and minute < 60 and second < 60):
        return None
    return calendar.timegm((year, month, day, hour, minute, second))
