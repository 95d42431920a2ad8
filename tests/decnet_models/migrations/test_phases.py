# SPDX-License-Identifier: MIT
"""A rolling upgrade, played by processes that know different lists of migrations."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import text

from decnet_models.database import schema
from decnet_models.database.engine import open_engine, writing
from decnet_models.errors import DatabaseError
from decnet_models.migrations import chain
from decnet_models.migrations.upgrade import Phase, target

OLD = {"0001_host": ("CREATE TABLE host (name TEXT, place TEXT)",)}
NEW = {
    **OLD,
    "0002_address": ("ALTER TABLE host ADD COLUMN address TEXT",),
    "0003_after_place": ("ALTER TABLE host DROP COLUMN place",),
}
NEWER = {**NEW, "0004_user": ("CREATE TABLE user_ (name TEXT)",)}

PROGRAM = """
import json, os, sys
from pathlib import Path
import alembic.command, alembic.config, alembic.runtime.migration, psycopg, sqlalchemy.dialects.postgresql
from decnet_models.database import schema
from decnet_models.migrations import chain
from decnet_models.database.engine import open_engine, reading
from decnet_models.errors import DatabaseError
from decnet_models.migrations.upgrade import Phase, upgrade

def answer(folder, url, what, seconds):
    chain.VERSIONS = Path(folder)
    try:
        if what == "works":
            with reading(open_engine(url)) as connection:
                schema.require_current(connection)
            return "works"
        return upgrade(url, Phase(what), **({} if seconds is None else {"wait_seconds": seconds}))
    except DatabaseError as error:
        return str(error)

for line in sys.stdin:
    if os.fork() == 0:
        print(json.dumps(answer(*json.loads(line))), flush=True)
        os._exit(0)
    os.wait()
"""
"""Answers each question in a process of its own, as new as one that was started for it, but for its imports."""


@dataclass(frozen=True)
class Version:
    """A version of the program that knows the migrations of `folder`."""

    folder: Path
    program: subprocess.Popen[str]

    def ask(self, url: str, what: str, *, wait_seconds: float | None = None) -> object:
        """Have it do `what`: a phase of the upgrade, or `works`."""
        assert self.program.stdin is not None
        assert self.program.stdout is not None
        print(json.dumps([str(self.folder), url, what, wait_seconds]), file=self.program.stdin, flush=True)
        return json.loads(self.program.stdout.readline())


Make = Callable[[Mapping[str, tuple[str, ...]]], Version]


@pytest.fixture(scope="module")
def program() -> Iterator[subprocess.Popen[str]]:
    """One for all versions: to start it takes longer than what it is asked."""
    command = [sys.executable, "-c", PROGRAM]
    running = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    yield running
    running.communicate()


@pytest.fixture
def version(tmp_path: Path, program: subprocess.Popen[str]) -> Make:
    """Return the version that knows the given migrations."""
    return lambda known: Version(write(tmp_path / list(known)[-1], known), program)


@pytest.fixture(params=["sqlite", "postgres"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'decnet.db'}"
    return str(request.getfixturevalue("empty_postgres_url"))


def write(folder: Path, migrations: Mapping[str, tuple[str, ...]]) -> Path:
    """Write down the migrations that a version of the program knows."""
    folder.mkdir()
    before: str | None = None
    for revision, statements in migrations.items():
        lines = "".join(f"    op.execute({statement!r})\n" for statement in statements)
        head = f"from alembic import op\nrevision = {revision!r}\ndown_revision = {before!r}\n"
        (folder / f"{revision}.py").write_text(f"{head}def upgrade():\n{lines}")
        before = revision
    return folder


@pytest.mark.timeout(600)  # each question is a process with all of the migrations
def test_both_versions_work_between_the_phases_and_one_after(version: Make, empty_url: str) -> None:
    old, new = version(OLD), version(NEW)
    assert old.ask(empty_url, "all") == [None, "0001_host"]
    assert "run `decnet-db upgrade`" in str(new.ask(empty_url, "works"))

    assert "run it first" in str(new.ask(empty_url, "after"))
    assert new.ask(empty_url, "before") == ["0001_host", "0002_address"]
    assert new.ask(empty_url, "before") == ["0002_address", "0002_address"]
    assert old.ask(empty_url, "works") == new.ask(empty_url, "works") == "works"
    assert old.ask(empty_url, "all") == ["0002_address", "0002_address"]  # a restart of an old host changes nothing

    assert new.ask(empty_url, "after") == ["0002_address", "0003_after_place"]
    assert new.ask(empty_url, "works") == "works"
    for refused in ("works", "all", "before", "after"):
        assert "restore a backup" in str(old.ask(empty_url, refused))


def test_a_version_without_contractions_still_ends_the_older_one(version: Make, empty_url: str) -> None:
    adding = {name: NEW[name] for name in ("0001_host", "0002_address")}
    old, new = version(OLD), version(adding)
    old.ask(empty_url, "all")
    new.ask(empty_url, "before")
    assert old.ask(empty_url, "works") == "works"
    assert new.ask(empty_url, "after") == ["0002_address", "0002_address"]
    assert "newer than this version's" in str(old.ask(empty_url, "works"))


def test_two_versions_at_once_are_not_rolled_out(version: Make, empty_url: str) -> None:
    old, newer = version(OLD), version(NEWER)
    old.ask(empty_url, "all")
    assert "one version at a time" in str(newer.ask(empty_url, "before"))
    assert old.ask(empty_url, "works") == "works"
    assert newer.ask(empty_url, "all") == ["0001_host", "0004_user"]


def test_an_upgrade_that_waits_too_long_is_refused(version: Make, empty_url: str) -> None:
    old = version(OLD)
    engine = open_engine(empty_url, create=True)
    with writing(engine) as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": 0x6465636E6574})
        answer = str(old.ask(empty_url, "all", wait_seconds=0.2))
    engine.dispose()
    assert "cannot upgrade" in answer
    assert "another upgrade" in answer


@pytest.mark.parametrize("phase", list(Phase))
def test_an_empty_database_needs_no_phases(phase: Phase) -> None:
    assert target(list(NEWER), None, phase) == "0004_user"


def test_after_takes_no_expansion_along() -> None:
    with pytest.raises(DatabaseError, match="0004_user waits"):
        target(list(NEWER), "0003_after_place", Phase.AFTER)


@pytest.mark.parametrize("revision", [name for name in chain.revisions() if not schema.contracts(name)])
def test_a_migration_that_takes_away_says_so_in_its_name(revision: str) -> None:
    tree = ast.parse((chain.VERSIONS / f"{revision}.py").read_text())
    called = {node.func.attr for node in ast.walk(tree) if isinstance(node, ast.Call) and hasattr(node.func, "attr")}
    assert not {name for name in called if name.startswith(("drop_", "rename_", "alter_column"))}, (
        f"name it {revision.split('_', maxsplit=1)[0]}_after_..., or make it only add"
    )
