# SPDX-License-Identifier: MIT
"""How results describe what functions of dates and times make (MariaDB 10.11): by the function, whatever the value."""

import re
from typing import Final

from decnet_decoys.mysql.functions.moments import DATE, DATETIME, TIME, Temporal
from decnet_decoys.mysql.packets import Column
from decnet_decoys.mysql.sql.tables import BINARY, NOT_NULL
from decnet_decoys.mysql.sql.values import Value

_LONG, _LONGLONG, _STRING = 3, 8, 254
_INTEGERS: Final = {
    "year": 4, "quarter": 1, "month": 2, "day": 2, "dayofmonth": 2, "dayofweek": 1, "dayofyear": 3, "weekday": 1,
    "week": 2, "weekofyear": 2, "yearweek": 6, "hour": 2, "minute": 2, "second": 2, "microsecond": 6, "to_days": 6,
    "datediff": 8, "to_seconds": 12, "time_to_sec": 17, "timestampdiff": 21, "unix_timestamp": 17,
}  # fmt: skip
_EXTRACTED: Final = {
    "year": 4, "year_month": 6, "quarter": 1, "month": 2, "week": 2, "day": 8, "day_hour": 10, "day_minute": 12,
    "day_second": 14, "hour": 3, "hour_minute": 5, "hour_second": 7, "minute": 3, "minute_second": 5, "second": 3,
    "microsecond": 7, "day_microsecond": 20, "hour_microsecond": 13, "minute_microsecond": 11,
    "second_microsecond": 9,
}  # fmt: skip
_WIDTHS: Final = {
    **dict.fromkeys("MW", 64), **dict.fromkeys("ab", 32), **dict.fromkeys("Hk", 7), **dict.fromkeys("YxX", 4), "D": 4,
    "j": 3, "f": 6, "r": 11, "T": 8, "w": 1, **dict.fromkeys("cdehIilmpSsUuVvy", 2),
}  # fmt: skip
"""Characters that DATE_FORMAT leaves room for."""
_OF_LATER_FORM: Final = 10
"""Characters for each of a format that is not known yet."""
_KINDS: Final = {
    **dict.fromkeys(("last_day", "date", "makedate", "from_days", "curdate", "current_date", "utc_date"), DATE),
    **dict.fromkeys(("time", "timediff", "maketime", "sec_to_time", "curtime", "current_time", "utc_time"), TIME),
    **dict.fromkeys(
        ("timestamp", "convert_tz", "from_unixtime", "now", "sysdate", "current_timestamp", "localtime",
         "localtimestamp", "utc_timestamp", "datetime"), DATETIME,
    ),
}  # fmt: skip
_TEXTS: Final = {
    "dayname": Column("", size=36, flags=0, decimals=0), "monthname": Column("", size=36, flags=0, decimals=0),
    "get_format": Column("", size=68, flags=0, decimals=0), "addtime": Column("", _STRING, 104, 0),
    "subtime": Column("", _STRING, 104, 0),
}  # fmt: skip
_SIZES: Final = {DATE: 10, TIME: 10, DATETIME: 19}
_NEVER_NULL: Final = frozenset(
    ("curdate", "current_date", "utc_date", "curtime", "current_time", "utc_time", "now", "sysdate",
     "current_timestamp", "localtime", "localtimestamp", "utc_timestamp")
)  # fmt: skip


def _temporal(name: str, kind: int, value: Value, flags: int = 0) -> Column:
    places = len(value.partition(".")[2]) if isinstance(value, str) and kind != DATE else 0
    size = _SIZES[kind] + (places + 1 if places else 0)
    return Column(name, kind, size, BINARY | flags, places, text=False)


def of_call(called: str, form: str | None, given: "Column | None", value: Value, name: str) -> Column | None:
    """Return the description of a call; `form` is the last argument if it is a literal, whose column is `given`.

    None: it is no function of dates.
    """
    if called in ("date_format", "time_format") or (called == "from_unixtime" and form is not None):
        size = 4 * _room(form) if form is not None else _OF_LATER_FORM * (given.size if given is not None else 0)
        return Column(name, size=size, flags=0, decimals=0)
    if called in _TEXTS:
        return _TEXTS[called]._replace(name=name)
    if called == "str_to_date":
        return _temporal(name, value.kind if isinstance(value, Temporal) else DATE, value)
    if called in _KINDS:
        return _temporal(name, _KINDS[called], value, NOT_NULL if called in _NEVER_NULL else 0)
    if called in _INTEGERS and (value is None or isinstance(value, int)):
        return _whole(name, _INTEGERS[called])
    return None


def _whole(name: str, size: int) -> Column:
    return Column(name, _LONG if size <= 10 else _LONGLONG, size, BINARY, 0, text=False)


def of_extract(unit: str, name: str) -> Column:
    """Return the description of EXTRACT()."""
    return _whole(name, _EXTRACTED.get(unit, 2))


def of_shift(base: Column, unit: str, value: Value, name: str) -> Column:
    """Return the description of a date with an interval: text if the date was text."""
    if isinstance(value, Temporal):
        return _temporal(name, value.kind, value)
    if base.kind in (DATE, DATETIME):
        return _temporal(name, base.kind, None)
    exact = "microsecond" in unit or (isinstance(value, str) and "." in value)
    return Column(name, _STRING, 104 if exact else 76, 0, 6 if exact else 0)


def _room(form: str) -> int:
    """Return how many characters a format may come to."""
    return sum(_WIDTHS.get(code[1], 1) if len(code) > 1 else 1 for code in re.findall(r"%.|.", form[:1024], re.DOTALL))
