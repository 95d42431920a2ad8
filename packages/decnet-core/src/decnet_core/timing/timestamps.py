# SPDX-License-Identifier: MIT
"""Timestamps of others, parsed to nanoseconds since the Unix epoch, and ours in the JSON that commands print.

A number of nanoseconds does not fit into the floats that jq and JavaScript count with, and nobody can read it. So a
field `ts` is printed as RFC 3339 with nine digits, and beside it `ts_ns` has the number as text; `first_seen`,
`created_at` and so on in the same way.
"""

from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

import msgspec

from decnet_core.timing.durations import SECOND_NS

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_NAMES = frozenset({"ts", "since", "until", "not_before", "not_after", "window_from"})
_ENDINGS = ("_at", "_seen", "_since", "_until")
_LEAST = 10**15
"""A smaller number is no time of this century in nanoseconds ..."""
_SECONDS = range(10**9, 10**11)
"""... but one of these is in seconds."""
_RECORDED = "payload"
"""What is below this name stays as it was recorded."""
_ALWAYS = (0, 2**63 - 1)
"""The ends of a span of time that has none."""
_BESIDE = frozenset({"seq", "kind"})
"""What `decnet events --json` adds to an event."""
_LAST_SECOND = 253_402_300_799


def parse_iso8601(value: object, zone: tzinfo = UTC) -> int | None:
    """Return ISO 8601 (RFC 3339) text, in `zone` when it names none, as ns since the Unix epoch; None before 1970."""
    if not isinstance(value, str) or len(value) > 64:
        return None
    try:
        time = datetime.fromisoformat(value)
        return nanoseconds(time if time.tzinfo else time.replace(tzinfo=zone))
    except (ValueError, OverflowError):
        return None


def nanoseconds(time: datetime) -> int | None:
    """Return an aware time as ns since the Unix epoch; None before 1970 and after 2262."""
    ts = (time - _EPOCH) // _MICROSECOND * 1000
    return ts if 0 <= ts < 1 << 63 else None


def rfc3339(ts: int) -> str:
    """Return e.g. `2026-11-23T21:04:05.123456789Z`; a time beyond the calendar becomes its last second."""
    moment = datetime.fromtimestamp(min(ts // SECOND_NS, _LAST_SECOND), UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{ts % SECOND_NS:09d}Z"


def json_with_times(value: Any) -> bytes:
    """Return `value` as JSON on one line, its times as this module's docstring says."""
    return msgspec.json.encode(_with_times(msgspec.json.decode(msgspec.json.encode(value))))


def as_recorded(line: bytes) -> bytes:
    """Return an event that a command printed as it was recorded; any other line as it is."""
    try:
        found = msgspec.json.decode(line, type=dict[str, Any])
        found["ts"] = int(found.pop("ts_ns"))
        return msgspec.json.encode({name: value for name, value in found.items() if name not in _BESIDE})
    except (msgspec.DecodeError, KeyError, ValueError, TypeError, RecursionError):
        return line


def _with_times(value: Any) -> Any:
    if isinstance(value, list):
        return [_with_times(each) for each in value]
    if not isinstance(value, dict):
        return value
    found: dict[str, Any] = {}
    for name, each in value.items():
        ts = _time(name, each)
        if ts is None:
            found[name] = each if name == _RECORDED else _with_times(each)
        else:
            found |= {name: None} if ts in _ALWAYS else {name: rfc3339(ts), f"{name}_ns": str(ts)}
    return found


def _time(name: str, value: Any) -> int | None:
    """Return a field's value in ns since the Unix epoch when it is a time; one in seconds may have a fraction."""
    if not isinstance(value, int | float) or not (name in _NAMES or name.endswith(_ENDINGS)):
        return None
    if int(value) in _SECONDS:
        return int(value * SECOND_NS)
    ends = value == 0 and value is not False and name in {"since", "until"}
    return int(value) if ends or (isinstance(value, int) and value >= _LEAST) else None
