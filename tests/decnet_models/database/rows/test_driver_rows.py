# SPDX-License-Identifier: MIT
from __future__ import annotations

from contextlib import closing

import pytest
from sqlalchemy import Engine, event
from sqlalchemy.exc import OperationalError

from decnet_models.database.engine import reading
from decnet_models.database.rows.driver_rows import driver_parts, driver_rows


def test_rows_come_without_sqlalchemy(sqlite_engine: Engine) -> None:
    passed: list[str] = []
    event.listen(sqlite_engine, "before_cursor_execute", lambda *told: passed.append(told[2]))
    with reading(sqlite_engine) as connection:
        assert driver_rows(connection, "SELECT ?, 'b' UNION ALL SELECT 2, NULL", (1,)) == [(1, "b"), (2, None)]
    assert passed == []


def test_the_rest_of_the_rows_need_not_be_read(sqlite_engine: Engine) -> None:
    endless = "WITH RECURSIVE n(i) AS (VALUES (?) UNION ALL SELECT i + 1 FROM n) SELECT i FROM n"
    with reading(sqlite_engine) as connection:
        with closing(driver_parts(connection, endless, (5,), 2)) as parts:
            assert next(parts) == [(5,), (6,)]
            assert next(parts) == [(7,), (8,)]
        with pytest.raises(OperationalError, match="no such table"):
            next(driver_parts(connection, "SELECT 1 FROM nowhere", (), 2))


def test_an_error_is_the_one_of_sqlalchemy(sqlite_engine: Engine) -> None:
    with reading(sqlite_engine) as connection, pytest.raises(OperationalError, match="no such table"):
        driver_rows(connection, "SELECT 1 FROM nowhere")


def test_a_read_sees_one_state_of_the_database(sqlite_engine: Engine) -> None:
    with reading(sqlite_engine) as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        assert driver.in_transaction


def test_what_fails_is_not_asked_again(sqlite_engine: Engine) -> None:
    """Whoever waited for a lock in vain would wait as long once more."""
    asked: list[int] = []

    def fail(number: int) -> None:
        asked.append(number)
        raise LookupError

    with reading(sqlite_engine) as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        driver.create_function("fail", 1, fail)
        with pytest.raises(OperationalError) as refused:
            driver_rows(connection, "SELECT fail(?)", (7,))
    assert asked == [7]
    assert refused.value.statement == "SELECT fail(?)"
