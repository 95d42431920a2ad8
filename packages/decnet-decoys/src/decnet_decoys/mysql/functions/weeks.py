# SPDX-License-Identifier: MIT
"""Weeks of a year by the modes of MariaDB's WEEK()."""

import datetime as dt

from decnet_decoys.mysql.functions.moments import Moment

_MONDAY, _OF_ITS_YEAR, _OTHER_FIRST = 1, 2, 4
"""Bits of a mode: weeks begin on Monday, not Sunday; a day before the first week is of the last year's last one, not of
week 0; and which week is the first is told by the other rule than its first day has."""


def week(at: Moment, mode: int) -> tuple[int, int]:
    """Return the year of a week, and its number."""
    day = at.days
    first = _first(at.year, mode)
    if day < first:
        if not mode & _OF_ITS_YEAR or at.year < 2:
            return at.year, 0
        return at.year - 1, (day - _first(at.year - 1, mode)) // 7 + 1
    if mode & _OF_ITS_YEAR and at.year < dt.MAXYEAR and day >= _first(at.year + 1, mode):
        return at.year + 1, 1
    return at.year, (day - first) // 7 + 1


def _first(year: int, mode: int) -> int:
    """Return the day on which a year's first week begins: the one with most of its days in it, or all of them."""
    new_year = Moment(year, 1, 1).days
    weekday = (new_year + 5 + (0 if mode & _MONDAY else 1)) % 7  # day 366, of the year 1, is a Monday
    most = bool(mode & _MONDAY) != bool(mode & _OTHER_FIRST)
    return new_year - weekday if weekday == 0 or (most and weekday <= 3) else new_year - weekday + 7
