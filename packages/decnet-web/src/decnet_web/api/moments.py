# SPDX-License-Identifier: MIT
"""Times in answers: RFC 3339 in UTC, with nanoseconds where there are any.

Tables and queries count nanoseconds since the Unix epoch; those do not fit into JavaScript's numbers, so a field of
type `Moment` holds the integer here and is a string in JSON.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

_SECOND = 1_000_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FRACTION = re.compile(r"\.(\d{1,9})")


def moment_text(ns: int) -> str:
    """Return `2026-11-30T06:00:00.123456789Z`; without a fraction when it is zero."""
    seconds, fraction = divmod(ns, _SECOND)
    text = (_EPOCH + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{fraction:09d}".rstrip("0") + "Z" if fraction else f"{text}Z"


def moment_ns(value: Any) -> Any:
    """Return the nanoseconds of an RFC 3339 string with a zone; other values as they are. Raises ValueError."""
    if not isinstance(value, str):
        return value
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
