# SPDX-License-Identifier: MIT
from __future__ import annotations

from sqlalchemy import Engine, select

from decnet_models.database.engine import reading, writing
from decnet_models.database.shards import SHARDS
from decnet_models.progress import lease_queries, queries
from decnet_models.progress.lease_queries import Lease
from decnet_models.progress.tables import worker_cursor


def test_a_cursor_moves_only_from_where_it_is(engine: Engine) -> None:
    with writing(engine) as connection:
        assert not queries.advance_cursor(connection, "ttp", 0, 5, now_ns=1)  # there is none yet
        queries.begin_cursor(connection, "ttp", now_ns=1)
        assert queries.advance_cursor(connection, "ttp", 0, 5, now_ns=2)
        assert not queries.advance_cursor(connection, "ttp", 0, 9, now_ns=3)
        assert queries.cursor_of(connection, "ttp") == 5


def test_beginning_a_cursor_again_leaves_it_where_it_is(engine: Engine) -> None:
    with writing(engine) as connection:
        queries.move_cursor(connection, "ttp", 7, now_ns=1)
        queries.begin_cursor(connection, "ttp", now_ns=2)
        queries.move_cursor(connection, "webhook", 3, now_ns=2)
        assert queries.cursors(connection) == {"ttp": 7, "webhook": 3}
        assert queries.cursor_of(connection, "profiler") == 0


def test_dead_letters_are_listed_newest_first_and_counted_once(engine: Engine) -> None:
    with writing(engine) as connection:
        for seq in (1, 2, 2):
            queries.add_dead_letter(connection, "ttp", seq, "ValueError: \0", now_ns=seq)
        queries.add_dead_letter(connection, "profiler", 2, "KeyError", now_ns=9)
    with reading(engine) as connection:
        assert queries.count_dead_letters(connection) == {"ttp": 2, "profiler": 1}
        assert [one.seq for one in queries.dead_letters_of(connection, "ttp")] == [2, 1]
        assert queries.dead_letters_of(connection, "ttp", limit=1)[0].error == "ValueError: \u2400"


def test_a_worker_can_begin_again(engine: Engine) -> None:
    with writing(engine) as connection:
        queries.move_cursor(connection, "ttp", 7, now_ns=1)
        queries.add_dead_letter(connection, "ttp", 3, "x", now_ns=1)
        queries.add_dead_letter(connection, "profiler", 3, "x", now_ns=1)
        queries.begin_again(connection, "ttp", now_ns=2)
        assert queries.cursor_of(connection, "ttp") == 0
        assert queries.count_dead_letters(connection) == {"profiler": 1}
        assert queries.advance_cursor(connection, "ttp", 0, 1, now_ns=3)


def leased(engine: Engine, *workers: str) -> None:
    """Let `a` hold all leases of the workers, at event 7, the first shard's at 3."""
    with writing(engine) as connection:
        for worker in workers:
            queries.move_cursor(connection, worker, 7, now_ns=1)
            lease_queries.begin_leases(connection, worker, now_ns=1)
            for one in lease_queries.leases_of(connection, worker):
                assert lease_queries.take(connection, [one], "a", expires_at=100)
            lease_queries.advance(connection, worker, {0}, 3, now_ns=1)


def leases(engine: Engine, worker: str) -> list[Lease]:
    with reading(engine) as connection:
        return lease_queries.leases_of(connection, worker)


def test_a_new_worker_begins_before_the_first_event(engine: Engine) -> None:
    with writing(engine) as connection:
        queries.move_cursor(connection, "profiler", 9, now_ns=1)
        queries.begin_cursor(connection, "ttp", now_ns=1)
        assert (queries.cursor_of(connection, "ttp"), queries.cursor_of(connection, "intel")) == (0, 0)
        assert queries.advance_cursor(connection, "ttp", 0, 1, now_ns=1)
        assert queries.cursors(connection) == {"profiler": 9, "ttp": 1}


def test_a_worker_with_leases_is_where_its_slowest_shard_is(engine: Engine) -> None:
    leased(engine, "ttp")
    with writing(engine) as connection:
        queries.move_cursor(connection, "profiler", 9, now_ns=1)
        queries.begin_cursor(connection, "intel", now_ns=1)
    with reading(engine) as connection:
        assert [queries.cursor_of(connection, name) for name in ("ttp", "profiler", "intel")] == [3, 9, 0]
        assert queries.cursors(connection) == {"intel": 0, "profiler": 9, "ttp": 3}


def test_cursors_of_other_logs_are_none_of_the_event_logs(engine: Engine) -> None:
    names = ["ttp", "webhook", "webhook.replay", "campaign-clusterer", "campaign-clusterer.x", "correlator.webhook"]
    with writing(engine) as connection:
        for name in names:
            queries.move_cursor(connection, name, 1, now_ns=1)
        assert queries.event_cursors(connection) == {"correlator.webhook": 1, "ttp": 1}


def test_a_moved_worker_loses_its_leases_and_no_other_does(engine: Engine) -> None:
    leased(engine, "ttp", "profiler")
    before = leases(engine, "profiler")
    with writing(engine) as connection:
        queries.move_cursor(connection, "ttp", 5, now_ns=9)
        assert not queries.advance_cursor(connection, "ttp", 5, 6, now_ns=9)  # it has leases, no cursor
    assert leases(engine, "ttp") == [Lease("ttp", shard, 5, 2, None, 0, 9) for shard in range(SHARDS)]
    assert leases(engine, "profiler") == before


def test_putting_a_worker_back_moves_nothing_forward(engine: Engine) -> None:
    leased(engine, "ttp", "profiler")
    before = leases(engine, "profiler")
    with writing(engine) as connection:
        queries.put_back(connection, "ttp", 5, now_ns=9)
    expected = [Lease("ttp", shard, 5 if shard else 3, 2, None, 0, 9) for shard in range(SHARDS)]
    assert leases(engine, "ttp") == expected
    assert leases(engine, "profiler") == before


def test_putting_a_cursor_back_leaves_those_that_are_not_beyond(engine: Engine) -> None:
    with writing(engine) as connection:
        for name in ("ttp", "profiler"):
            queries.move_cursor(connection, name, 7, now_ns=1)
        queries.put_back(connection, "ttp", 9, now_ns=2)
        assert queries.cursors(connection) == {"profiler": 7, "ttp": 7}
        queries.put_back(connection, "ttp", 5, now_ns=2)
        assert queries.cursors(connection) == {"profiler": 7, "ttp": 5}


def test_a_cursor_that_is_put_back_to_where_it_is_has_not_been_moved(engine: Engine) -> None:
    with writing(engine) as connection:
        queries.move_cursor(connection, "ttp", 7, now_ns=1)
        queries.put_back(connection, "ttp", 7, now_ns=2)
        assert connection.execute(select(worker_cursor.c.updated_at)).scalars().all() == [1]
        queries.put_back(connection, "ttp", 6, now_ns=3)
        assert connection.execute(select(worker_cursor.c.updated_at)).scalars().all() == [3]


def test_the_newest_hundred_dead_letters_are_listed(engine: Engine) -> None:
    with writing(engine) as connection:
        for seq in range(1, 121):
            queries.add_dead_letter(connection, "ttp", seq, "x", now_ns=seq)
    with reading(engine) as connection:
        assert [one.seq for one in queries.dead_letters_of(connection, "ttp")] == list(range(120, 20, -1))


def test_a_worker_that_begins_again_handles_the_first_event_again(engine: Engine) -> None:
    leased(engine, "ttp")
    with writing(engine) as connection:
        queries.begin_again(connection, "ttp", now_ns=9)
    assert {(one.seq, one.holder) for one in leases(engine, "ttp")} == {(0, None)}
