# SPDX-License-Identifier: MIT
from __future__ import annotations

from sqlalchemy import Engine

from decnet_models.database.engine import reading, writing
from decnet_models.progress import queries


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


def test_events_set_aside_are_listed_newest_first_and_counted_once(engine: Engine) -> None:
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
