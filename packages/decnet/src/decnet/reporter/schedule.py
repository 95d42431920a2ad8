# SPDX-License-Identifier: MIT
"""When reports are due, by the clock on the wall; pure but for the host's time zone."""

import datetime as dt
from collections.abc import Sequence
from typing import get_args

import msgspec

from decnet.reporter.settings import Day
from decnet_core.timing.durations import SECOND_NS
from decnet_models.database.window import Window

_DAYS: tuple[Day, ...] = get_args(Day)
_LOOKED_BACK = 15
"""Days in which any day of the week was due twice."""


class Due(msgspec.Struct, frozen=True):
    """The report that was due last, and when the next one is (ns)."""

    window: Window
    next_at: int


def due(at: str, days: Sequence[str], now_ns: int) -> Due:
    """Return the span from the last time but one to the last time that a report was due, and the next time."""
    today = dt.datetime.fromtimestamp(now_ns // SECOND_NS).astimezone().date()
    clock = dt.time.fromisoformat(at)
    dates = (today + dt.timedelta(days=offset) for offset in range(-_LOOKED_BACK, 9))
    wanted = [date for date in dates if not days or _DAYS[date.weekday()] in days]
    times = [int(dt.datetime.combine(date, clock).astimezone().timestamp()) * SECOND_NS for date in wanted]
    before, last = [each for each in times if each <= now_ns][-2:]
    return Due(Window(before, last), next(each for each in times if each > now_ns))
