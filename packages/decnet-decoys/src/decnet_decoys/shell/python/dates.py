# SPDX-License-Identifier: MIT
"""What the methods of datetime's values give; the machine's clock shows UTC."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

MAX_LAYOUT = 200
"""Characters of a layout of strftime(3) that are looked at."""


def of_date(owner: date | timedelta, name: str, args: list[Any], named: dict[str, Any]) -> Any:
    """Return what a method gives; raises what Python raises."""
    if name == "timestamp" and isinstance(owner, datetime):
        return (owner if owner.tzinfo is not None else owner.replace(tzinfo=UTC)).timestamp()
    if name == "strftime" and args and isinstance(args[0], str):
        args = [args[0][:MAX_LAYOUT].replace("%s", str(int(_seconds(owner)))), *args[1:]]
    return getattr(owner, name)(*args, **named)


def _seconds(owner: date | timedelta) -> float:
    """Return the Unix time of a date, which `%s` means."""
    if not isinstance(owner, date):
        return 0.0
    moment = owner if isinstance(owner, datetime) else datetime(owner.year, owner.month, owner.day, tzinfo=UTC)
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp()
