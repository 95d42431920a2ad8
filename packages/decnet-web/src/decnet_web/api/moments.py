# SPDX-License-Identifier: MIT
"""Times in answers: RFC 3339 in UTC, with nanoseconds where there are any.

Tables and queries count nanoseconds since the Unix epoch; those do not fit into JavaScript's numbers, so a field of
type `Moment` holds the integer here and is a string in JSON.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

_SECOND = 1_000_000_000
_DAY_SECONDS = 86_400
_LATEST = 2**63 - 1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FRACTION = re.compile(r"\.(\d{1,9})")


def moment_text(ns: int) -> str:
    """Return `2026-11-30T06:00:00.123456789Z`; without a fraction when it is zero."""
    seconds, fraction = divmod(ns, _SECOND)
    days, second = divmod(seconds, _DAY_SECONDS)
    text = f"{_day(days)}T{_clock(second)}"
    return f"{text}.{fraction:09d}".rstrip("0") + "Z" if fraction else f"{text}Z"


@lru_cache(1024)
def _day(days: int) -> str:
    return (_EPOCH + timedelta(days=days)).date().isoformat()


@lru_cache(4096)
def _clock(second: int) -> str:
    return f"{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}"


def moment_ns(value: Any) -> Any:
    """Return the nanoseconds of an RFC 3339 string with a zone, or those given. Raises ValueError."""
    ns = _read(value) if isinstance(value, str) else value
    if isinstance(ns, int) and not -_LATEST <= ns <= _LATEST:
        raise ValueError("a time is between the years 1678 and 2262")
    return ns


def _read(value: str) -> int:
    fraction = _FRACTION.search(value)
    moment = datetime.fromisoformat(_FRACTION.sub("", value, count=1).upper())
    if moment.tzinfo is None:
        raise ValueError("a time needs a zone, such as Z")
    return int((moment - _EPOCH).total_seconds()) * _SECOND + (int(fraction[1].ljust(9, "0")) if fraction else 0)


Moment = Annotated[
    int,
    BeforeValidator(moment_ns),
    PlainSerializer(moment_text, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
