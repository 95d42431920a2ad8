# SPDX-License-Identifier: MIT
"""Each lease query changes the leases that it names and no others."""

from __future__ import annotations

import time

from sqlalchemy import Engine

from decnet_models.database.engine import reading, writing
from decnet_models.database.shards import SHARDS
from decnet_models.progress import lease_queries as leases
from decnet_models.progress import queries
from decnet_models.progress.lease_queries import Lease


def begin(engine: Engine, *workers: str) -> None:
    with writing(engine) as connection:
        for worker in workers:
            leases.begin_leases(connection, worker, now_ns=5)


def take(engine: Engine, worker: str, *shards: int, holder: str = "a", ends: int = 100) -> None:
    with writing(engine) as connection:
        for one in leases.leases_of(connection, worker):
            if one.shard in shards:
                assert leases.take(connection, [one], holder, expires_at=ends)


def of(engine: Engine, worker: str = "ttp") -> list[Lease]:
    with reading(engine) as connection:
        return leases.leases_of(connection, worker)


def test_a_worker_begins_with_a_free_lease_for_each_shard(engine: Engine) -> None:
    begin(engine, "ttp")
    assert of(engine) == [Lease("ttp", shard, 0, 0, None, 0, 5) for shard in range(SHARDS)]
    assert of(engine, "profiler") == []


def test_leases_begin_where_the_cursor_was_and_replace_it(engine: Engine) -> None:
    with writing(engine) as connection:
        queries.move_cursor(connection, "ttp", 7, now_ns=1)
        queries.move_cursor(connection, "profiler", 3, now_ns=1)
    begin(engine, "ttp")
    assert {one.seq for one in of(engine)} == {7}
    with writing(engine) as connection:
        assert queries.cursors(connection) == {"profiler": 3, "ttp": 7}
        assert not queries.advance_cursor(connection, "ttp", 7, 8, now_ns=1)
        assert queries.advance_cursor(connection, "profiler", 3, 4, now_ns=1)


def test_beginning_again_changes_nothing(engine: Engine) -> None:
    begin(engine, "ttp")
    take(engine, "ttp", 3)
    before = of(engine)
    with writing(engine) as connection:
        leases.begin_leases(connection, "ttp", now_ns=99)
    assert of(engine) == before


def test_leases_are_listed_by_worker_and_shard(engine: Engine) -> None:
    begin(engine, "ttp", "profiler")
    with reading(engine) as connection:
        listed = [(one.worker, one.shard) for one in leases.all_leases(connection)]
    assert listed == [(worker, shard) for worker in ("profiler", "ttp") for shard in range(SHARDS)]
    assert [(one.worker, one.shard) for one in of(engine)] == [("ttp", shard) for shard in range(SHARDS)]


def test_a_lease_is_taken_once_by_those_who_saw_it_free(engine: Engine) -> None:
    begin(engine, "ttp", "profiler")
    seen = of(engine)[3]
    with writing(engine) as connection:
        assert leases.take(connection, [seen], "a", expires_at=100)
        assert not leases.take(connection, [seen], "b", expires_at=200)
    taken = {one.shard: (one.holder, one.epoch, one.expires_at) for one in of(engine)}
    assert taken == {**dict.fromkeys(range(SHARDS), (None, 0, 0)), 3: ("a", 1, 100)}
    assert {one.holder for one in of(engine, "profiler")} == {None}


def test_a_holder_prolongs_what_it_has_and_no_more(engine: Engine) -> None:
    begin(engine, "ttp", "profiler")
    take(engine, "ttp", 1, 4)
    take(engine, "ttp", 1)
    take(engine, "ttp", 2, holder="b")
    take(engine, "profiler", 5)
    with writing(engine) as connection:
        assert leases.renew(connection, "ttp", "a", expires_at=300) == {1: 2, 4: 1}
        assert leases.renew(connection, "ttp", "c", expires_at=400) == {}
    assert {one.shard: one.expires_at for one in of(engine) if one.holder} == {1: 300, 2: 100, 4: 300}
    assert {one.expires_at for one in of(engine, "profiler") if one.holder} == {100}


def test_a_holder_releases_what_it_has_and_can_commit_nothing_more(engine: Engine) -> None:
    begin(engine, "ttp", "profiler")
    take(engine, "ttp", 1)
    take(engine, "ttp", 2, holder="b")
    take(engine, "profiler", 5)
    with writing(engine) as connection:
        leases.release(connection, "ttp", "a")
    found = of(engine)
    assert (found[1].holder, found[1].epoch, found[1].expires_at) == (None, 2, 0)
    assert (found[2].holder, found[2].epoch, found[2].expires_at) == ("b", 1, 100)
    assert (found[0].epoch, of(engine, "profiler")[5].holder) == (0, "a")


def test_cursors_of_named_shards_move(engine: Engine) -> None:
    begin(engine, "ttp", "profiler")
    with writing(engine) as connection:
        locked = leases.lock(connection, "ttp", {4, 2})
        assert list(locked) == [2, 4]
        assert locked[2] == Lease("ttp", 2, 0, 0, None, 0, 5)
        leases.advance(connection, "ttp", {4, 2}, 9, now_ns=6)
    assert {one.shard: (one.seq, one.updated_at) for one in of(engine) if one.seq} == {2: (9, 6), 4: (9, 6)}
    assert {one.seq for one in of(engine, "profiler")} == {0}


def test_now_is_the_time_in_nanoseconds(engine: Engine) -> None:
    with reading(engine) as connection:
        before, now, after = time.time_ns(), leases.now_of(connection), time.time_ns()
    assert before - 1_000 <= now <= after  # PostgreSQL's has microseconds
