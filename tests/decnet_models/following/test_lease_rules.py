# SPDX-License-Identifier: MIT
"""Who is to hold which lease, to the nanosecond and to the shard; and what a holder is let read and commit."""

from __future__ import annotations

import os
import socket
from collections import Counter
from collections.abc import Sequence

import msgspec
import pytest
from sqlalchemy import Connection, Engine, text

from decnet_core.timing.durations import SECOND_NS
from decnet_models.database.engine import reading, writing
from decnet_models.database.shards import ALL, SHARDS
from decnet_models.errors import LeaseLostError
from decnet_models.following.cursor_position import Span
from decnet_models.following.shard_leases import ShardLeases, new_holder, wanted
from decnet_models.progress import lease_queries as queries
from decnet_models.progress.lease_queries import Lease

NOW, LONGEST = 1000, 60


def table(holders: Sequence[str | None], ends: int = NOW + 10) -> list[Lease]:
    return [Lease("w", shard, 0, 1, holder, ends, 0) for shard, holder in enumerate(holders)]


def taken(holders: Sequence[str | None], ends: int = NOW + 10, *, shared: bool = True) -> list[int]:
    """Return the shards that `a` is to take."""
    return [one.shard for one in wanted(table(holders, ends), "a", NOW, shared=shared, longest_ns=LONGEST)]


@pytest.mark.parametrize(
    ("ends", "free"),
    [(NOW - 1, True), (NOW, True), (NOW + 1, False), (NOW + LONGEST, False), (NOW + LONGEST + 1, True)],
)
def test_a_lease_is_its_holders_until_its_end_unless_a_fast_clock_made_it(ends: int, free: bool) -> None:
    assert taken(["b"] * SHARDS, ends, shared=False) == (list(range(SHARDS)) if free else [])
    assert len(taken(["b"] * SHARDS, ends)) == (SHARDS if free else 8)


def test_what_one_holds_already_is_not_taken_again() -> None:
    mine: list[str | None] = ["a"] * 10
    assert taken([*mine, *[None] * 6], shared=False) == list(range(10, SHARDS))
    assert taken([*mine, *[None] * 6]) == list(range(10, SHARDS))
    assert taken(["a"] * SHARDS) == []


def test_a_share_is_rounded_up_and_counts_what_is_held() -> None:
    assert taken(["b", "c", *[None] * 14]) == list(range(2, 8))  # ceil(16 / 3) = 6
    assert taken(["b", "c", "a", "a", *[None] * 12]) == list(range(4, 8))
    assert taken([*["a"] * 6, "b", "c", *[None] * 8]) == []  # the rest is theirs to take
    assert taken([*["a"] * 8, "b", "c", *[None] * 6]) == []


def test_leases_are_taken_from_the_largest_holder_until_no_instance_has_two_more() -> None:
    assert taken([*["b"] * 10, *["c"] * 6]) == [0, 1, 2, 3, 10]  # 6, 5 and 5 are left
    assert taken([*["b"] * 8, *["a"] * 8]) == []
    assert taken([*["b"] * 9, *["a"] * 7]) == [0]
    assert taken([*["b"] * 8, *["a"] * 7, None]) == [15]
    assert taken(["c", *["b"] * 7, *["c"] * 8]) == [0, 1, 8, 9, 10]  # in the order of the shards, not of the thefts


def test_thieves_leave_nothing_to_chance() -> None:
    """Equally rich, the one with the greater name: whoever computes it finds the same."""
    assert taken([*["b"] * 3, *["c"] * 3, *["d"] * 2, *["a"] * 1, *["e"] * 7]) == [9, 10, 11]
    assert taken(["b", "c", "b", "c"]) == [1]


def test_an_instances_name_says_where_it_runs_and_is_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    names = {new_holder() for _ in range(50)}
    assert len(names) == 50
    assert all(name.startswith(f"{socket.gethostname()}:{os.getpid()}:") for name in names)
    monkeypatch.setattr(socket, "gethostname", lambda: "h" * 1000)
    assert len(new_holder()) <= 255  # the column's


@pytest.fixture
def log(sqlite_engine: Engine) -> Engine:
    return sqlite_engine


def rows(engine: Engine) -> list[Lease]:
    with reading(engine) as connection:
        return queries.leases_of(connection, "w")


def change(engine: Engine, statement: str) -> None:
    with writing(engine) as connection:
        connection.execute(text(statement))


def span_of(engine: Engine, leases: ShardLeases) -> Span | None:
    with reading(engine) as connection:
        return leases.span(connection)


def test_what_is_held_ends_its_seconds_after_it_was_kept(log: Engine) -> None:
    leases = ShardLeases(log, "w", seconds=30)
    for _ in range(2):  # taken, then renewed
        with reading(log) as connection:
            before = queries.now_of(connection)
        leases.keep()
        with reading(log) as connection:
            after = queries.now_of(connection)
        assert all(before + 30 * SECOND_NS <= one.expires_at <= after + 30 * SECOND_NS for one in rows(log))
    assert {(one.holder, one.epoch) for one in rows(log)} == {(leases.holder, 1)}


def test_seconds_have_a_thousand_million_nanoseconds(log: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "now_of", lambda _: 7)
    ShardLeases(log, "w", seconds=4.5).keep()
    assert {one.expires_at for one in rows(log)} == {4_500_000_007}


@pytest.mark.parametrize(("seconds_ahead", "held"), [(40, False), (59, False), (65, True)])
def test_a_lease_that_ends_later_than_twice_its_time_was_made_by_a_fast_clock(
    log: Engine, seconds_ahead: int, held: bool
) -> None:
    ShardLeases(log, "w", seconds=30, shared=False, holder="b").keep()
    with writing(log) as connection:
        ends = queries.now_of(connection) + seconds_ahead * SECOND_NS
        connection.execute(text(f"UPDATE lease SET expires_at = {ends}"))
    second = ShardLeases(log, "w", seconds=30, shared=False)
    second.keep()
    assert bool(second.held) is held


def test_all_of_the_log_is_read_as_one_while_every_shard_is_level(log: Engine) -> None:
    leases = ShardLeases(log, "w", seconds=30)
    assert span_of(log, leases) is None
    leases.keep()
    assert span_of(log, leases) == Span(0)


def test_the_hindmost_catch_up_with_the_next_ones(log: Engine) -> None:
    leases = ShardLeases(log, "w", seconds=30)
    leases.keep()
    change(log, "UPDATE lease SET seq = CASE WHEN shard < 3 THEN 5 WHEN shard < 9 THEN 8 ELSE 20 END")
    assert span_of(log, leases) == Span(5, 8, frozenset({0, 1, 2}))
    change(log, "UPDATE lease SET seq = 20 WHERE shard > 2")
    assert span_of(log, leases) == Span(5, 20, frozenset({0, 1, 2}))


def test_a_shard_that_another_has_taken_is_not_read(log: Engine) -> None:
    leases = ShardLeases(log, "w", seconds=30)
    leases.keep()
    change(log, "UPDATE lease SET epoch = epoch + 1 WHERE shard = 4")
    assert span_of(log, leases) == Span(0, None, ALL - {4})


def test_an_unshared_worker_reads_nothing_unless_it_holds_all_leases(log: Engine) -> None:
    leases = ShardLeases(log, "w", seconds=30, shared=False)
    leases.keep()
    assert span_of(log, leases) == Span(0)
    change(log, "UPDATE lease SET epoch = epoch + 1 WHERE shard = 4")
    assert span_of(log, leases) is None


def test_one_shard_alone_is_read_up_to_the_end_of_the_log(log: Engine) -> None:
    leases = ShardLeases(log, "w", seconds=30)
    leases.keep()
    change(log, "UPDATE lease SET epoch = epoch + 1 WHERE shard <> 4")
    assert span_of(log, leases) == Span(0, None, frozenset({4}))


def move(engine: Engine, leases: ShardLeases, span: Span, start: int, end: int) -> None:
    with writing(engine) as connection:
        leases.move(connection, span, start, end)


def test_a_span_of_some_shards_moves_those(log: Engine) -> None:
    leases = ShardLeases(log, "w", seconds=30)
    leases.keep()
    move(log, leases, Span(0, None, frozenset({1, 2})), 0, 7)
    assert Counter(one.seq for one in rows(log)) == {0: 14, 7: 2}
    assert [one.seq for one in rows(log)][:4] == [0, 7, 7, 0]
    change(log, "UPDATE lease SET seq = 7")
    move(log, leases, Span(7), 7, 9)
    assert {one.seq for one in rows(log)} == {9}


@pytest.mark.parametrize("values", ["epoch = epoch + 1", "seq = 3", "expires_at = 1"])
def test_an_instance_that_lost_one_of_its_leases_moves_none(log: Engine, values: str) -> None:
    leases = ShardLeases(log, "w", seconds=30)
    leases.keep()
    change(log, f"UPDATE lease SET {values} WHERE shard = 15")
    with pytest.raises(LeaseLostError, match="shard 15 of w"):
        move(log, leases, Span(0), 0, 9)
    assert {one.seq for one in rows(log)} <= {0, 3}
    move(log, leases, Span(0, None, ALL - {15}), 0, 9)


def test_a_lease_ends_at_the_nanosecond_that_it_says(log: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    leases = ShardLeases(log, "w", seconds=30)
    leases.keep()
    ends = rows(log)[0].expires_at
    change(log, f"UPDATE lease SET expires_at = {ends}")
    monkeypatch.setattr(queries, "now_of", lambda _: ends)
    with pytest.raises(LeaseLostError):
        move(log, leases, Span(0), 0, 9)
    monkeypatch.setattr(queries, "now_of", lambda _: ends - 1)
    move(log, leases, Span(0), 0, 9)


def test_a_released_lease_is_held_no_more(log: Engine) -> None:
    leases = ShardLeases(log, "w", seconds=30, holder="me")
    leases.keep()
    assert leases.held == ALL
    leases.release()
    assert leases.held == frozenset()
    assert {(one.holder, one.expires_at) for one in rows(log)} == {(None, 0)}


def test_a_lease_that_another_takes_first_is_not_held(log: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between this one's looking and its taking."""
    leases, leases_of = ShardLeases(log, "w", seconds=30), queries.leases_of

    def then_another(connection: object, worker: str) -> list[Lease]:
        seen = leases_of(connection, worker)  # type: ignore[arg-type]
        return [Lease(one.worker, one.shard, 0, 5, None, 0, 0) if one.shard == 2 else one for one in seen]

    leases.keep()
    leases.release()
    monkeypatch.setattr(queries, "leases_of", then_another)
    leases.keep()
    assert leases.held == ALL - {2}


def test_an_unshared_worker_takes_all_leases_or_none(log: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two that start at once would otherwise each take a part, and wait for the other's forever."""
    leases, leases_of = ShardLeases(log, "w", seconds=30, shared=False), queries.leases_of
    leases.keep()
    leases.release()
    before = rows(log)

    def then_a_rival(connection: Connection, worker: str) -> list[Lease]:
        return [
            msgspec.structs.replace(one, epoch=9) if one.shard == 2 else one for one in leases_of(connection, worker)
        ]

    monkeypatch.setattr(queries, "leases_of", then_a_rival)
    leases.keep()
    monkeypatch.undo()
    assert leases.held == frozenset()
    assert rows(log) == before


def test_an_unshared_worker_that_holds_all_leases_keeps_them(log: Engine) -> None:
    leases = ShardLeases(log, "w", seconds=30, shared=False, holder="a")
    for _ in range(2):
        leases.keep()
        assert leases.held == ALL
        assert {(one.holder, one.epoch) for one in rows(log)} == {("a", 1)}


@pytest.mark.parametrize("part", [1, 6, SHARDS - 1])
def test_an_unshared_worker_that_holds_some_leases_releases_them(log: Engine, part: int) -> None:
    """As an instance of a version that took part by part may have left it."""
    first, second = (ShardLeases(log, "w", seconds=30, shared=False, holder=name) for name in ("a", "b"))
    first.keep()
    change(log, f"UPDATE lease SET holder = 'b', epoch = epoch + 1 WHERE shard < {part}")
    second.keep()
    assert {one.shard for one in rows(log) if one.holder is None} == set(range(part))
    first.keep()
    assert (first.held, second.held) == (ALL, frozenset())
