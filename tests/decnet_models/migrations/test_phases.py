# SPDX-License-Identifier: MIT
"""A rolling upgrade, played by processes that know different lists of migrations."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from sqlalchemy import text

from decnet_models import schema
from decnet_models.engine import open_engine, writing
from decnet_models.errors import DatabaseError
from decnet_models.migrations.upgrade import Phase, target

OLD = {"0001_host": ("CREATE TABLE host (name TEXT, place TEXT)",)}
NEW = {
    **OLD,
    "0002_address": ("ALTER TABLE host ADD COLUMN address TEXT",),
    "0003_after_place": ("ALTER TABLE host DROP COLUMN place",),
}
NEWER = {**NEW, "0004_user": ("CREATE TABLE user_ (name TEXT)",)}

PROGRAM = """
import json, sys
from pathlib import Path
from decnet_models import schema
schema.VERSIONS = Path(sys.argv[1])
from decnet_models.engine import open_engine, reading
from decnet_models.errors import DatabaseError
from decnet_models.migrations.upgrade import Phase, upgrade
try:
    if sys.argv[3] == "works":
        engine = open_engine(sys.argv[2])
        with reading(engine) as connection:
            schema.require_current(connection)
        print(json.dumps("works"))
    else:
        print(json.dumps(upgrade(sys.argv[2], Phase(sys.argv[3]))))
except DatabaseError as error:
    print(json.dumps(str(error)))
"""


@pytest.fixture(params=["sqlite", "postgres"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'decnet.db'}"
    return str(request.getfixturevalue("empty_postgres_url"))


def version(place: Path, name: str, migrations: Mapping[str, tuple[str, ...]]) -> Path:
    """Write down the migrations that a version of the program knows."""
    folder = place / name
    folder.mkdir()
    before: str | None = None
    for revision, statements in migrations.items():
        lines = "".join(f"    op.execute({statement!r})\n" for statement in statements)
        head = f"from alembic import op\nrevision = {revision!r}\ndown_revision = {before!r}\n"
        (folder / f"{revision}.py").write_text(f"{head}def upgrade():\n{lines}")
        before = revision
    return folder


def ask(known: Path, url: str, what: str) -> object:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, known, url, what], capture_output=True, text=True, check=True, timeout=120
    )
    return json.loads(done.stdout)


def test_both_versions_work_between_the_phases_and_one_after(tmp_path: Path, empty_url: str) -> None:
    old, new = version(tmp_path, "old", OLD), version(tmp_path, "new", NEW)
    assert ask(old, empty_url, "all") == [None, "0001_host"]
    assert "run `decnet-db upgrade`" in str(ask(new, empty_url, "works"))

    assert "run it first" in str(ask(new, empty_url, "after"))
    assert ask(new, empty_url, "before") == ["0001_host", "0002_address"]
    assert ask(new, empty_url, "before") == ["0002_address", "0002_address"]
    assert ask(old, empty_url, "works") == ask(new, empty_url, "works") == "works"
    assert ask(old, empty_url, "all") == ["0002_address", "0002_address"]  # a restart of an old host changes nothing

    assert ask(new, empty_url, "after") == ["0002_address", "0003_after_place"]
    assert ask(new, empty_url, "works") == "works"
    for refused in ("works", "all", "before", "after"):
        assert "restore a backup" in str(ask(old, empty_url, refused))


def test_a_version_without_contractions_still_ends_the_older_one(tmp_path: Path, empty_url: str) -> None:
    adding = {name: NEW[name] for name in ("0001_host", "0002_address")}
    old, new = version(tmp_path, "old", OLD), version(tmp_path, "new", adding)
    ask(old, empty_url, "all")
    ask(new, empty_url, "before")
    assert ask(old, empty_url, "works") == "works"
    assert ask(new, empty_url, "after") == ["0002_address", "0002_address"]
    assert "newer than this version's" in str(ask(old, empty_url, "works"))


def test_two_versions_at_once_are_not_rolled_out(tmp_path: Path, empty_url: str) -> None:
    old, newer = version(tmp_path, "old", OLD), version(tmp_path, "newer", NEWER)
    ask(old, empty_url, "all")
    assert "one version at a time" in str(ask(newer, empty_url, "before"))
    assert ask(old, empty_url, "works") == "works"
    assert ask(newer, empty_url, "all") == ["0001_host", "0004_user"]


def test_an_upgrade_that_waits_too_long_is_refused(tmp_path: Path, empty_url: str) -> None:
    known = version(tmp_path, "old", OLD)
    engine = open_engine(empty_url, create=True)
    program = PROGRAM.replace("Phase(sys.argv[3])", "Phase(sys.argv[3]), wait_seconds=0.2")
    with writing(engine) as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": 0x6465636E6574})
        done = subprocess.run(
            [sys.executable, "-c", program, known, empty_url, "all"], capture_output=True, text=True, check=True
        )
    engine.dispose()
    assert "cannot upgrade" in done.stdout
    assert "another upgrade" in done.stdout


@pytest.mark.parametrize("phase", list(Phase))
def test_an_empty_database_needs_no_phases(phase: Phase) -> None:
    assert target(list(NEWER), None, phase) == "0004_user"


def test_after_takes_no_expansion_along() -> None:
    with pytest.raises(DatabaseError, match="0004_user waits"):
        target(list(NEWER), "0003_after_place", Phase.AFTER)


@pytest.mark.parametrize("revision", [name for name in schema.revisions() if not schema.contracts(name)])
def test_a_migration_that_takes_away_says_so_in_its_name(revision: str) -> None:
    tree = ast.parse((schema.VERSIONS / f"{revision}.py").read_text())
    called = {node.func.attr for node in ast.walk(tree) if isinstance(node, ast.Call) and hasattr(node.func, "attr")}
    assert not {name for name in called if name.startswith(("drop_", "rename_", "alter_column"))}, (
        f"name it {revision.split('_', maxsplit=1)[0]}_after_..., or make it only add"
    )
