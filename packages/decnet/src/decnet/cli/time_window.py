# SPDX-License-Identifier: MIT
"""`--since` and `--until`: how a person writes a time.

Times without a zone are local, since they are typed by somebody who looks at a clock; what is shown is UTC.
"""

import datetime as dt
import os
import re
import time
from collections.abc import Callable

from decnet.cli.errors import WrongUsageError
from decnet_models.database.window import ALWAYS_SINCE, ALWAYS_UNTIL, Window

EXAMPLES = '"30m", "1h", "7d", "yesterday", "yesterday 22:00", "22:00", "2026-11-28", "2026-11-28T22:00:00Z"'

_DAYS_AGO = {"today": 0, "yesterday": 1}
_AGO = re.compile(r"(\d{1,6})\s*([smhdw])(?:\s+ago)?")
_CLOCK = re.compile(r"(?:(today|yesterday)\s+)?(\d{1,2}):(\d{2})(?::(\d{2}))?")
_FRACTION = re.compile(r"(:\d{2})\.(\d{1,9})")
_UNIT_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


class _HostZone(dt.tzinfo):
    """The zone of this host, with its rules: `astimezone()` gives the offset of one day, which another may not have."""

    def utcoffset(self, when: dt.datetime | None) -> dt.timedelta | None:
        return None if when is None else when.replace(tzinfo=None).astimezone().utcoffset()

    def dst(self, when: dt.datetime | None) -> None:
        del when

    def tzname(self, when: dt.datetime | None) -> None:
        del when


def time_window(
    since: str | None,
    until: str | None,
    *,
    now: dt.datetime | None = None,
    names: tuple[str, str] = ("--since", "--until"),
) -> Window:
    """Return the span between two times as a person wrote them; `now` has a zone.

    Raises WrongUsageError, which calls the two by their `names`.
    """
    if since is None and until is None:
        return Window()
    moment = now or _host_time()
    window = Window(
        ALWAYS_SINCE if since is None else _ns(names[0], since, _parsed, moment),
        ALWAYS_UNTIL if until is None else _ns(names[1], until, _parsed, moment),
    )
    if window.since >= window.until:
        raise WrongUsageError(f"{names[0]} {since} is not before {names[1]} {until or 'the end of time'}")
    return window


def time_ahead(option: str, text: str, *, now: dt.datetime | None = None) -> int:
    """Return a time to come in ns since the Unix epoch, as in `time_window`; raises WrongUsageError.

    A span is from now on, and a time without a day the next at which the clock shows it.
    """
    moment = now or _host_time()
    at = _ns(option, text, _ahead, moment)
    if at <= _since_epoch(moment):
        raise WrongUsageError(f'{option} {text!r} is over; write e.g. "8h" (from now) or 2027-01-31T18:00')
    return at


def _ns(option: str, text: str, read: Callable[[str, dt.datetime], int], now: dt.datetime) -> int:
    try:
        nanoseconds = read(" ".join(text.lower().split()), now)
    except (ValueError, OverflowError):
        nanoseconds = -1
    if not 0 <= nanoseconds < ALWAYS_UNTIL:
        raise WrongUsageError(f"{option} {text!r} is not a time; write e.g. {EXAMPLES}")
    return nanoseconds


def _host_time() -> dt.datetime:
    """Return the time now in this host's zone; raises WrongUsageError."""
    moment = dt.datetime.fromtimestamp(time.time()).replace(tzinfo=_HostZone())  # noqa: DTZ006  # of the zone comes next
    try:
        moment.utcoffset()
    except ValueError as error:
        raise WrongUsageError(
            f"the zone TZ={os.environ.get('TZ', '')} is a day or more from UTC; set another"
        ) from error
    return moment


def _parsed(text: str, now: dt.datetime) -> int:
    if text == "now":
        return _since_epoch(now)
    if text in _DAYS_AGO:
        return _since_epoch(_on_day(now, -_DAYS_AGO[text], dt.time()))
    if ago := _AGO.fullmatch(text):
        return _since_epoch(now) - _span_ns(ago)
    if clock := _CLOCK.fullmatch(text):
        return _at_clock(clock, now, -1)
    return _rfc3339(text)


def _ahead(text: str, now: dt.datetime) -> int:
    span = _AGO.fullmatch(text)
    if span is not None and not text.endswith("ago"):
        return _since_epoch(now) + _span_ns(span)
    clock = _CLOCK.fullmatch(text)
    return _parsed(text, now) if clock is None else _at_clock(clock, now, 1)


def _span_ns(found: re.Match[str]) -> int:
    return int(found[1]) * _UNIT_SECONDS[found[2]] * 1_000_000_000


def _at_clock(found: re.Match[str], now: dt.datetime, direction: int) -> int:
    """Return the named day's time; without a day the last (-1) or the next (1) time that the clock shows it.

    Where clocks are set back, they show an hour twice (PEP 495): of a named day the first is meant.
    """
    day, hour, minute, second = found.groups()
    clock = dt.time(int(hour), int(minute), int(second or 0))
    if day:
        return _since_epoch(_on_day(now, -_DAYS_AGO[day], clock))
    shown = [_since_epoch(_on_day(now, days, clock.replace(fold=fold))) for days in (0, direction) for fold in (0, 1)]
    present = _since_epoch(now)
    return min(at for at in shown if at > present) if direction > 0 else max(at for at in shown if at <= present)


def _rfc3339(text: str) -> int:
    """Return the ns of a date and time, of which `datetime` would keep only microseconds."""
    fraction = _FRACTION.search(text)
    moment = dt.datetime.fromisoformat(_FRACTION.sub(r"\1", text).upper())
    local = moment if moment.tzinfo else moment.astimezone()
    return _since_epoch(local) + (int(fraction[2].ljust(9, "0")) if fraction else 0)


def _on_day(now: dt.datetime, days: int, clock: dt.time) -> dt.datetime:
    """Return a time of the day that is so many days after today."""
    return dt.datetime.combine(now.date() + dt.timedelta(days=days), clock, tzinfo=now.tzinfo)


def _since_epoch(moment: dt.datetime) -> int:
    passed = moment - _EPOCH
    return (passed.days * 86_400 + passed.seconds) * 1_000_000_000 + passed.microseconds * 1000
