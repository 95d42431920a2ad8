# SPDX-License-Identifier: MIT
"""Parses external timestamps to nanoseconds since the Unix epoch; anything invalid is None, never an exception."""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def parse_iso8601(value: object) -> int | None:
    """Return ISO 8601 (RFC 3339) text, UTC when it names no zone, as ns since the Unix epoch; None before 1970."""
    if not isinstance(value, str) or len(value) > 64:
        return None
    try:
        time = datetime.fromisoformat(value)
        return nanoseconds(time if time.tzinfo else time.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        return None


def nanoseconds(time: datetime) -> int | None:
    """Return an aware time as ns since the Unix epoch; None before 1970 and after 2262."""
    ts = (time - _EPOCH) // _MICROSECOND * 1000
    return ts if 0 <= ts < 1 << 63 else None
