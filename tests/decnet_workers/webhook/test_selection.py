# SPDX-License-Identifier: MIT
"""What endpoints select: conditions, kinds, spans of the week."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from decnet_core.events.notices import (
    AttackerObserved,
    CanaryTriggered,
    DeckyFailed,
    IncidentOpened,
    Notice,
    TechniqueTagged,
    encode_notice,
    notice_kind,
)
from decnet_models.notices.queries import OutboxLine
from decnet_models.webhooks.queries import Webhook
from decnet_workers.webhook.filters import Offer, wants
from decnet_workers.webhook.incidents.hours import is_within, last_ended, next_end, span
from decnet_workers.webhook.incidents.selection import INCIDENTS, Selection, written
from decnet_workers.webhook.incidents.severity import severity_of

TAGGED = TechniqueTagged(7, "192.0.2.1", "T1003.008", "r", "Password hashes read", "high", decky="web-01")
OPENED = IncidentOpened(
    ts=7,
    incident=1,
    severity="high",
    state="new",
    attacker="192.0.2.1",
    first_seen=1,
    last_seen=2,
    notices=3,
    fresh=3,
    title="",
    score=60,
    counts={"canary.hit": 1, "ttp.tagged": 2},
    deckies=("web-01", "nas-01"),
    techniques=("T1003.008",),
)
FAILED = DeckyFailed(7, "web-01", "no address")
SEEN = AttackerObserved(7, "2001:db8::1", "web-01", "ssh")
NOW = 1_800_000_000 * 10**9


def sent(notice: Notice, *kinds: str, score: int = 0, now: int = NOW, **conditions: Any) -> bool:
    """Whether an endpoint that selects by the conditions gets the notice."""
    hook = Webhook("wh", "https://x.test/", kinds, False, 1, 0, 0, 0, filter=written(Selection(**conditions)))
    line = OutboxLine(1, notice_kind(notice), notice.ts, encode_notice(notice).decode())
    attacker = getattr(notice, "attacker", "")
    return wants(hook, Offer(line, {attacker: score}), now)


def test_without_conditions_every_notice_is_sent_and_incidents_are_not() -> None:
    assert sent(TAGGED)
    assert sent(FAILED)
    assert not sent(OPENED)
    assert sent(OPENED, "incident.*")


def test_for_people_are_incidents_and_what_belongs_to_none() -> None:
    assert sent(OPENED, sends=INCIDENTS)
    assert sent(FAILED, sends=INCIDENTS)
    assert not sent(TAGGED, sends=INCIDENTS)
    assert sent(OPENED, "canary.*", sends=INCIDENTS)
    assert not sent(OPENED, "credential.*", sends=INCIDENTS)


@pytest.mark.parametrize(
    ("conditions", "admitted", "refused"),
    [
        ({"severity": 3}, (TAGGED, OPENED), (SEEN,)),
        ({"sources": ("192.0.2.0/24",)}, (TAGGED, OPENED), (SEEN,)),
        ({"sources": ("2001:db8::/32", "203.0.113.9")}, (SEEN,), (TAGGED, OPENED)),
        ({"techniques": ("T1003",)}, (TAGGED, OPENED), (SEEN,)),
        ({"techniques": ("T1003.00",)}, (), (TAGGED, OPENED, SEEN)),
        ({"deckies": ("nas-*",)}, (OPENED,), (TAGGED, SEEN)),
        ({"tags": ("Password*",)}, (TAGGED,), (SEEN,)),
        ({"severity": 3, "deckies": ("web-*",)}, (TAGGED, OPENED), (SEEN,)),
    ],
)
def test_conditions_hold_for_attackers_and_not_for_the_fleet_itself(
    conditions: dict[str, Any], admitted: tuple[Notice, ...], refused: tuple[Notice, ...]
) -> None:
    assert all(sent(one, "*", "incident.*", **conditions) for one in (*admitted, FAILED))
    assert not any(sent(one, "*", "incident.*", **conditions) for one in refused)


def test_the_score_is_that_of_the_attacker_and_makes_a_notice_more_severe() -> None:
    assert not sent(SEEN, severity=4, score=79)
    assert sent(SEEN, severity=4, score=80)


@pytest.mark.parametrize(
    ("notice", "severity"),
    [
        (SEEN, "low"),
        (CanaryTriggered(1, "192.0.2.1", "t", "l", "http"), "high"),
        (TAGGED, "high"),
        (TechniqueTagged(7, "192.0.2.1", "T1486", "r", "t", "low"), "critical"),
        (TechniqueTagged(7, "192.0.2.1", "T1003.001", "r", "t", "low"), "high"),
        (TechniqueTagged(7, "192.0.2.1", "T1082", "r", "t", "informational"), "low"),
    ],
)
def test_severity_is_that_of_what_happened(notice: Notice, severity: str) -> None:
    assert severity_of(notice) == severity


def at(text: str) -> int:
    return int(dt.datetime.fromisoformat(text).timestamp()) * 10**9


@pytest.mark.parametrize(
    ("spans", "inside", "outside"),
    [
        (("22:00-07:00",), ("2027-03-03T23:00", "2027-03-04T06:59"), ("2027-03-03T21:59", "2027-03-04T07:00")),
        (("sat-sun",), ("2027-03-06T00:00", "2027-03-07T23:59"), ("2027-03-05T23:59", "2027-03-08T00:00")),
        (("mon-fri 8-18",), ("2027-03-05T08:00",), ("2027-03-06T12:00", "2027-03-05T18:00")),
        (("fri 22:00-06:00", "wed"), ("2027-03-06T05:59", "2027-03-03T12:00"), ("2027-03-05T05:00",)),
    ],
)
def test_spans_of_the_week(spans: tuple[str, ...], inside: tuple[str, ...], outside: tuple[str, ...]) -> None:
    assert all(is_within(spans, at(text)) for text in inside)
    assert not any(is_within(spans, at(text)) for text in outside)


def test_a_span_has_a_beginning_and_an_end() -> None:
    night = ("22:00-07:00",)
    assert next_end(night, at("2027-03-03T23:00")) == at("2027-03-04T07:00")
    assert last_ended(night, at("2027-03-04T07:00")) == (at("2027-03-03T22:00"), at("2027-03-04T07:00"))
    assert last_ended(night, at("2027-03-04T06:00")) == (at("2027-03-02T22:00"), at("2027-03-03T07:00"))


@pytest.mark.parametrize("text", ["", "noon", "25:00-26:00", "8:61-9", "mon tue", "22:00"])
def test_what_is_no_span_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"no (span|time)"):
        span(text)
