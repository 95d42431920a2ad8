# SPDX-License-Identifier: MIT
"""Quiet hours of a running worker over midnight, also in the nights in which clocks are changed; its clock is set."""

from __future__ import annotations

import datetime as dt
import json
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import msgspec
import pytest
from tests.decnet_workers.webhook.test_incidents import seen

from decnet_core.bus.subjects import NOTICE, NoticeWritten
from decnet_models.incidents import queries
from decnet_workers.webhook import deliveries
from decnet_workers.webhook.incidents.hours import is_within, next_end
from decnet_workers.webhook.incidents.selection import INCIDENTS, Selection, written

Start = Callable[..., Awaitable[Any]]
NIGHT = "22:00-07:00"
EVENINGS = {
    "an ordinary night": ("2027-03-10", 9),
    "clocks go forward": ("2027-03-27", 8),
    "clocks go back": ("2027-10-30", 10),
}
"""The evening's date in Berlin, and how many hours the night has."""
HOUR_NS = 3600 * 10**9


@pytest.fixture(autouse=True)
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


class Clock:
    """What the worker takes for the time."""

    def __init__(self, text: str) -> None:
        self.now = at(text)

    def time_ns(self) -> int:
        return self.now


def at(text: str) -> int:
    """Return a local time in nanoseconds."""
    return int(dt.datetime.fromisoformat(text).timestamp()) * 10**9


@pytest.mark.parametrize(("evening", "hours"), EVENINGS.values(), ids=EVENINGS)
def test_a_night_ends_by_the_clock_on_the_wall(evening: str, hours: int) -> None:
    begin = at(f"{evening}T22:00:00")
    assert not is_within((NIGHT,), begin - 10**9)
    assert {next_end((NIGHT,), begin + half * HOUR_NS // 2) for half in range(2 * hours)} == {begin + hours * HOUR_NS}
    assert not is_within((NIGHT,), begin + hours * HOUR_NS)


@pytest.mark.parametrize(("span", "begin", "end"), [("1:30-2:30", "01:30", "03:30"), ("2:15-4:00", "03:15", "04:00")])
def test_an_hour_that_is_left_out_makes_a_span_shorter_or_later(span: str, begin: str, end: str) -> None:
    """On 2027-03-28 there is no time between 2:00 and 3:00."""
    assert not is_within((span,), at(f"2027-03-28T{begin}:00") - 10**9)
    assert next_end((span,), at(f"2027-03-28T{begin}:00")) == at(f"2027-03-28T{end}:00")


@pytest.mark.parametrize("night", EVENINGS.values(), ids=EVENINGS)
async def test_a_night_is_told_by_one_digest_when_it_ends(
    fleet: Any, receiver: Any, start_webhook: Start, monkeypatch: pytest.MonkeyPatch, night: tuple[str, int]
) -> None:
    evening, hours = night
    clock = Clock(f"{evening}T21:00:00")
    monkeypatch.setattr(deliveries, "time", clock)
    fleet.add(receiver.url, filter=written(Selection(sends=INCIDENTS, quiet=(NIGHT,))))
    fleet.add(receiver.url + "/awake", filter=written(Selection(sends=INCIDENTS)))

    def told(path: str) -> list[str]:
        return [json.loads(one.body)["type"] for one in receiver.requests if one.path == path]

    def poll(number: int) -> None:
        fleet.bus.publish(NOTICE.of("attacker.observed"), msgspec.json.encode(NoticeWritten(number)))

    await start_webhook()
    for hour in range(hours + 1):  # from 21:00 to the last hour of the night
        fleet.notice(str(hour), seen(f"192.0.2.{hour + 1}"))
        await fleet.until(lambda: len(fleet.do(queries.incidents)) == hour + 1)  # noqa: B023  # taken at that time
        clock.now += 5 * 60 * 10**9
        poll(hour)
        await fleet.until(lambda: len(told("/hook/awake")) == hour + 1 and told("/hook") != [])  # noqa: B023
        assert told("/hook") == ["incident.opened"], "of before ten o'clock"
        clock.now += 55 * 60 * 10**9
    poll(0)
    await fleet.until(lambda: len(told("/hook")) == 2)
    assert told("/hook/awake") == ["incident.opened"] * (hours + 1)
    digest = json.loads(receiver.requests[-1].body)["data"]
    assert (digest["reason"], digest["severities"]) == ("quiet hours", {"low": hours})
