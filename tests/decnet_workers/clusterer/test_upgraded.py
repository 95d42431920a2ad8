# SPDX-License-Identifier: MIT
"""Identities of a database that an older version filled are those that the same events give now."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine, MetaData, select, text
from tests.decnet_workers.clusterer.scenes import Follower, command, event, in_memory, key, partition

from decnet_core.events.envelope import Event
from decnet_models.database.engine import open_engine, reading, writing
from decnet_models.identities.tables import IDENTITIES, identity_core
from decnet_models.migrations.upgrade import migrate_to, upgrade
from decnet_models.progress.queries import dead_letters_of

BEFORE = "0023_first_seen_index"
COMPUTED = ("identity_core", "identity_pending")
BUSY = tuple(f"192.0.2.{number}" for number in range(1, 21))
"""With 20 attackers a server is a package's, unless they came in a small part of the log's days."""
DAY = 86_400


def log() -> list[Event]:
    """Return the events of one who is busy on one day of a year, of two with a key in common, and of a stranger."""
    return [
        event("198.51.100.1", key("strange")),
        *(event(one, command("wget http://busy.example.net/a"), at=200 * DAY) for one in BUSY),
        *(event(one, key("theirs"), at=200 * DAY) for one in ("203.0.113.1", "203.0.113.2")),
        event("198.51.100.1", key("strange"), at=364 * DAY),
    ]


def state(engine: Engine) -> tuple[dict[UUID, frozenset[str]], set[tuple[str, str, str, float]]]:
    c = identity_core.c
    with reading(engine) as connection:
        weights = {tuple(row) for row in connection.execute(select(c.kind, c.digest, c.core, c.weight))}
    return partition(engine), weights


def evidence(engine: Engine) -> set[tuple[Any, ...]]:
    with reading(engine) as connection:
        return {tuple(row) for row in connection.execute(select(IDENTITIES.evidence)) if row.kind != "log"}


def copied(source: Engine, target: Engine) -> None:
    """Copy what a clusterer had found, but not what it computed of features, nor what an older one did not know."""
    old = MetaData()
    old.reflect(target, only=lambda name, _: name.startswith("identity") and name not in COMPUTED)
    with reading(source) as read, writing(target) as write:
        for table in old.sorted_tables:
            rows = [dict(row._mapping) for row in read.execute(select(table))]
            rows = [row for row in rows if row.get("kind") != "log"]
            if rows:
                write.execute(table.insert(), rows)


@pytest.fixture(params=["sqlite", "postgres"])
def old_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the URL of a database as it was before features were known to be a core's."""
    if request.param == "postgres":
        url = str(request.getfixturevalue("empty_postgres_url"))
    else:
        url = f"sqlite:///{tmp_path / 'decnet.db'}"
    engine = open_engine(url, create=True)
    with writing(engine) as connection:
        migrate_to(connection, BEFORE)
    engine.dispose()
    return url


def test_all_identities_are_computed_again_and_nobody_is_set_aside(old_url: str) -> None:
    with in_memory() as now:
        Follower(now).run(log())
        wanted, shown = state(now), evidence(now)
        assert frozenset(BUSY) in wanted[0].values()
        engine = open_engine(old_url)
        copied(now, engine)
    upgrade(old_url)
    assert evidence(engine) == shown
    follower = Follower(engine)
    for _ in range(10):
        if not follower.settle():
            break
    with reading(engine) as connection:
        assert dead_letters_of(connection, "clusterer") == []
        left = connection.execute(text("SELECT count(*) FROM identity_pending")).scalar_one()
    assert left == 0
    assert state(engine) == wanted
    engine.dispose()


def test_a_database_without_attackers_has_no_span_of_the_log(old_url: str) -> None:
    upgrade(old_url)
    engine = open_engine(old_url)
    with reading(engine) as connection:
        assert connection.execute(text("SELECT count(*) FROM identity_feature")).scalar_one() == 0
    engine.dispose()
