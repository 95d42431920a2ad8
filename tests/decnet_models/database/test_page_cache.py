# SPDX-License-Identifier: MIT
from __future__ import annotations

import pytest
from sqlalchemy import Engine, text

from decnet_models.database.engine import reading, writing
from decnet_models.database.sqlite.page_cache import MANY_ROWS, OTHERWISE_KIB, WRITING_KIB

SIZE = text("PRAGMA cache_size")


def test_the_page_cache_is_large_while_a_transaction_writes_and_only_then(sqlite_engine: Engine) -> None:
    with reading(sqlite_engine) as connection:
        assert connection.execute(SIZE).scalar() == -OTHERWISE_KIB
    with writing(sqlite_engine) as connection:
        assert connection.execute(SIZE).scalar() == -WRITING_KIB
    with reading(sqlite_engine) as connection:
        assert connection.execute(SIZE).scalar() == -OTHERWISE_KIB


def test_a_transaction_of_few_rows_has_the_small_page_cache(sqlite_engine: Engine) -> None:
    with writing(sqlite_engine, rows=MANY_ROWS - 1) as connection:
        assert connection.execute(SIZE).scalar() == -OTHERWISE_KIB
    with writing(sqlite_engine, rows=MANY_ROWS) as connection:
        assert connection.execute(SIZE).scalar() == -WRITING_KIB


def test_the_page_cache_is_small_again_after_a_transaction_that_fails(sqlite_engine: Engine) -> None:
    def write() -> None:
        with writing(sqlite_engine):
            raise KeyError

    with pytest.raises(KeyError):
        write()
    with reading(sqlite_engine) as connection:
        assert connection.execute(SIZE).scalar() == -OTHERWISE_KIB


def test_a_connection_that_is_lost_in_a_transaction_is_replaced(sqlite_engine: Engine) -> None:
    def write() -> None:
        with writing(sqlite_engine) as connection:
            connection.invalidate()
            raise KeyError

    with pytest.raises(KeyError):
        write()
    with writing(sqlite_engine) as connection:
        connection.execute(text("INSERT INTO worker_cursor VALUES ('w', 1, 1)"))
    with reading(sqlite_engine) as connection:
        assert connection.execute(text("SELECT count(*) FROM worker_cursor")).scalar() == 1
