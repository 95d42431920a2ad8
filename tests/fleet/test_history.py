# SPDX-License-Identifier: MIT
"""Summaries and searches by what the worker history keeps tell what the event log alone would."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, delete, select
from tests.at_scale import at_scale

from decnet.findings.overview import overview_of
from decnet.history import recount, tally
from decnet.history.search import search
from decnet.history.selection import Selection
from decnet.history.tally import tally_of
from decnet_core.events.catalogue import CanaryHit, CommandRun, HttpRequest, LoginAttempt, Payload
from decnet_core.events.envelope import Event
from decnet_core.events.ids import uuid7
from decnet_core.timing.durations import HOUR_NS
from decnet_models.database.engine import reading, writing
from decnet_models.database.window import Window
from decnet_models.events.queries import insert_events, last_seq
from decnet_models.events.tables import event as event_table
from decnet_models.following.batch_processor import BatchProcessor
from decnet_models.history import counts, index, queries
from decnet_models.history.source_set import KEPT, member, packed, size, united, unpacked
from decnet_models.history.tables import search_word
from decnet_models.known import queries as known
from decnet_models.progress.queries import begin_cursor
from decnet_workers.history.settings import HistorySettings
from decnet_workers.history.worker import History

BEGIN = 494_568 * HOUR_NS


def made(payload: Payload, ts: int, address: str = "192.0.2.1", *, synthetic: bool = False) -> Event:
    return Event(id=uuid7(ts), ts=ts, sensor="s", payload=payload, src_ip=address, decky="web-01", synthetic=synthetic)


def some_events(chance: random.Random, number: int) -> Iterator[Event]:
    for _ in range(number):
        word = f"w{chance.randrange(9)}"
        payload: Payload = chance.choice(
            (
                LoginAttempt("ssh", "root", success=chance.random() < 0.3, password=word),
                LoginAttempt("ssh", "root", success=False, public_key=word),
                CommandRun("ssh", f"cat {word}"),
                HttpRequest("GET", f"/{word}"),
                CanaryHit(word, "http"),
            )
        )
        address = f"192.0.2.{chance.randrange(12)}"
        ts = BEGIN + chance.randrange(5 * HOUR_NS)
        yield made(payload, ts, address, synthetic=chance.random() < 0.1)


class InSmallBatches(History):
    """Has several batches of few events."""

    batch_events = 50


def follower(engine: Engine, **settings: Any) -> BatchProcessor:
    with writing(engine) as connection:
        begin_cursor(connection, "history", now_ns=1)
    return InSmallBatches(HistorySettings(**settings))._processor(engine, "history")


def follow(engine: Engine, **settings: Any) -> None:
    processor = follower(engine, **settings)
    while processor.step().lag:
        pass


def by_log(events: list[Event], window: Window, ours: str) -> dict[str, Any]:
    """Count in the plainest way."""
    found = [
        one for one in events if window.since <= one.ts < window.until and not one.synthetic and one.src_ip != ours
    ]
    values: dict[counts.Value, list[Any]] = {}
    for one in found:
        assert isinstance(one.payload, LoginAttempt | CommandRun | HttpRequest | CanaryHit)
        value = values.setdefault(counts.value_of(one.payload), [0, 0, set()])
        value[0] += 1
        value[1] += isinstance(one.payload, LoginAttempt) and one.payload.success
        value[2].add(one.src_ip)
    return {
        "events": len(found),
        "attackers": {one.src_ip for one in found},
        "hours": {
            hour: sum(one.ts // HOUR_NS == hour for one in found) for hour in {one.ts // HOUR_NS for one in found}
        },
        "values": {key: (times, accepted, len(who)) for key, (times, accepted, who) in values.items()},
    }


def by_hours(connection: Connection, window: Window) -> dict[str, Any]:
    found = tally_of(connection, window)
    ranked = [one for what in ("login", "command", "request", "token") for one in found.most_sent(what, 1000)]
    return {
        "events": found.events,
        "attackers": found.attackers,
        "hours": dict(found.hours),
        "values": {one.value: (one.times, one.accepted, one.attackers) for one in ranked},
    }


def test_overview_and_report_count_the_same_when_a_source_became_known(engine: Engine) -> None:
    chance = random.Random(3)
    events = [one for one in some_events(chance, 400) if one.ts < BEGIN + 9 * HOUR_NS // 2]
    with writing(engine) as connection:
        insert_events(connection, events[:200])
    follow(engine)
    with writing(engine) as connection:
        known.add(connection, "192.0.2.3/32", "ours")
        insert_events(connection, events[200:])
        insert_events(
            connection, [made(CommandRun("ssh", "id"), BEGIN, address) for address in ("::ffff:192.0.2.3", "x")]
        )
    with reading(engine) as connection:
        found = tally_of(connection, Window(BEGIN, BEGIN + 9 * HOUR_NS // 2))
        shown = overview_of(connection, BEGIN, now_ns=BEGIN + 9 * HOUR_NS // 2).counted
        assert (shown.kinds, shown.hours, shown.deckies) == (found.kinds, found.hours, found.deckies)
        assert shown.accepted == found.accepted_logins
        assert tally_of(connection, Window(BEGIN, BEGIN + 5 * HOUR_NS)).kinds == found.kinds


@pytest.mark.parametrize("seed", at_scale(range(3), always=1))
def test_hours_and_log_together_count_what_the_log_alone_would(
    engine: Engine, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tally, "_PAGE", 7)
    monkeypatch.setattr(recount, "_REMEMBERED", 20)
    chance = random.Random(seed)
    events, ours = list(some_events(chance, 300)), "192.0.2.3"
    with writing(engine) as connection:
        known.add(connection, f"{ours}/32", "scanner")
        insert_events(connection, events[:200])
    follow(engine)
    with writing(engine) as connection:
        insert_events(connection, events[200:])
    edges = [BEGIN + chance.randrange(5 * HOUR_NS) for _ in range(8)]
    windows = [Window(), Window(BEGIN, BEGIN + 2 * HOUR_NS), Window(BEGIN + 10, BEGIN + 20)]
    windows += [Window(min(pair), max(pair)) for pair in zip(edges[::2], edges[1::2], strict=True)]
    with reading(engine) as connection:
        for window in windows:
            assert by_hours(connection, window) == by_log(events, window, ours)


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_a_value_of_the_log_may_overtake_all_candidates_of_the_hours(
    engine: Engine, limit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tally, "_CANDIDATES", 2)
    counted = {"a": 20, "b": 19, "c": 18, "d": 17, "e": 16, "f": 15, "late": 14, "rare": 1}
    since = {"late": 8, "b": 2, "rare": 1, "new": 13}

    def sent(times: dict[str, int]) -> list[Event]:
        return [made(CommandRun("ssh", line), BEGIN + 1) for line, number in times.items() for _ in range(number)]

    with writing(engine) as connection:
        insert_events(connection, sent(counted))
    follow(engine)
    with writing(engine) as connection:
        insert_events(connection, sent(since))
    with reading(engine) as connection:
        found = tally_of(connection, Window()).most_sent("command", limit)
    assert [(one.value.text, one.times) for one in found] == [("late", 22), ("b", 21), ("a", 20)][:limit]


def test_values_are_ranked_without_the_addresses_of_the_hours(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    def asked_for(*_: Any) -> Any:
        raise AssertionError("read, though nobody asks for it")

    events = list(some_events(random.Random(5), 100))
    with writing(engine) as connection:
        insert_events(connection, events)
    follow(engine)
    for name in ("attackers_in", "place_counts", "not_kept"):
        monkeypatch.setattr(queries, name, asked_for)
    with reading(engine) as connection:
        logins = sum(one.times for one in tally_of(connection, Window()).most_sent("login", 1000))
    assert logins == sum(isinstance(one.payload, LoginAttempt) and not one.synthetic for one in events)


def test_addresses_of_many_hours_are_read_a_few_hours_at_a_time(engine: Engine) -> None:
    events = [made(CommandRun("ssh", "id"), BEGIN + hour * HOUR_NS, f"192.0.2.{hour % 7}") for hour in range(20)]
    with writing(engine) as connection:
        insert_events(connection, events)
    follow(engine)
    first = BEGIN // HOUR_NS
    with reading(engine) as connection:
        assert queries.attackers_in(connection, first, first) == set()
        assert queries.attackers_in(connection, first + 5, first + 7) == {"192.0.2.5", "192.0.2.6"}
        assert queries.attackers_in(connection, first, first + 20) == {f"192.0.2.{number}" for number in range(7)}


def test_counts_outlive_the_log_until_their_own_time_is_over(engine: Engine) -> None:
    events = list(some_events(random.Random(9), 100))
    with writing(engine) as connection:
        insert_events(connection, events)
    follow(engine)
    with writing(engine) as connection:
        connection.execute(delete(event_table).where(event_table.c.seq <= last_seq(connection)))
        assert by_hours(connection, Window()) == by_log(events, Window(), "")
        while queries.forget_before(connection, BEGIN // HOUR_NS + 4, 1):
            pass
        left = by_log(events, Window(BEGIN + 4 * HOUR_NS), "")
        assert by_hours(connection, Window(BEGIN + 4 * HOUR_NS)) == left
        assert set(by_hours(connection, Window())["hours"]) == {BEGIN // HOUR_NS + 4}


def test_values_beyond_those_that_are_kept_are_counted_together(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counts, "VALUES_KEPT", 60)
    with writing(engine) as connection:
        insert_events(connection, [made(CommandRun("ssh", f"echo {number}"), BEGIN + 1) for number in range(200)])
    follow(engine)
    with reading(engine) as connection:
        tally = tally_of(connection, Window(BEGIN, BEGIN + HOUR_NS))
        assert (tally.events, tally.not_counted, len(tally.most_sent("command", 1000))) == (200, 140, 60)


def test_sets_of_sources_are_exact_up_to_their_size_and_near_beyond_it() -> None:
    few = {member(f"192.0.2.{number}") for number in range(200)}
    assert size(unpacked(packed(few))) == 200
    parts = [[member(f"10.0.{part}.{number}") for number in range(250)] for part in range(40)]
    whole: set[int] = set()
    for part in parts:
        whole = united(whole, part)
    assert len(whole) == KEPT
    assert size(whole) == pytest.approx(10_000, rel=0.25)  # four standard errors


TEXTS = (
    "cat /etc/shadow",
    "CAT /ETC/SHADOW.bak",
    'echo "OR" * NEAR(a b) -- \'; DROP TABLE event',
    "größe\u0000 \\x00 %s _ {}",
    "x" * 300,
)


@pytest.fixture
def indexed(engine: Engine) -> Engine:
    with writing(engine) as connection:
        insert_events(connection, [made(CommandRun("ssh", text), BEGIN + place) for place, text in enumerate(TEXTS)])
        insert_events(connection, [made(LoginAttempt("ssh", "root", success=False, password="shadow"), BEGIN + 99)])
    follow(engine)
    return engine


def found(engine: Engine, text: str, selection: Selection | None = None, limit: int = 100) -> list[int]:
    with reading(engine) as connection:
        return [one.seq for one in search(connection, text, selection or Selection(), limit)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("shadow", [1, 2, 6]),
        ("/etc/shadow", [1, 2]),
        ("/etc/sha", [1, 2]),
        ("shadow.bak CAT", [2]),
        ("hadow", []),
        ("192.0.2.1 root", [6]),
        ("2.1.192.0", []),
        *((text, [place]) for place, text in enumerate(TEXTS[2:], 3)),
        ('" OR 1=1', []),
        ("größe", [4]),
        ("x" * 64, [5]),
        ("\x00", []),
    ],
)
def test_what_is_typed_is_found_and_nothing_of_it_is_syntax(indexed: Engine, text: str, expected: list[int]) -> None:
    assert found(indexed, text) == expected


def test_the_newest_are_found_first_with_what_is_not_indexed_yet(indexed: Engine) -> None:
    with writing(indexed) as connection:
        insert_events(connection, [made(CommandRun("ssh", "grep shadow x"), BEGIN)])
    assert found(indexed, "shadow") == [1, 2, 6, 7]
    assert found(indexed, "shadow", limit=2) == [6, 7]
    assert found(indexed, "shadow", Selection(kinds=("auth.attempt",))) == [6]
    assert found(indexed, "shadow", Selection(window=Window(BEGIN + 1, BEGIN + 50))) == [2]
    assert found(indexed, "shadow", Selection(attacker="192.0.2.9")) == []
    assert found(indexed, "shadow", Selection(decky="web-01")) == [1, 2, 6, 7]


def test_without_an_index_the_log_is_searched(engine: Engine) -> None:
    with writing(engine) as connection:
        insert_events(connection, [made(CommandRun("ssh", text), BEGIN) for text in TEXTS])
    follow(engine, search=False)
    assert found(engine, "shadow") == [1, 2]
    with reading(engine) as connection:
        assert connection.execute(select(search_word)).all() == []


def test_the_index_is_forgotten_with_the_log(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "CHUNK", 20)
    events = [made(CommandRun("ssh", f"common word{number}"), BEGIN + number) for number in range(100)]
    with writing(engine) as connection:
        insert_events(connection, events)
    follow(engine)
    assert found(engine, "word17") == [18]
    with writing(engine) as connection:
        connection.execute(delete(event_table).where(event_table.c.seq <= 70))
    assert found(engine, "common") == list(range(71, 101))
    assert found(engine, "word17") == []
    worker = History(HistorySettings())
    while worker.beside(engine):
        pass
    with reading(engine) as connection:
        assert min(connection.execute(select(search_word.c.chunk)).scalars()) == 70 // 20
    assert found(engine, "word90") == [91]
