# SPDX-License-Identifier: MIT
from __future__ import annotations

import subprocess
import sys

import pytest
from sqlalchemy import Engine, text

from decnet_models.engine import open_engine, writing
from decnet_models.migrations import check as checking


def test_migrations_and_classes_agree(url: str) -> None:
    assert checking.check(url) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("DROP INDEX ix_event_ts", "add index event.ix_event_ts"),
        ("CREATE INDEX ix_more ON event (sensor)", "remove index event.ix_more"),
        ("ALTER TABLE event DROP COLUMN decky", "add column event.decky"),
        ("ALTER TABLE event ADD COLUMN more INTEGER", "remove column event.more"),
        ("DROP TABLE set_aside", "add table set_aside"),
        ("CREATE TABLE more (a INTEGER)", "remove table more"),
    ],
)
def test_a_difference_is_named(sqlite_engine: Engine, change: str, said: str) -> None:
    with writing(sqlite_engine) as connection:
        connection.execute(text(change))
        assert checking.differences(connection) == [said]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("ALTER TABLE event ALTER COLUMN kind TYPE text", "modify type of event.kind from TEXT() to String(length=64)"),
        ("ALTER TABLE event ALTER COLUMN kind DROP NOT NULL", "modify nullable of event.kind from True to False"),
        ("ALTER TABLE set_aside DROP CONSTRAINT set_aside_pkey", "primary key of set_aside is [], the class says"),
    ],
)
def test_a_changed_column_is_named(postgres_url: str, change: str, said: str) -> None:
    engine = open_engine(postgres_url)
    with engine.connect() as connection, connection.begin() as transaction:
        connection.execute(text(change))
        found = checking.differences(connection)
        transaction.rollback()
    engine.dispose()
    assert len(found) == 1
    assert found[0].startswith(said)


def test_every_table_has_an_owner_and_belongs_to_one_domain() -> None:
    tables = [table for domain in checking.domains() for table in load(domain)]
    assert len(set(tables)) == len(tables) == len(checking.declared_schema().tables)
    assert all(table.info.get("owner") for table in checking.declared_schema().tables.values())


def load(domain: str) -> list[str]:
    import importlib

    return list(importlib.import_module(f"decnet_models.{domain}.tables").metadata.tables)


@pytest.mark.parametrize("domain", checking.domains())
def test_a_domain_loads_its_own_tables_only(domain: str) -> None:
    code = (
        f"import sys, decnet_models.{domain}.tables, decnet_models.{domain}.queries\n"
        "print(*sorted(m for m in sys.modules if m.startswith('decnet_models.') and m.endswith('.tables')),"
        " 'alembic' in sys.modules, 'sqlalchemy.orm' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [f"decnet_models.{domain}.tables", "False", "False"]
