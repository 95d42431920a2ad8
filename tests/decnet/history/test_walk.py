# SPDX-License-Identifier: MIT
"""Pages of the event log: together they are what looking at every event would give, whatever ends them early."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, delete
from tests.decnet_models.migrated import migrated_database

from decnet.history import walk
from decnet.history.language import EventQuery, parsed
from decnet.history.newest import newest_of
from decnet.history.stretches import Position
from decnet.history.walk import page
from decnet_core.events.catalogue import CommandRun, ConnectionOpened, HttpRequest, Payload
from decnet_core.events.codec import BadEventError
from decnet_core.events.envelope import Event
from decnet_core.net.addresses import parse_address
from decnet_models.database.engine import open_engine, reading, writing
from decnet_models.database.rows.keyset import Direction
from decnet_models.events.queries import StoredEvent, events_after, insert_events, stored
from decnet_models.events.tables import event as events_table
from decnet_models.history.words import texts
from decnet_models.known.matching import KnownSources
from decnet_models.known.queries import KnownSource
from decnet_models.progress.queries import begin_cursor
from decnet_workers.history.settings import HistorySettings
from decnet_workers.history.worker import History

START = 1_795_478_400_000_000_000
SECOND = 10**9
NOBODY = KnownSources()
_serial = itertools.count(1)


def event(chance: random.Random) -> Event:
    payloads: tuple[Payload, ...] = (
        CommandRun("ssh", chance.choice(("cat /etc/shadow", "uname -a", "100%_done"))),
        HttpRequest(method="GET", target=chance.choice(("/", "/shadow.php"))),
        ConnectionOpened("ssh"),
    )
    return Event(
        id=UUID(int=next(_serial)),
        ts=START + chance.randrange(60) * SECOND,  # sensors deliver late, several at one time
        sensor=chance.choice(("here", "there")),
        payload=chance.choice(payloads),
        decky=chance.choice(("web-1", "db-1", None)),
        src_ip=chance.choice(("192.0.2.7", "192.0.2.77", "198.51.100.9", "2001:db8::7", None)),
        dst_port=chance.choice((22, 80, None)),
        session=chance.choice(("one", "two", None)),
        synthetic=chance.random() < 0.1,
    )


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """120 events, of which the history has indexed two thirds."""
    url = migrated_database(tmp_path_factory.mktemp("walk") / "decnet.db")
    engine, chance = open_engine(url), random.Random(5)
    with writing(engine) as connection:
        insert_events(connection, [event(chance) for _ in range(80)])
        begin_cursor(connection, "history", now_ns=1)
    processor = History(HistorySettings())._processor(engine, "history")
    while processor.step().lag:
        pass
    with writing(engine) as connection:
        insert_events(connection, [event(chance) for _ in range(40)])
    yield engine
    engine.dispose()


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have stretches and pages end after a few rows."""
    for name, value in (("_FEWEST", 3), ("_SHOWN", 1), ("_MOST", 20), ("MOST_LOOKED_AT", 30), ("MOST_READ", 9)):
        monkeypatch.setattr(walk, name, value)


def all_pages(
    connection: Connection,
    query: EventQuery,
    limit: int,
    known: KnownSources = NOBODY,
    direction: Direction = "desc",
) -> list[StoredEvent]:
    found: list[StoredEvent] = []
    after = None
    while True:
        part = page(connection, query, known, limit, after, direction=direction)
        assert len(part.events) <= limit
        found += part.events
        if part.next is None:
            return found
        assert part.next != after
        after = part.next


def fits(stored: StoredEvent, query: EventQuery) -> bool:
    one = stored.event
    values = {"kind": one.kind, "decky": one.decky, "session": one.session, "sensor": one.sensor, "port": one.dst_port}
    for condition in query.conditions:
        if condition.field == "src":
            address = parse_address(one.src_ip or "")
            holds = address is not None and any(address in network for network in condition.wanted)
        else:
            holds = values[condition.field] in condition.wanted
        if holds == condition.excluded:
            return False
    said = "\n".join(texts(one)).casefold()
    return (
        query.window.since <= one.ts < query.window.until
        and (query.synthetic or not one.synthetic)
        and all(text in said for text in query.texts)
        and not any(text in said for text in query.excluded_texts)
    )


TERMS = [
    *("kind:session.command", "kind:http.request,connection.opened", "kind:*", "-kind:connection.opened"),
    *("src:192.0.2.7", "src:192.0.2.7,2001:db8::7", "src:192.0.2.0/24", "src:2001:db8::/32", "-src:192.0.2.0/25"),
    *("decky:web-1", "-decky:web-1", "decky:nobody", "session:one", "session:one,two", "-session:one"),
    *("sensor:there", "port:22", "-port:22,80", "shadow", "/etc/sha", '"100%_done"', "-uname", "a"),
    *("since:2026-11-24T00:00:20Z", "until:2026-11-24T00:00:40Z", "synthetic:yes"),
]


@given(st.lists(st.sampled_from(TERMS), max_size=4, unique=True), st.integers(3, 40), st.sampled_from(["desc", "asc"]))
@example(["synthetic:yes", '"100%_done"'], 3, "desc")  # the index of words has no synthetic events
@example(["synthetic:yes", '"100%_done"'], 3, "asc")
@example(["shadow"], 3, "asc")  # what the index has, and what it does not have yet
@example(["kind:session.command,http.request"], 3, "asc")
@example(["since:2026-11-24T00:00:20Z"], 3, "asc")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_pages_are_together_what_every_event_says(
    filled: Engine, terms: list[str], limit: int, direction: Direction
) -> None:
    query = parsed(" ".join(terms))
    with reading(filled) as connection:
        found = all_pages(connection, query, limit, direction=direction)
        expected = [one for one in events_after(connection, 0, 1000) if fits(one, query)]
    assert sorted(one.seq for one in found) == [one.seq for one in expected]
    if not query.window.bounded:
        assert [one.seq for one in found] == sorted((one.seq for one in found), reverse=direction == "desc")
    elif not query.conditions and not query.texts:
        times = [(one.event.ts, one.seq) for one in found]
        assert times == sorted(times, reverse=direction == "desc")


@pytest.mark.parametrize("synthetic", [False, True])
def test_newest_events_are_read_whole_if_they_are_not_known(filled: Engine, synthetic: bool) -> None:
    kept: dict[int, StoredEvent] = {}
    read: list[int] = []

    def make(row: Sequence[Any]) -> StoredEvent:
        read.append(row[0])
        return kept.setdefault(row[0], stored(row))

    def known(some: Sequence[tuple[int, Any]]) -> list[StoredEvent | None]:
        return [kept.get(seq) for seq, _ in some]

    with reading(filled) as connection:
        every = all_pages(connection, EventQuery(synthetic=synthetic), 20)

        def asked(limit: int, after: Position | None) -> tuple[list[StoredEvent], Position | None] | None:
            return newest_of(connection, limit, after, synthetic=synthetic, known=known, make=make)

        def ends(at: int) -> Position:
            return every[at].event.ts, every[at].seq

        assert asked(7, None) == (every[:7], ends(6))
        assert sorted(read) == sorted(one.seq for one in every[:7])
        assert asked(20, None) == (every[:20], ends(19))
        assert sorted(read) == sorted(one.seq for one in every[:20])
        assert asked(20, ends(6)) == (every[7:27], ends(26))
        assert asked(20, ends(len(every) - 20)) is None  # 19 are left: where the log ends, the walk says
        assert asked(1, ends(len(every) - 2)) == (every[-1:], ends(-1))


def test_newest_events_of_which_one_is_not_understood_are_left_to_the_walk(filled: Engine) -> None:
    def make(_: Sequence[Any]) -> StoredEvent:
        raise BadEventError("of a later version")

    with reading(filled) as connection:
        assert newest_of(connection, 5, None, synthetic=True, known=lambda some: [None] * len(some), make=make) is None


def test_events_of_known_sources_are_left_out(filled: Engine) -> None:
    ours = KnownSources([KnownSource(1, "192.0.2.0/24", 22, None, None, "ours", False, 0)])
    with reading(filled) as connection:
        found = all_pages(connection, EventQuery(), 20, ours)
        every = all_pages(connection, EventQuery(), 20)
    assert {one.seq for one in every} - {one.seq for one in found} == {
        one.seq for one in every if (one.event.src_ip or "").startswith("192.0.2.") and one.event.dst_port == 22
    }


@pytest.mark.parametrize("text", ["", "kind:session.command", "src:192.0.2.7", "since:2026-11-24T00:00:10Z", "shadow"])
def test_what_arrives_between_pages_neither_hides_nor_repeats(sqlite_engine: Engine, text: str) -> None:
    chance, query = random.Random(9), parsed(text)
    with writing(sqlite_engine) as connection:
        insert_events(connection, [event(chance) for _ in range(60)])
        begin = {one.seq for one in events_after(connection, 0, 1000) if fits(one, query)}
    found: list[int] = []
    after = None
    while True:
        with reading(sqlite_engine) as connection:
            part = page(connection, query, NOBODY, 7, after)
        found += (one.seq for one in part.events)
        if part.next is None:
            break
        after = part.next
        with writing(sqlite_engine) as connection:
            insert_events(connection, [event(chance) for _ in range(3)])
    assert len(found) == len(set(found))
    assert begin <= set(found)


def test_a_page_ends_early_where_nothing_fits(filled: Engine) -> None:
    with reading(filled) as connection:
        part = page(connection, parsed("decky:nobody"), NOBODY, 10)
    assert part.events == []
    assert part.next is not None


def test_pages_pass_over_what_was_forgotten(filled: Engine) -> None:
    with filled.connect() as connection:
        connection.execute(delete(events_table).where(events_table.c.seq.between(20, 100)))
        found = all_pages(connection, EventQuery(synthetic=True), limit=7)
        upwards = all_pages(connection, EventQuery(synthetic=True), limit=7, direction="asc")
        some = all_pages(connection, parsed("-sensor:nowhere synthetic:yes"), limit=7, direction="asc")
        connection.rollback()
    assert [one.seq for one in found] == [*range(120, 100, -1), *range(19, 0, -1)]
    assert upwards == some == found[::-1]
