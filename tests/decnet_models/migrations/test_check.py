# SPDX-License-Identifier: MIT
from __future__ import annotations

import contextlib
import fnmatch
import importlib
import sqlite3
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import CheckConstraint, Column, Engine, MetaData, String, Table, inspect, text

from decnet_models.database.columns import MENTIONS, REFERS, refers_to
from decnet_models.database.domains import domains
from decnet_models.database.engine import open_engine, reading, writing
from decnet_models.migrations import check as checking
from decnet_models.migrations.keys import key_differences


def test_migrations_and_classes_agree(url: str) -> None:
    assert checking.check(url) == []


CHANGES = {
    "DROP INDEX ix_event_ts": "add index event.ix_event_ts",
    "CREATE INDEX ix_more ON event (sensor)": "remove index event.ix_more",
    "ALTER TABLE event DROP COLUMN decky": "add column event.decky",
    "ALTER TABLE event ADD COLUMN more INTEGER": "remove column event.more",
    "DROP TABLE dead_letter": "add table dead_letter",
    "CREATE TABLE more (a INTEGER)": "remove table more",
    "CREATE TRIGGER more AFTER INSERT ON event BEGIN SELECT 1; END": "remove trigger event.more",
}


def test_each_difference_is_named_once(sqlite_engine: Engine) -> None:
    with writing(sqlite_engine) as connection:
        for change in CHANGES:
            connection.execute(text(change))
        assert sorted(checking.differences(connection)) == sorted(CHANGES.values())


def test_an_index_that_is_otherwise_is_named(engine: Engine) -> None:
    otherwise = {"event.ix_event_ts": "(ts DESC)", "attacker.ix_attacker_score": "(score) WHERE score > 5"}
    with engine.connect() as connection, connection.begin() as transaction:
        for index, columns in otherwise.items():
            table, name = index.split(".")
            connection.execute(text(f"DROP INDEX {name}"))
            connection.execute(text(f"CREATE INDEX {name} ON {table} {columns}"))
        found = checking.differences(connection)
        transaction.rollback()
    for index in otherwise:
        assert any(one.startswith(f"index {index} is another one: ") for one in found)


@pytest.mark.parametrize(
    "changes",
    [
        {
            ("attacker", "DEFAULT '0'", "DEFAULT '7'"): "default of attacker.events is 7, the class says 0",
            ("event", "kind VARCHAR(64)", "kind VARCHAR(64) DEFAULT 'x'"): (
                "default of event.kind is x, the class says None"
            ),
            ("event", "AUTOINCREMENT", ""): "table event is to be made AUTOINCREMENT",
            ("event", "ts BIGINT", "ts INTEGER"): "modify type of event.ts from INTEGER() to BigInteger()",
        },
        {
            ("attacker", "DEFAULT '0'", ""): "default of attacker.events is None, the class says 0",
            ("attacker", "WITHOUT ROWID", ""): "table attacker is to be made WITHOUT ROWID",
            ("event", "kind VARCHAR(64) NOT NULL", "kind VARCHAR(64)"): (
                "modify nullable of event.kind from True to False"
            ),
        },
    ],
    ids=["values", "no values"],
)
def test_other_declarations_in_sqlite_are_named(sqlite_url: str, changes: dict[tuple[str, str, str], str]) -> None:
    with contextlib.closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"))) as plain:
        plain.execute("PRAGMA writable_schema=ON")
        for table, was, becomes in changes:
            changed = plain.execute(
                "UPDATE sqlite_schema SET sql = replace(sql, ?, ?) WHERE name = ? AND instr(sql, ?)",
                (was, becomes, table, was),
            )
            assert changed.rowcount == 1
        plain.commit()
    engine = open_engine(sqlite_url)
    with reading(engine) as connection:
        found = checking.differences(connection)
    engine.dispose()
    assert {table for table, _, _ in changes} == {"attacker", "event"}
    assert set(changes.values()) <= set(found)
    assert all("attacker" in difference or "event" in difference for difference in found)


@pytest.mark.parametrize(
    "changes",
    [
        {
            "ALTER TABLE event ALTER COLUMN kind TYPE text": (
                "modify type of event.kind from TEXT() to String(length=64)"
            ),
            "ALTER TABLE event ALTER COLUMN seq DROP DEFAULT": "default of event.seq is None, the class says nextval",
            "ALTER TABLE dead_letter DROP CONSTRAINT dead_letter_pkey": (
                "primary key of dead_letter is [], the class says"
            ),
            "ALTER TABLE decky DROP CONSTRAINT decky_persona_fkey": "add reference decky.persona to persona.name",
            "ALTER TABLE artifact DROP CONSTRAINT artifact_kind_check": "add check of artifact: kind IN ('file', ",
        },
        {
            "ALTER TABLE event ALTER COLUMN kind DROP NOT NULL": "modify nullable of event.kind from True to False",
            "ALTER TABLE attacker_session ADD FOREIGN KEY (attacker) REFERENCES attacker": (
                "remove reference attacker_session.attacker to attacker.ip (on delete no action)"
            ),
            "ALTER TABLE artifact ADD CHECK (kind <> 'x')": "remove check of artifact: kind::text <> 'x'::text",
            "ALTER TABLE attacker ALTER COLUMN events DROP DEFAULT": (
                "default of attacker.events is None, the class says 0"
            ),
            "ALTER TABLE event ALTER COLUMN kind SET DEFAULT 'x'": "default of event.kind is x, the class says None",
            "CREATE TRIGGER more BEFORE UPDATE ON event FOR EACH ROW"
            " EXECUTE FUNCTION suppress_redundant_updates_trigger()": "remove trigger event.more",
        },
    ],
    ids=["types and keys", "references, checks, defaults and triggers"],
)
def test_each_change_in_postgresql_is_named_once(postgres_url: str, changes: dict[str, str]) -> None:
    engine = open_engine(postgres_url)
    with engine.connect() as connection, connection.begin() as transaction:
        for change in changes:
            connection.execute(text(change))
        found = checking.differences(connection)
        transaction.rollback()
    engine.dispose()
    assert len(found) == len(changes)
    for said in changes.values():
        assert [difference for difference in found if difference.startswith(said)], said


def test_a_reference_and_a_check_that_only_the_class_has_are_named(sqlite_engine: Engine) -> None:
    declared = MetaData()
    condition = CheckConstraint("kind <> 'thing'")
    persona = Column("persona", String(63), info=refers_to("persona.name", "CASCADE"))
    Table("decky", declared, Column("name", String(63), condition, primary_key=True), persona)
    with reading(sqlite_engine) as connection:
        found = list(key_differences(connection, declared))
    assert "add reference decky.persona to persona.name (on delete cascade)" in found
    assert "remove reference decky.persona to persona.name (on delete no action)" in found
    assert "add check of decky: kind <> 'thing'" in found
    assert "remove check of decky: runtime IN ('loopback', 'host', 'netns', 'container')" in found


def unknown_targets(declared: MetaData) -> Iterator[str]:
    """Yield the columns that name a column of another domain that does not exist."""
    known = {f"{table.name}.{column.name}" for table in declared.sorted_tables for column in table.columns}
    for table in declared.sorted_tables:
        for column in table.columns:
            target = column.info.get(MENTIONS) or (column.info[REFERS][0] if REFERS in column.info else None)
            if target is not None and target not in known:
                yield f"{table.name}.{column.name} names {target}, which does not exist"


def test_every_column_that_names_another_domains_row_names_one_that_exists() -> None:
    assert list(unknown_targets(checking.declared_schema())) == []


def test_references_across_domains_are_keys_in_the_database(engine: Engine) -> None:
    with reading(engine) as connection:
        keys = inspect(connection).get_foreign_keys("synthetic_action")
    assert {key["referred_table"] for key in keys} == {"decky", "persona", "canary_token"}


def load(domain: str) -> list[str]:
    return list(importlib.import_module(f"decnet_models.{domain}.tables").metadata.tables)


LOADED = """
import gc, importlib, os, pkgutil, sys
import msgspec.json, sqlalchemy, sqlalchemy.dialects.sqlite, decnet_core.events.catalogue

def load(name):
    domain = importlib.import_module(f"decnet_models.{name}")
    for module in pkgutil.iter_modules(domain.__path__):
        if module.name != "models":
            importlib.import_module(f"{domain.__name__}.{module.name}")
    tables = sorted(m for m in sys.modules if m.startswith("decnet_models.") and m.endswith(".tables"))
    made = sum(isinstance(o, sqlalchemy.Table) for o in gc.get_objects())
    print(name, *tables, made, "alembic" in sys.modules, "sqlalchemy.orm" in sys.modules, flush=True)

gc.disable()
for name in sys.argv[1:]:
    if not os.fork():
        load(name)
        os._exit(0)  # to take everything apart again takes three times as long
    if os.wait()[1]:
        sys.exit(f"{name} cannot be loaded alone")
"""
"""Loads each domain that is named in a process of its own, which has nothing of the models before."""


@pytest.fixture(scope="module")
def loaded() -> dict[str, list[str]]:
    """What is there when one domain is loaded, by domain: modules of tables, how many tables, Alembic, the ORM."""
    command = [sys.executable, "-c", LOADED, *domains()]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    return {line.split()[0]: line.split()[1:] for line in lines}


@pytest.mark.parametrize("domain", domains())
def test_a_domain_loads_its_own_tables_only(domain: str, loaded: dict[str, list[str]]) -> None:
    """All of its modules but `models`: no other domain's modules, only its own tables, neither Alembic nor the ORM."""
    assert loaded[domain] == [f"decnet_models.{domain}.tables", str(len(load(domain))), "False", "False"]


def test_the_import_contracts_name_every_domain() -> None:
    file = Path(__file__).parents[3] / "pyproject.toml"
    if not file.exists():
        pytest.skip("the distribution is tested without its workspace")
    contracts = {one["name"]: one for one in tomllib.loads(file.read_text())["tool"]["importlinter"]["contracts"]}
    every = [f"decnet_models.{domain}.tables" for domain in domains()]
    apart = contracts["a domain's tables never import another domain's"]["modules"]
    assert fnmatch.filter(every, *apart) == every
    live = contracts["migrations do not import live tables"]["forbidden_modules"]
    assert fnmatch.filter(every, *live) == every
