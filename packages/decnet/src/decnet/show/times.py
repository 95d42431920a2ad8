# SPDX-License-Identifier: MIT
"""Times and sizes for people; times are ns since the Unix epoch and shown in UTC."""

import datetime as dt

_UNITS = ("B", "KiB", "MiB", "GiB")
_LATEST = dt.datetime.max.replace(tzinfo=dt.UTC).timestamp()


def moment(ts: int) -> str:
    """Return e.g. `2026-11-23 21:04:05Z`."""
    return _of(ts).strftime("%Y-%m-%d %H:%M:%SZ")


def clock(ts: int) -> str:
    """Return the time of day, e.g. `21:04:05`."""
    return _of(ts).strftime("%H:%M:%S")


def duration(seconds: float) -> str:
    """Return e.g. `12.3s`, `4m05s`, `3h07m`, `2d04h`."""
    if seconds < 60:
        return f"{seconds:.1f}s"
    whole = int(seconds)
    for large, small, names in ((86400, 3600, "dh"), (3600, 60, "hm"), (60, 1, "ms")):
        if whole >= large:
            return f"{whole // large}{names[0]}{whole % large // small:02d}{names[1]}"
    raise AssertionError("unreachable: at least a minute")


def size(count: float) -> str:
    """Return e.g. `23.4 MiB`."""
    unit = 0
    while count >= 1024 and unit < len(_UNITS) - 1:
        count /= 1024
        unit += 1
    return f"{count:.0f} B" if unit == 0 else f"{count:.1f} {_UNITS[unit]}"


def _of(ts: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(min(ts // 1_000_000_000, _LATEST), dt.UTC)
