# SPDX-License-Identifier: MIT
"""Spans of the week as a person writes them, in local time: `22:00-07:00`, `sat-sun`, `mon-fri 8-18`; pure."""

import datetime as dt
import re
from functools import lru_cache

import msgspec

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY = "|".join(DAYS)
_FORM = re.compile(
    rf"(?:(?P<first>{_DAY})(?:-(?P<last>{_DAY}))?)?\s*(?:(\d{{1,2}})(?::(\d{{2}}))?-(\d{{1,2}})(?::(\d{{2}}))?)?"
)
_WHOLE_DAY = 24 * 60
_LONGEST_DAYS = 8


class Span(msgspec.Struct, frozen=True):
    """Minutes of some days; `until` at or before `since` is on the next day."""

    days: frozenset[int]
    since: int
    until: int

    @property
    def minutes(self) -> int:
        return (self.until - self.since - 1) % _WHOLE_DAY + 1


@lru_cache(maxsize=256)
def span(text: str) -> Span:
    """Return a span of the week; raises ValueError."""
    found = _FORM.fullmatch(" ".join(text.lower().split()))
    if not found or not found[0]:
        raise ValueError(f"{text!r} is no span of the week; write e.g. 22:00-07:00, sat-sun or mon-fri 08:00-18:00")
    first, last, *clock = found.groups()
    since, until = (0, _WHOLE_DAY) if clock[0] is None else (_minute(*clock[:2]), _minute(*clock[2:]))
    return Span(_days(first, last), since, until % _WHOLE_DAY)


def is_within(texts: tuple[str, ...], now_ns: int) -> bool:
    """Return whether a time is in one of the spans."""
    return next_end(texts, now_ns) is not None


def last_ended(texts: tuple[str, ...], now_ns: int) -> tuple[int, int] | None:
    """Return the beginning and the end (ns) of the span that ended last, if that was in the last days."""
    if not texts:
        return None
    now = _local(now_ns)
    over = [(end, start) for text in texts for start, end in _around(span(text), now) if end <= now]
    if not over:
        return None
    end, start = max(over)
    return int(start.timestamp()) * 1_000_000_000, int(end.timestamp()) * 1_000_000_000


def next_end(texts: tuple[str, ...], now_ns: int) -> int | None:
    """Return when a span that a time is in ends (ns)."""
    if not texts:
        return None
    now = _local(now_ns)
    ends = [end for text in texts for start, end in _around(span(text), now) if start <= now < end]
    return min((int(end.timestamp()) * 1_000_000_000 for end in ends), default=None)


def _around(one: Span, now: dt.datetime) -> list[tuple[dt.datetime, dt.datetime]]:
    """Return the spans of the days up to today, by the clock on the wall."""
    found = []
    for back in range(_LONGEST_DAYS):
        day = now.date() - dt.timedelta(days=back)
        if day.weekday() in one.days:
            start = dt.datetime.combine(day, dt.time()) + dt.timedelta(minutes=one.since)
            end = start + dt.timedelta(minutes=one.minutes)
            # By timestamp(): astimezone() of Python 3.11 takes two hours from a time that clocks leave out.
            found.append((_local(int(start.timestamp()) * 10**9), _local(int(end.timestamp()) * 10**9)))
    return found


def _local(now_ns: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(now_ns // 1_000_000_000).astimezone()


def _minute(hour: str, minute: str | None) -> int:
    value = int(hour) * 60 + int(minute or 0)
    if int(minute or 0) > 59 or value > _WHOLE_DAY:
        raise ValueError(f"{hour}:{minute or '00'} is no time of day")
    return value


def _days(first: str | None, last: str | None) -> frozenset[int]:
    if first is None:
        return frozenset(range(7))
    start = DAYS.index(first)
    length = (DAYS.index(last or first) - start) % 7 + 1
    return frozenset((start + day) % 7 for day in range(length))
