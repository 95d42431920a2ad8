# SPDX-License-Identifier: MIT
"""When somebody works at a persona's machines. Pure.

Working hours are times of a wall clock: on a day when the clocks change a shift is an hour longer or shorter, as that
of people is. A shift over midnight belongs to the day on which it begins.
"""

import datetime as dt
import functools
import zoneinfo

import msgspec

from decnet_core.timing.durations import SECOND_NS
from decnet_models.realism.queries import Persona
from decnet_workers.errors import WorkersError

_MINUTES = 1440


class Shift(msgspec.Struct, frozen=True):
    """From when until when somebody is there, in ns since the Unix epoch."""

    start: int
    end: int

    @property
    def hours(self) -> float:
        return (self.end - self.start) / SECOND_NS / 3600


def shift_on(persona: Persona, day: dt.date) -> Shift | None:
    """Return the shift that begins on a day of the persona's calendar, None when nobody works.

    Raises UnknownZoneError.
    """
    if not persona.work_days >> day.weekday() & 1:
        return None
    return _shift(_zone(persona), day, persona.work_from, persona.work_until)


def local_time(persona: Persona, moment_ns: int) -> dt.datetime:
    """Return what clocks show where the persona is. Raises UnknownZoneError."""
    return dt.datetime.fromtimestamp(moment_ns / SECOND_NS, _zone(persona))


def local_day(persona: Persona, now_ns: int) -> dt.date:
    """Return the date where the persona is. Raises UnknownZoneError."""
    return local_time(persona, now_ns).date()


class UnknownZoneError(WorkersError, ValueError):
    """A persona's time zone is not known on this host."""


@functools.lru_cache(maxsize=1024)
def _shift(zone: dt.tzinfo, day: dt.date, work_from: int, work_until: int) -> Shift | None:
    over_midnight = work_until < work_from
    start, end = _moment(zone, day, work_from), _moment(zone, day + dt.timedelta(days=over_midnight), work_until)
    return Shift(start, end) if start < end else None


def _moment(zone: dt.tzinfo, day: dt.date, minute: int) -> int:
    """Return a time of the wall clock; one that the clocks skip is taken as if they had not been put forward."""
    days, minute = divmod(minute, _MINUTES)
    time = dt.time(*divmod(minute, 60), tzinfo=zone)
    return int(dt.datetime.combine(day + dt.timedelta(days=days), time).timestamp()) * SECOND_NS


def is_known(timezone: str) -> bool:
    """Whether this host knows a time zone."""
    return _zone_named(timezone) is not None


def _zone(persona: Persona) -> dt.tzinfo:
    zone = _zone_named(persona.timezone)
    if zone is None:
        raise UnknownZoneError(f"persona {persona.name}: there is no time zone {persona.timezone!r} here")
    return zone


def _zone_named(name: str) -> dt.tzinfo | None:
    if name == "UTC":  # also where there is no database of zones
        return dt.UTC
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return None
