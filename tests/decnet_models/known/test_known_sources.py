# SPDX-License-Identifier: MIT
from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from sqlalchemy import Connection, Engine

from decnet_core.events.catalogue import CommandRun, HttpRequest, Payload
from decnet_core.events.envelope import Event
from decnet_core.events.ids import uuid7
from decnet_models.database.engine import reading, writing
from decnet_models.events.queries import BriefRow, StoredEvent, insert_events
from decnet_models.following.batch_processor import BatchProcessor, Write
from decnet_models.known import queries
from decnet_models.known.matching import KnownSources
from decnet_models.progress.queries import begin_cursor

NOON = 1_795_478_400_000_000_000
COMMAND, REQUEST = CommandRun("ssh", "id"), HttpRequest("GET", "/")


def event(address: str, *, payload: Payload = COMMAND, port: int = 22, ts: int = NOON) -> Event:
    return Event(id=uuid7(ts), ts=ts, sensor="s", payload=payload, src_ip=address, dst_port=port)


def source(
    network: str, *, port: int | None = None, kind: str | None = None, until: int | None = None
) -> queries.KnownSource:
    return queries.KnownSource(1, network, port, kind, until, "ours", False, 1)


@pytest.mark.parametrize(
    ("one", "covered", "not_covered"),
    [
        (source("192.0.2.7/32"), [event("192.0.2.7"), event("::ffff:192.0.2.7")], [event("192.0.2.8")]),
        (
            source("10.1.0.0/16"),
            [event("10.1.255.255")],
            [event("10.2.0.0"), event("2001:db8::1"), event("no address")],
        ),
        (source("2001:db8::/32"), [event("2001:db8:1::1")], [event("2001:db9::1"), event("32.1.13.184")]),
        (source("192.0.2.7/32", port=22), [event("192.0.2.7")], [event("192.0.2.7", port=80)]),
        (source("192.0.2.7/32", kind="http.request"), [event("192.0.2.7", payload=REQUEST)], [event("192.0.2.7")]),
        (source("192.0.2.7/32", until=NOON), [event("192.0.2.7", ts=NOON - 1)], [event("192.0.2.7")]),
    ],
)
def test_an_entry_covers_what_it_says(
    one: queries.KnownSource, covered: Sequence[Event], not_covered: Sequence[Event]
) -> None:
    known = KnownSources([one])
    assert [known.match(each) for each in covered] == [one] * len(covered)
    assert [known.match(each) for each in not_covered] == [None] * len(not_covered)


@pytest.mark.parametrize("brief", [False, True])
def test_no_worker_sees_events_of_a_known_source_from_the_next_batch_on(
    engine: Engine, make_events: Callable[..., list[Event]], brief: bool
) -> None:
    seen: list[str | None] = []

    def handle(connection: Connection, events: Sequence[StoredEvent]) -> tuple[()]:
        seen.extend(one.event.src_ip for one in events)
        return ()

    def compute(snapshot: Connection, rows: Sequence[BriefRow]) -> Write:
        seen.extend(source for _, _, _, source, _, _ in rows)
        return lambda _: ()

    def touched(*addresses: str) -> None:
        with writing(engine) as connection:
            insert_events(connection, [make_events(1, src_ip=one)[0] for one in addresses])

    with writing(engine) as connection:
        begin_cursor(connection, "w", now_ns=1)
    processor = BatchProcessor(engine, "w", handle, compute=compute if brief else None, kinds=(), limit=10, brief=brief)
    touched("192.0.2.1", "192.0.2.2")
    processor.step()
    with writing(engine) as connection:
        ours = queries.add(connection, "192.0.2.2/32", "scanner")
    touched("192.0.2.1", "192.0.2.2", "192.0.2.2")
    done = processor.step()
    assert (done.handled, done.known, done.lag) == (1, 2, 0)
    with writing(engine) as connection:
        queries.remove(connection, ours.id)
    touched("192.0.2.2")
    assert processor.step().handled == 1
    assert seen == ["192.0.2.1", "192.0.2.2", "192.0.2.1", "192.0.2.2"]


def test_an_entry_of_some_events_only_cannot_be_forgotten(engine: Engine) -> None:
    with writing(engine) as connection:
        one = queries.add(connection, "192.0.2.2/32", "scanner", port=22)
        assert queries.forget(connection, one.id) is None
        assert queries.forget(connection, one.id + 1) is None
    with reading(engine) as connection:
        assert queries.known_sources(connection) == [one]
