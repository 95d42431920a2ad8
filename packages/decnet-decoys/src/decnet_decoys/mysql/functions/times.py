# SPDX-License-Identifier: MIT
"""Functions of times, which may be negative and longer than a day."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Final

from decnet_decoys.mysql.functions.formats import formatted_time
from decnet_decoys.mysql.functions.function import Function, Made
from decnet_decoys.mysql.functions.moments import (
    DAY_SECONDS,
    LONGEST_TIME,
    MICROS,
    at_day,
    clock_text,
    dated,
    time_of,
)
from decnet_decoys.mysql.sql.values import Value, number, text


def _of_time(part: Callable[[int, int], Value]) -> Made:
    """Return what makes a value of the time that is the first argument: microseconds, and digits of the fraction."""

    def made(given: Sequence[Value]) -> Value:
        found = time_of(given[0])
        return None if found is None else part(*found)

    return made


def places_of(found: "int | float | Decimal") -> int:
    """Return how many digits of a second's fraction a number has."""
    exponent = found.as_tuple().exponent if isinstance(found, Decimal) else 0
    return min(6, -exponent) if isinstance(exponent, int) else 0


def seconds_of(micros: int, places: int) -> Value:
    """Return microseconds as seconds with some digits behind the point."""
    whole = int(micros / MICROS) if abs(micros) < 1 << 52 else micros // MICROS
    return Decimal(micros).scaleb(-6).quantize(Decimal(1).scaleb(-places)) if places else whole


def _time_of_seconds(given: Sequence[Value]) -> Value:
    found = number(given[0])
    if abs(float(found)) > LONGEST_TIME // MICROS:
        return clock_text(LONGEST_TIME if found > 0 else -LONGEST_TIME)
    return clock_text(int(found * MICROS), places_of(found))


def _time_of_parts(given: Sequence[Value]) -> Value:
    hours, minutes, seconds = int(number(given[0])), int(number(given[1])), number(given[2])
    if not 0 <= minutes <= 59 or not 0 <= seconds < 60:
        return None
    micros = (abs(hours) * 60 + minutes) * 60 * MICROS + int(seconds * MICROS)
    micros = min(micros, LONGEST_TIME)
    return clock_text(-micros if hours < 0 else micros, places_of(seconds))


def _time_between(given: Sequence[Value]) -> Value:
    one, two = map(dated, given)
    if one is not None and two is not None:
        micros = (one.days - two.days) * DAY_SECONDS * MICROS + one.of_day - two.of_day
        return clock_text(max(-LONGEST_TIME, min(LONGEST_TIME, micros)), max(one.places, two.places))
    first, second = map(time_of, given)
    if first is None or second is None or one is not None or two is not None:
        return None
    return clock_text(max(-LONGEST_TIME, min(LONGEST_TIME, first[0] - second[0])), max(first[1], second[1]))


def time_added(given: Sequence[Value], sign: int) -> Value:
    more = time_of(given[1])
    at = dated(given[0])
    if more is None:
        return None
    if at is not None:
        places = 6 if more[1] or at.places else 0
        made = at_day(at.days, at.of_day + sign * more[0], places)
        return None if made is None else made.shown
    found = time_of(given[0])
    if found is None:
        return None
    micros = max(-LONGEST_TIME, min(LONGEST_TIME, found[0] + sign * more[0]))
    return clock_text(micros, 6 if micros % MICROS else 0)


def _time_shown_as(given: Sequence[Value]) -> Value:
    found = time_of(given[0])
    return None if found is None else formatted_time(found[0], text(given[1]))


FUNCTIONS: Final[dict[str, Function]] = {
    "hour": Function(1, 1, _of_time(lambda micros, _: abs(micros) // 3_600_000_000)),
    "minute": Function(1, 1, _of_time(lambda micros, _: abs(micros) // 60_000_000 % 60)),
    "second": Function(1, 1, _of_time(lambda micros, _: abs(micros) // MICROS % 60)),
    "microsecond": Function(1, 1, _of_time(lambda micros, _: abs(micros) % MICROS)),
    "time": Function(1, 1, _of_time(clock_text)),
    "timediff": Function(2, 2, _time_between),
    "addtime": Function(2, 2, lambda given: time_added(given, 1)),
    "subtime": Function(2, 2, lambda given: time_added(given, -1)),
    "time_to_sec": Function(1, 1, _of_time(seconds_of)),
    "sec_to_time": Function(1, 1, _time_of_seconds),
    "maketime": Function(3, 3, _time_of_parts),
    "time_format": Function(2, 2, _time_shown_as),
}
