# SPDX-License-Identifier: MIT
"""The working hours that a persona's document states, as the columns of its row."""

import zoneinfo
from typing import Any

import msgspec

from decnet.cli.errors import OperatorError
from decnet_decoys.personas.schema import DAYS, Work


def work_columns(name: str, body: dict[str, Any]) -> dict[str, Any]:
    """Return the columns for the table [work] of a persona's document, or for none; raises OperatorError."""
    work = msgspec.convert(body.get("work", {}), Work)
    try:
        zoneinfo.ZoneInfo(work.timezone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        if work.timezone != "UTC":
            raise OperatorError(f"persona {name}: work.timezone: there is no time zone {work.timezone!r}") from error
    start, end = (_minutes(text) for text in work.hours.split("-"))
    days = sum(1 << DAYS.index(day) for day in set(work.days))
    return {"timezone": work.timezone, "work_from": start, "work_until": end, "work_days": days}


def _minutes(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)
