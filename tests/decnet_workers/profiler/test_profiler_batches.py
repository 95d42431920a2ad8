# SPDX-License-Identifier: MIT
"""Whatever the batches and the order, the same events give the same tables, and those of a plain count."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.examples import examples

from decnet_core.events.catalogue import (
    CanaryHit,
    ClientIdentified,
    CommandRun,
    ConnectionOpened,
    FileCaptured,
    HttpRequest,
    LoginAttempt,
    PortScan,
    ServiceRequest,
    SessionClosed,
    SessionOpened,
)
from decnet_core.events.envelope import Event
from decnet_core.net.addresses import canonical
from decnet_models.attackers.scoring.score import Facts, score
from decnet_models.attackers.tables import metadata
from decnet_models.events.queries import StoredEvent
from decnet_workers.profiler.logins import digest_of
from decnet_workers.profiler.observation import service_of

Profile = Callable[[Sequence[Sequence[StoredEvent]]], tuple[dict[str, list[tuple[Any, ...]]], dict[str, Any]]]

service = st.sampled_from(["ssh", "http", "telnet", ""])
word = st.sampled_from(["root", "admin", "", "\0", "pi\0ng", "ü", "x" * 5000])
maybe = st.none() | word
name = st.sampled_from(["s1", "s2"])
software = st.sampled_from(["SSH-2.0-Go", "SSH-2.0-libssh2_1.10", "curl/8", "sqlmap/1.7", "Mozilla/5.0", "", "\0"])

payload = st.one_of(
    st.builds(ConnectionOpened, service),
    st.builds(LoginAttempt, service, word, st.booleans(), password=maybe, public_key=maybe),
    st.builds(ClientIdentified, service, software),
    st.builds(SessionOpened, service, maybe, maybe),
    st.builds(CommandRun, service, word, st.booleans()),
    st.builds(SessionClosed, service, st.integers(0, 10**6), st.integers(0, 9), recording=maybe),
    st.builds(HttpRequest, st.just("GET"), word, user_agent=st.none() | software),
    st.builds(FileCaptured, service, word, st.integers(0, 99)),
    st.builds(CanaryHit, word, st.sampled_from(["http", "dns"]), maybe, st.none() | software),
    st.builds(ServiceRequest, service, word),
    st.builds(PortScan, word),
)

address = st.sampled_from(["192.0.2.1", "::ffff:192.0.2.1", "2001:db8::1", "2001:DB8::1", "198.51.100.7", "?", None])


@st.composite
def logs(draw: st.DrawFn) -> list[StoredEvent]:
    """An event log: seq grows, times do not."""
    found = []
    for seq in range(1, draw(st.integers(0, 24)) + 1):
        event = Event(
            id=UUID(int=seq),
            ts=draw(st.integers(0, 600)) * 1_000_000_000,
            sensor="s",
            payload=draw(payload),
            src_ip=draw(address),
            decky=draw(st.sampled_from(["web", "db", "\0", None])),
            session=draw(st.none() | name),
        )
        found.append(StoredEvent(seq, event))
    return found


cuts = st.lists(st.integers(1, 24), max_size=6)
ours = settings(deadline=None, max_examples=examples(50), suppress_health_check=[HealthCheck.function_scoped_fixture])


def split(log: list[StoredEvent], at: list[int]) -> list[list[StoredEvent]]:
    edges = sorted({0, len(log), *(cut for cut in at if cut < len(log))})
    return [log[start:end] for start, end in pairwise(edges)]


@ours
@given(logs(), cuts)
def test_any_split_into_batches_gives_the_same_tables_and_notices(
    profile: Profile, log: list[StoredEvent], at: list[int]
) -> None:
    assert profile(split(log, at)) == profile([log])


@ours
@given(logs(), cuts, st.randoms(use_true_random=False))
def test_any_order_gives_the_same_tables_and_notice_keys(
    profile: Profile, log: list[StoredEvent], at: list[int], dice: Any
) -> None:
    tables, notices = profile([log])
    other_tables, other_notices = profile(split(dice.sample(log, len(log)), at))
    assert other_tables == tables
    assert other_notices.keys() == notices.keys()


@ours
@given(logs())
def test_tables_are_what_a_plain_count_says(profile: Profile, log: list[StoredEvent]) -> None:
    tables, _ = profile([log])
    theirs = [(ip, one.event) for one in log if (ip := canonical(one.event.src_ip or "")) is not None]
    assert {row["ip"] for row in rows(tables, "attacker")} == {ip for ip, _ in theirs}
    for row in rows(tables, "attacker"):
        assert_counted(row, [event for ip, event in theirs if ip == row["ip"]])
    assert len(rows(tables, "command")) == sum(isinstance(event.payload, CommandRun) for _, event in theirs)
    assert sum(row["events"] for row in rows(tables, "attacker_activity")) == len(theirs)
    tried = Counter((ip, digest_of(event.payload)) for ip, event in theirs if isinstance(event.payload, LoginAttempt))
    uses: Counter[tuple[str, str]] = Counter()
    for row in rows(tables, "credential_use"):
        uses[row["attacker"], row["credential"]] += row["uses"]
    assert uses == tried


def assert_counted(row: dict[str, Any], events: list[Event]) -> None:
    kinds = Counter(type(event.payload) for event in events)
    assert row["events"] == len(events)
    assert (row["first_seen"], row["last_seen"]) == (min(e.ts for e in events), max(e.ts for e in events))
    assert row["logins"] == kinds[LoginAttempt]
    assert row["logins_accepted"] == sum(isinstance(e.payload, LoginAttempt) and e.payload.success for e in events)
    assert (row["commands"], row["requests"]) == (kinds[CommandRun], kinds[HttpRequest])
    assert (row["sessions"], row["connections"]) == (kinds[SessionOpened], kinds[ConnectionOpened])
    assert (row["files"], row["scans"]) == (kinds[FileCaptured], kinds[PortScan])
    assert row["canary_hits"] == kinds[CanaryHit]


@ours
@given(logs(), cuts)
def test_stored_score_is_that_of_the_facts_in_the_tables(
    profile: Profile, log: list[StoredEvent], at: list[int]
) -> None:
    tables, _ = profile(split(log, at))
    for row in rows(tables, "attacker"):
        facts: dict[str, Any] = {name: row[name] for name in Facts.__struct_fields__ if name in row}
        facts["deckies"] = len(of(tables, "attacker_decky", row["ip"]))
        facts["services"] = len(of(tables, "attacker_service", row["ip"]))
        facts["purposes"] = tuple(sorted({one["purpose"] for one in of(tables, "attacker_tool", row["ip"])}))
        assert row["score"] == score(Facts(**facts))
    services = {(ip, service_of(one.event.payload)) for one in log if (ip := canonical(one.event.src_ip or ""))}
    found = {(row["attacker"], row["service"]) for row in rows(tables, "attacker_service")}
    assert found == {(ip, name) for ip, name in services if name}


def of(tables: dict[str, list[tuple[Any, ...]]], name: str, ip: str) -> list[dict[str, Any]]:
    return [row for row in rows(tables, name) if row["attacker"] == ip]


def rows(tables: dict[str, list[tuple[Any, ...]]], name: str) -> list[dict[str, Any]]:
    columns = metadata.tables[name].columns.keys()
    return [dict(zip(columns, row, strict=True)) for row in tables[name]]
