# SPDX-License-Identifier: MIT
"""A zygote's databases in memory: all are empty, and have the tables of what is loaded by then."""

import pytest
from sqlalchemy import Column, Engine, Integer, MetaData, Table, inspect, text

from decnet_models.database import warm_up as warm_up_module
from decnet_models.database.domains import loaded_metadata
from decnet_models.database.engine import reading, writing
from decnet_models.database.warm_up import warm_up


def tables() -> set[str]:
    found = set[str]()

    def look(engine: Engine) -> None:
        with reading(engine) as connection:
            found.update(inspect(connection).get_table_names())

    warm_up(look)
    return found


def test_what_one_worker_has_written_the_next_one_does_not_find() -> None:
    counts = []

    def write(engine: Engine) -> None:
        with writing(engine) as connection:
            connection.execute(text("INSERT INTO alembic_version VALUES ('another')"))
            counts.append(connection.execute(text("SELECT count(*) FROM alembic_version")).scalar_one())

    for _ in range(3):  # the first one may make the tables, the others load them
        warm_up(write)
    assert counts == [2, 2, 2]


def test_tables_of_a_domain_that_was_loaded_meanwhile_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    before, loaded, more = tables(), [*loaded_metadata()], MetaData()
    Table("loaded_meanwhile", more, Column("number", Integer))
    with monkeypatch.context() as patch:
        patch.setattr(warm_up_module, "loaded_metadata", lambda: iter([*loaded, more]))
        assert tables() == before | {"loaded_meanwhile"}
    assert tables() == before
