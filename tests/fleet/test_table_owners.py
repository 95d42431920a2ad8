# SPDX-License-Identifier: MIT
"""Every table belongs to one worker that exists, and what a worker writes is its own."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import event as hooks

from decnet_core.runtime import worker_registry
from decnet_core.runtime.worker import Worker
from decnet_models.database import engine as engines
from decnet_models.database.domains import all_tables, domains, load_metadata
from decnet_models.database.ownership import ANY, may_write, owners, target
from decnet_models.migrations.check import declared_schema

SAMPLES_OF = {
    "mutate": {"operator"},
    "orchestrator": {"operator", "mutate", "reconciler"},
    "webhook": {"operator"},
}
"""Whose tables a worker's warm-up fills with what it is to read, where that is not the log, which is ingest's."""
PLANNED: frozenset[str] = frozenset()
"""Workers of the architecture that are not built yet; their tables are."""


def test_every_table_has_an_owner_and_belongs_to_one_domain() -> None:
    tables = [table for domain in domains() for table in load_metadata(domain).tables]
    assert len(set(tables)) == len(tables) == len(declared_schema().tables)
    whole = declared_schema().tables.values()
    assert all(table.info.get("owner") and table.info.get("readers") for table in whole)
    workers = {"any worker", "each worker its own row", "operator", *PLANNED, *worker_registry.names()}
    said = [name for table in whole for name in (*table.info["owner"].split(", "), *table.info["readers"])]
    assert set(said) <= workers


def test_a_worker_that_is_built_is_no_longer_planned() -> None:
    assert not PLANNED & set(worker_registry.names())


def test_every_owner_is_a_worker_that_is_planned_or_the_operator() -> None:
    """A misspelt owner would leave a table that nobody can write."""
    known = {"operator"} | PLANNED | set(worker_registry.names()) | ANY
    assert {name for table in all_tables() for name in owners(table)} <= known


def with_a_warm_up() -> list[str]:
    """Return the workers that a zygote prepares; those that are parked most of the time prepare themselves."""
    loaded = {name: worker_registry.load(name) for name in worker_registry.names()}
    return [name for name, made in loaded.items() if made.database and made.warm.__func__ is not Worker.warm.__func__]  # type: ignore[attr-defined]  # of class methods


@pytest.mark.parametrize("name", with_a_warm_up())
def test_what_a_worker_does_in_its_warm_up_is_its_own(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every worker handles one event of each kind, on an engine that is guarded in its name."""
    made = engines._sqlite_engine()
    monkeypatch.setattr(engines, "_warmed", [made])
    written: set[str] = set()

    def note(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        if (table := target(statement)) is not None:
            written.add(table)

    hooks.listen(made[0], "before_cursor_execute", note)
    worker_registry.load(name).warm()
    tables = {table.name: table for table in all_tables()}
    assert written, "the warm-up wrote nothing"
    by_others = {table for table in written if table in tables and not may_write(tables[table], name)}
    assert {owner for table in by_others for owner in owners(tables[table])} <= SAMPLES_OF.get(name, {"ingest"})
