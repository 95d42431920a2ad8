# SPDX-License-Identifier: MIT
from __future__ import annotations

import logging
from collections.abc import Callable
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs
from sqlalchemy import Engine, delete, insert, text
from tests.examples import examples

from decnet_core.events.catalogue import CommandRun, HttpRequest, LoginAttempt
from decnet_core.events.codec import decode, encode
from decnet_core.events.envelope import Event
from decnet_models.database.engine import reading, writing
from decnet_models.database.shards import ALL
from decnet_models.events import queries
from decnet_models.events.tables import event as event_table

Maker = Callable[..., list[Event]]


def test_an_event_comes_back_as_it_went_in(engine: Engine) -> None:
    whole = Event(
        id=UUID("018bcfe5-6800-7aaa-8bbb-0123456789ab"),
        ts=2**62,
        sensor="sensor one",
        payload=HttpRequest("GET", "/\u0000\u202e'", headers=(("A", "b"), ("A", "c")), body="\ud7ff\U0001f600"),
        decky="web-1",
        src_ip="2001:db8::1",
        src_port=65535,
        dst_ip="127.77.0.1",
        dst_port=80,
        session="s-1",
        synthetic=True,
    )
    with writing(engine) as connection:
        queries.insert_events(connection, [whole])
    with reading(engine) as connection:
        assert queries.by_seq(connection, 1) == queries.StoredEvent(1, whole)
        assert queries.by_seq(connection, 2) is None


def test_equal_payloads_of_a_batch_are_one_object(engine: Engine, make_events: Maker) -> None:
    events = [structs.replace(one, payload=CommandRun("ssh", f"id {n % 2}")) for n, one in enumerate(make_events(4))]
    with writing(engine) as connection:
        queries.insert_events(connection, events)
    with reading(engine) as connection:
        rows = queries.rows_after(connection, 0, through=4, limit=10, kinds=[])
    found = queries.decoded(rows)
    assert found == [queries.stored(row) for row in rows]
    payloads = [one.event.payload for one in found]
    assert payloads[0] is payloads[2]
    assert payloads[1] is payloads[3]


def test_known_ids_are_ignored_and_not_counted(engine: Engine, make_events: Maker) -> None:
    first = make_events(5)
    with writing(engine) as connection:
        assert queries.insert_events(connection, first[:3]) == 3
        assert queries.insert_events(connection, [*first, first[4]]) == 2
        assert queries.insert_events(connection, []) == 0
    with reading(engine) as connection:
        assert [one.event for one in queries.events_after(connection, 0, 10)] == first


def test_a_row_number_is_never_used_again(engine: Engine, make_events: Maker) -> None:
    events = make_events(3)
    with writing(engine) as connection:
        queries.insert_events(connection, events[:2])
        connection.execute(delete(event_table))
        queries.insert_events(connection, events[2:])
        assert queries.last_seq(connection) > 2


def test_nul_in_a_name_is_kept_visible(engine: Engine, make_events: Maker) -> None:
    with writing(engine) as connection:
        queries.insert_events(connection, make_events(1, session="a\0b"))
        assert [one.event.session for one in queries.by_session(connection, "a\u2400b")] == ["a\u2400b"]


def test_events_after_gives_the_wanted_kinds_in_the_order_of_the_log(engine: Engine, make_events: Maker) -> None:
    logins, commands = make_events(3, LoginAttempt("ssh", "root", success=False)), make_events(3)
    with writing(engine) as connection:
        for login, command in zip(logins, commands, strict=True):
            queries.insert_events(connection, [login, command])
    with reading(engine) as connection:
        found = queries.events_after(connection, 2, 10, ["auth.attempt"])
        assert [one.event for one in found] == logins[1:]
        assert [one.seq for one in found] == [3, 5]
        assert len(queries.events_after(connection, 0, 4)) == 4
        assert queries.count_by_kind(connection) == {"auth.attempt": 3, "session.command": 3}
        assert queries.count(connection) == queries.last_seq(connection) == 6


def test_rows_after_stops_at_its_window_and_leaves_synthetic_life_out(engine: Engine, make_events: Maker) -> None:
    with writing(engine) as connection:
        queries.insert_events(connection, make_events(2) + make_events(2, synthetic=True) + make_events(2))
    with reading(engine) as connection:
        rows = queries.rows_after(connection, 0, through=5, limit=10, kinds=["session.command"], synthetic=False)
        assert [row[0] for row in rows] == [1, 2, 5]


def test_brief_rows_are_the_same_ones_with_fewer_columns(engine: Engine, make_events: Maker) -> None:
    with writing(engine) as connection:
        queries.insert_events(connection, make_events(3))
    with reading(engine) as connection:
        whole = queries.rows_after(connection, 0, through=9, limit=2, kinds=["session.command"])
        brief = queries.rows_after(connection, 0, through=9, limit=2, kinds=["session.command"], brief=True)
        shared = queries.rows_of_shards(connection, ALL, 0, through=9, limit=2, kinds=["session.command"], brief=True)
    places = [queries.WHOLE.index(name) for name in queries.BRIEF]
    assert [tuple(row) for row in brief] == [tuple(row[place] for place in places) for row in whole]
    assert [tuple(row) for row in shared] == [tuple(row) for row in brief]
    assert len(brief) == 2


def test_following_the_log_walks_by_row_number(sqlite_engine: Engine) -> None:
    asked: list[str] = []
    with reading(sqlite_engine) as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        driver.set_trace_callback(asked.append)
        queries.rows_after(connection, 0, through=100, limit=10, kinds=["a", "b"], synthetic=False)
        driver.set_trace_callback(None)
        plan = connection.execute(text("EXPLAIN QUERY PLAN " + asked[-1])).all()
    assert len(plan) == 1
    assert "INTEGER PRIMARY KEY" in plan[0].detail


def test_recent_events_are_paged_newest_first(engine: Engine, make_events: Maker) -> None:
    with writing(engine) as connection:
        queries.insert_events(connection, make_events(5))
        queries.insert_events(connection, make_events(2, src_ip="192.0.2.2"))
        page = queries.recent(connection, 3)
        assert [one.seq for one in page] == [7, 6, 5]
        assert [one.seq for one in queries.recent(connection, 3, before=5)] == [4, 3, 2]
        assert queries.recent(connection, 3, kinds=["auth.attempt"]) == []
        assert [one.seq for one in queries.of_attacker(connection, "192.0.2.2", 10)] == [7, 6]
        assert [one.seq for one in queries.of_attacker(connection, "192.0.2.1", 2, before=3)] == [2, 1]


def test_a_session_is_shown_in_the_order_it_happened(engine: Engine, make_events: Maker) -> None:
    events = make_events(3, session="s")
    with writing(engine) as connection:
        queries.insert_events(connection, events[::-1])
        assert [one.event for one in queries.by_session(connection, "s")] == events


def test_listings_pass_over_a_payload_of_another_version(
    engine: Engine, make_events: Maker, caplog: pytest.LogCaptureFixture
) -> None:
    with writing(engine) as connection:
        queries.insert_events(connection, make_events(2))
        connection.execute(event_table.update().where(event_table.c.seq == 1).values(payload='{"kind":"x"}'))
        with caplog.at_level(logging.WARNING):
            assert [one.seq for one in queries.recent(connection, 5)] == [2]
    assert "seq=1" in caplog.text


def test_ingest_positions_are_replaced(engine: Engine) -> None:
    with writing(engine) as connection:
        queries.move_ingest_position(connection, "sniff", 1, 10, now_ns=1)
        queries.move_ingest_position(connection, "sniff", 2, 2**40, now_ns=2)
        queries.move_ingest_position(connection, "decoys", 7, 0, now_ns=2)
        assert queries.ingest_positions(connection) == {"sniff": (2, 2**40), "decoys": (7, 0)}


@settings(max_examples=examples(100), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(command=st.text(max_size=50), session=st.text(max_size=50), ts=st.integers(0, 2**63 - 1))
def test_whatever_was_a_line_of_the_spool_can_be_a_row(
    engine: Engine, make_events: Maker, command: str, session: str, ts: int
) -> None:
    made = make_events(1, CommandRun("ssh", command), session=session, ts=ts)[0]
    event = decode(encode(made))
    with writing(engine) as connection:
        before = queries.last_seq(connection)
        assert queries.insert_events(connection, [event]) == 1
        stored = queries.events_after(connection, before, 1)[0].event
    assert stored.payload == event.payload
    assert stored.ts == ts
    assert stored.session == session.replace("\0", "\u2400")


def test_a_second_event_log_writer_waits_for_the_first_ones_commit(url: str, make_events: Maker) -> None:
    """A reader that has seen the later row would never go back for the earlier one."""
    from concurrent.futures import ThreadPoolExecutor

    from decnet_models.database.engine import open_engine

    one, two = open_engine(url), open_engine(url)

    def second() -> int:
        with writing(two) as connection:
            return queries.insert_events(connection, make_events(1))

    with ThreadPoolExecutor(1) as thread:
        with writing(one) as connection:
            queries.insert_events(connection, make_events(1))
            later = thread.submit(second)
            with pytest.raises(TimeoutError):
                later.result(0.2)
        assert later.result(10) == 1
    one.dispose()
    two.dispose()


def test_the_schema_refuses_an_event_without_what_it_must_have(engine: Engine, make_events: Maker) -> None:
    from sqlalchemy.exc import IntegrityError

    row = {"id": make_events(1)[0].id, "ts": 1, "sensor": None, "kind": "x", "synthetic": False, "payload": "{}"}
    with pytest.raises(IntegrityError), writing(engine) as connection:
        connection.execute(insert(event_table), [row])
