# SPDX-License-Identifier: MIT
from __future__ import annotations

import multiprocessing
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from decnet_models.database import schema
from decnet_models.database.engine import open_engine, reading, writing
from decnet_models.errors import DatabaseError, NotMigratedError
from decnet_models.maintenance.access import require_known
from decnet_models.maintenance.backup import backup
from decnet_models.maintenance.restore import restore
from decnet_models.migrations import chain
from decnet_models.migrations.check import differences
from decnet_models.migrations.upgrade import Phase, migrate_to, set_floor, upgrade


@pytest.fixture(params=["sqlite", "postgres"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'decnet.db'}"
    return str(request.getfixturevalue("empty_postgres_url"))


def revision(url: str) -> str | None:
    engine = open_engine(url)
    with reading(engine) as connection:
        found = schema.current_revision(connection)
    engine.dispose()
    return found


def test_an_empty_database_becomes_this_versions(empty_url: str) -> None:
    assert upgrade(empty_url) == (None, chain.newest_revision())
    assert revision(empty_url) == chain.newest_revision()
    assert upgrade(empty_url) == (chain.newest_revision(), chain.newest_revision())


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")  # an earlier test's pool
def test_upgrades_at_once_happen_once(empty_url: str) -> None:
    with multiprocessing.get_context("fork").Pool(2) as processes:
        both = processes.map(upgrade, [empty_url] * 2, chunksize=1)
    assert sorted(str(before) for before, _ in both) == sorted(["None", chain.newest_revision()])


def test_the_revisions_form_one_chain_by_their_numbers() -> None:
    from alembic.script import ScriptDirectory

    from decnet_models.migrations.upgrade import config

    engine = open_engine("sqlite:////dev/null", create=True)
    found = [
        script.revision
        for script in ScriptDirectory.from_config(config(engine)).walk_revisions()  # type: ignore[arg-type]
    ]
    assert found[::-1] == sorted(file.stem for file in chain.VERSIONS.glob("[0-9]*.py"))
    assert found[0] == chain.newest_revision()


def test_a_failed_upgrade_changes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "decnet.db"
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE notice (something TEXT)")  # the migration will stumble over it
    connection.close()
    with pytest.raises(DatabaseError, match="cannot upgrade"):
        upgrade(f"sqlite:///{file}")
    connection = sqlite3.connect(file)
    assert connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall() == [("notice",)]
    connection.close()


def test_a_newer_database_is_left_alone(sqlite_url: str) -> None:
    engine = open_engine(sqlite_url)
    with writing(engine) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999_future'"))
        connection.execute(text("UPDATE schema_floor SET revision = '9999_future'"))
    with reading(engine) as connection, pytest.raises(NotMigratedError, match="newer version"):
        schema.require_current(connection)
    engine.dispose()
    with pytest.raises(DatabaseError, match="newer than this version"):
        upgrade(sqlite_url)


def test_a_database_without_tables_is_not_taken_for_migrated(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'empty.db'}", create=True)
    with reading(engine) as connection, pytest.raises(NotMigratedError, match="decnet-db upgrade"):
        schema.require_current(connection)
    engine.dispose()


def test_a_file_that_is_no_database_is_refused_and_kept(tmp_path: Path) -> None:
    file = tmp_path / "decnet.db"
    file.write_bytes(b"this is somebody's diary, not a database" * 100)
    before = file.read_bytes()
    with pytest.raises(DatabaseError, match="not a database"):
        upgrade(f"sqlite:///{file}")
    assert file.read_bytes() == before


def test_an_unreachable_server_is_reported_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(DatabaseError, match="cannot upgrade postgresql"):
        upgrade(f"postgresql://nobody@/name?host={tmp_path}")


def test_events_survive_a_second_upgrade(sqlite_url: str, make_events: Callable[..., list[object]]) -> None:
    from decnet_models.events import queries

    engine = open_engine(sqlite_url)
    with writing(engine) as connection:
        queries.insert_events(connection, make_events(3))  # type: ignore[arg-type]  # the fixture makes Events
    upgrade(sqlite_url)
    with reading(engine) as connection:
        assert queries.count(connection) == 3
    engine.dispose()


def stamp(url: str, revision: str) -> None:
    """Let the database say that it is at the revision of a chain that this version has no more."""
    engine = open_engine(url)
    with writing(engine) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :it"), {"it": revision})
        connection.execute(text("UPDATE schema_floor SET revision = :it"), {"it": revision})
    engine.dispose()


def stamps(url: str) -> set[str]:
    engine = open_engine(url)
    with reading(engine) as connection:
        found = connection.execute(
            text("SELECT version_num FROM alembic_version UNION SELECT revision FROM schema_floor")
        )
        names = set(found.scalars())
    engine.dispose()
    return names


OLD_HEAD = "0015_group_revisions"
FIRST = "0001_initial"
"""What this version calls it."""


def begin_at_the_old_end(url: str) -> None:
    """Make the database as the old chain's last migration left it."""
    engine = open_engine(url, create=True)
    with writing(engine) as connection:
        migrate_to(connection, FIRST)
        set_floor(connection, FIRST)
    engine.dispose()
    stamp(url, OLD_HEAD)


def be_the_first_phased_version(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Know what came with the squashed chain's first successor only: phases of several versions are not run at once."""
    folder.mkdir()
    for known in chain.revisions():
        if known <= "0003_after_dead_letter":
            (folder / f"{known}.py").write_bytes((chain.VERSIONS / f"{known}.py").read_bytes())
    monkeypatch.setattr(chain, "VERSIONS", folder)


def test_a_database_at_the_end_of_the_old_chain_is_upgraded_and_gets_the_new_names(
    empty_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin_at_the_old_end(empty_url)
    be_the_first_phased_version(tmp_path / "versions", monkeypatch)
    before, usable = upgrade(empty_url, Phase.BEFORE)
    assert (before, usable) == (FIRST, schema.oldest_usable(chain.revisions()))
    assert stamps(empty_url) == {usable, FIRST}
    assert upgrade(empty_url) == (usable, chain.newest_revision())
    assert stamps(empty_url) == {chain.newest_revision()}
    monkeypatch.undo()
    newest = chain.newest_revision()
    assert upgrade(empty_url)[1] == newest
    engine = open_engine(empty_url)
    with reading(engine) as connection:
        schema.require_current(connection)
        assert differences(connection) == []
    engine.dispose()
    assert upgrade(empty_url) == (newest, newest)


@pytest.mark.parametrize("revision", ["0001_events", "0002_attackers", "0014_event_forgotten"])
def test_a_database_in_the_middle_of_the_old_chain_is_refused_with_what_to_do(sqlite_url: str, revision: str) -> None:
    stamp(sqlite_url, revision)
    engine = open_engine(sqlite_url)
    advice = f"at {revision}, from which this version cannot upgrade: bring it to {OLD_HEAD} with `decnet-db upgrade`"
    with reading(engine) as connection, pytest.raises(NotMigratedError, match=advice):
        schema.require_current(connection)
    engine.dispose()
    for phase in Phase:
        with pytest.raises(DatabaseError, match=advice):
            upgrade(sqlite_url, phase)
    assert stamps(sqlite_url) == {revision}


def test_a_backup_of_the_old_chains_end_is_restored_as_this_versions(tmp_path: Path) -> None:
    old, new = f"sqlite:///{tmp_path / 'old.db'}", f"sqlite:///{tmp_path / 'new.db'}"
    begin_at_the_old_end(old)
    backup(old, tmp_path / "backup", lambda _: None)
    assert restore(new, tmp_path / "backup", lambda _: None).revision == FIRST
    assert upgrade(new) == (FIRST, chain.newest_revision())
    assert require_known(OLD_HEAD) == FIRST  # what an archive of PostgreSQL says
