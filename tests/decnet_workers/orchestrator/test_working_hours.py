# SPDX-License-Identifier: MIT
"""Working hours by the wall clock: zones whose clocks change, shifts over midnight, days off."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.decnet_workers.orchestrator.fleets import OFFICE

from decnet_core.timing.durations import SECOND_NS
from decnet_models.realism.queries import Persona
from decnet_workers.orchestrator.working_hours import UnknownZoneError, local_day, shift_on

ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia")
DAYS = st.dates(dt.date(2020, 1, 1), dt.date(2035, 12, 31))
MINUTES = st.integers(0, 1440)


def clock(ns: int, zone: str) -> dt.datetime:
    return dt.datetime.fromtimestamp(ns / SECOND_NS, ZoneInfo(zone))


def persona(zone: str, start: int, end: int, days: int = 0b1111111) -> Persona:
    return msgspec.structs.replace(OFFICE, timezone=zone, work_from=start, work_until=end, work_days=days)


@given(st.sampled_from(ZONES), DAYS, MINUTES, MINUTES)
def test_a_shift_begins_and_ends_when_the_clock_on_the_wall_says_so(
    zone: str, day: dt.date, start: int, end: int
) -> None:
    shift = shift_on(persona(zone, start, end), day)
    if shift is None:
        assert start == end or shift_is_skipped(zone, day, start, end)
        return
    assert 0 < shift.hours <= 25.1
    for moment, minute, days in ((shift.start, start, 0), (shift.end, end, end < start)):
        wanted = dt.datetime.combine(day, dt.time()) + dt.timedelta(days=days, minutes=minute)
        shown = clock(moment, zone).replace(tzinfo=None)
        assert abs(shown - wanted) <= dt.timedelta(hours=24 if zone == "Pacific/Apia" else 1)
        if exists(wanted, zone):
            assert shown == wanted


def exists(wall: dt.datetime, zone: str) -> bool:
    """Whether clocks show that time at all."""
    there = wall.replace(tzinfo=ZoneInfo(zone))
    return there.astimezone(dt.UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None) == wall


def shift_is_skipped(zone: str, day: dt.date, start: int, end: int) -> bool:
    """Whether the whole shift is in the hour that is skipped, or turned back into no time."""
    first = dt.datetime.combine(day, dt.time()) + dt.timedelta(minutes=start)
    last = dt.datetime.combine(day, dt.time()) + dt.timedelta(minutes=end, days=end < start)
    return not (exists(first, zone) and exists(last, zone)) or last - first <= dt.timedelta(hours=2)


@pytest.mark.parametrize(("day", "hours"), [("2026-03-28", 8), ("2026-03-29", 7), ("2026-10-25", 9)])
def test_a_night_shift_is_an_hour_shorter_or_longer_when_the_clocks_change(day: str, hours: int) -> None:
    begins = dt.date.fromisoformat(day) - dt.timedelta(days=1)
    shift = shift_on(persona("Europe/Berlin", 22 * 60, 6 * 60), begins)
    assert shift is not None
    assert shift.hours == hours
    assert clock(shift.end, "Europe/Berlin").date() == dt.date.fromisoformat(day)


def test_nobody_works_on_days_off() -> None:
    office = persona("UTC", 480, 1020, 0b0011111)
    week = [dt.date(2026, 11, 23) + dt.timedelta(days=index) for index in range(7)]
    assert [shift_on(office, day) is not None for day in week] == [True] * 5 + [False] * 2


def test_the_day_is_that_of_the_persona() -> None:
    moment = int(dt.datetime(2026, 11, 29, 23, 30, tzinfo=dt.UTC).timestamp()) * SECOND_NS
    assert local_day(persona("Asia/Kathmandu", 0, 1), moment) == dt.date(2026, 11, 30)
    assert local_day(persona("America/New_York", 0, 1), moment) == dt.date(2026, 11, 29)


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../../etc/passwd", ""])
def test_an_unknown_zone_is_an_error_that_names_it(zone: str) -> None:
    with pytest.raises(UnknownZoneError, match="there is no time zone"):
        shift_on(persona(zone, 480, 1020), dt.date(2026, 11, 30))
