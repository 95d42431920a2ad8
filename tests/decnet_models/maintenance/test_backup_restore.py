# SPDX-License-Identifier: MIT
from __future__ import annotations

import contextlib
import json
import resource
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, make_url, text
from tests.decnet_models.migrated import migrated_database
from typer.testing import CliRunner

from decnet_core.events.envelope import Event
from decnet_models.command import app
from decnet_models.database.engine import open_engine, reading, writing
from decnet_models.errors import DatabaseError
from decnet_models.events import queries
from decnet_models.maintenance.backup import backup
from decnet_models.maintenance.restore import restore
from decnet_models.migrations.chain import newest_revision
from decnet_models.migrations.check import check
from decnet_models.progress.queries import add_dead_letter, move_cursor

Maker = Callable[..., list[Event]]


def quiet(words: str) -> None:
    assert words


@pytest.fixture
def new_url(request: pytest.FixtureRequest, url: str, tmp_path: Path) -> str:
    """Return where a new database of the same kind as `url` may be made."""
    if url.startswith("sqlite"):
        return f"sqlite:///{tmp_path / 'new.db'}"
    return str(request.getfixturevalue("empty_postgres_url"))


@pytest.fixture
def upgraded_url(request: pytest.FixtureRequest, url: str, tmp_path: Path) -> str:
    """Return where there is a database of the same kind as `url` that is upgraded and has no rows."""
    if url.startswith("sqlite"):
        return migrated_database(tmp_path / "new.db")
    return str(request.getfixturevalue("upgraded_postgres_url"))


@pytest.fixture
def target_url(request: pytest.FixtureRequest, url: str) -> str:
    """Return where a backup can be restored soonest: PostgreSQL takes a second to make the tables."""
    return str(request.getfixturevalue("new_url" if url.startswith("sqlite") else "upgraded_url"))


@pytest.fixture
def filled(engine: Engine, make_events: Maker) -> Engine:
    with writing(engine) as connection:
        queries.insert_events(connection, make_events(50, session="tab\there \\N ünï"))
        queries.insert_events(connection, make_events(1))
        connection.execute(text("DELETE FROM event WHERE seq = 51"))  # its number must not be given again
        move_cursor(connection, "profiler", 50, now_ns=1)
        add_dead_letter(connection, "profiler", 3, "why\nnot", now_ns=2)
    return engine


@pytest.fixture(scope="module")
def files() -> dict[str, dict[str, bytes]]:
    """The files of one backup of each kind of database, by name: to make one takes half a second on PostgreSQL."""
    return {}


@pytest.fixture
def whole(request: pytest.FixtureRequest, url: str, tmp_path: Path, files: dict[str, dict[str, bytes]]) -> bytes:
    """Put a backup of `filled` with its checksum into `tmp_path`; return its content."""
    kind = make_url(url).get_backend_name()
    if kind not in files:
        request.getfixturevalue("filled")
        backup(url, tmp_path / "backup", quiet)
        files[kind] = {name: (tmp_path / name).read_bytes() for name in ("backup", "backup.sha256")}
    for name, data in files[kind].items():
        (tmp_path / name).write_bytes(data)
    return files[kind]["backup"]


def rows_of(url: str) -> dict[str, list[tuple[object, ...]]]:
    from sqlalchemy import inspect

    engine = open_engine(url)
    with reading(engine) as connection:
        found = {
            table: sorted(map(tuple, connection.execute(text(f'SELECT * FROM "{table}"'))), key=repr)
            for table in inspect(connection).get_table_names()
            if table != "schema_floor"
        }
    engine.dispose()
    return found


def test_what_is_restored_is_what_was_backed_up(
    filled: Engine, url: str, new_url: str, tmp_path: Path, make_events: Maker
) -> None:
    made = backup(url, tmp_path / "backup", quiet)
    assert made.revision == newest_revision()
    assert (tmp_path / "backup").stat().st_mode & 0o777 == 0o600
    assert made.bytes == (tmp_path / "backup").stat().st_size
    assert restore(new_url, tmp_path / "backup", quiet).revision == newest_revision()
    assert rows_of(new_url) == rows_of(url)
    assert check(new_url) == []
    engine = open_engine(new_url)
    with writing(engine) as connection:
        queries.insert_events(connection, make_events(1, sensor="later"))
        assert queries.last_seq(connection) == 52
    engine.dispose()
    with pytest.raises(DatabaseError, match="is not empty"):
        restore(new_url, tmp_path / "backup", quiet)


def test_an_upgraded_but_empty_database_can_be_restored_into(
    filled: Engine, url: str, upgraded_url: str, tmp_path: Path
) -> None:
    backup(url, tmp_path / "backup", quiet)
    restore(upgraded_url, tmp_path / "backup", quiet)
    assert rows_of(upgraded_url) == rows_of(url)


WRITER = """
import sys, time
from decnet_models.database.engine import open_engine, writing
from sqlalchemy import text
engine = open_engine(sys.argv[1])
n = 0
while True:
    n += 1
    with writing(engine) as connection:  # both or none
        for worker in ("a", "b"):
            connection.execute(text("UPDATE worker_cursor SET seq = :n WHERE worker = :w"), {"n": n, "w": worker})
    if n == 1:
        print("writes", flush=True)
"""


def test_a_backup_is_one_moment_of_a_fleet_that_writes(
    filled: Engine, url: str, target_url: str, tmp_path: Path
) -> None:
    with writing(filled) as connection:
        move_cursor(connection, "a", 0, now_ns=1)
        move_cursor(connection, "b", 0, now_ns=1)
    writer = subprocess.Popen([sys.executable, "-c", WRITER, url], stdout=subprocess.PIPE, text=True)
    try:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "writes\n"
        backup(url, tmp_path / "backup", quiet)
        assert writer.poll() is None
    finally:
        writer.kill()
        writer.communicate()
    restore(target_url, tmp_path / "backup", quiet)
    engine = open_engine(target_url)
    with reading(engine) as connection:
        found = dict(map(tuple, connection.execute(text("SELECT worker, seq FROM worker_cursor"))))
    engine.dispose()
    assert found["a"] == found["b"] > 0


@pytest.mark.parametrize("kept", [0, 10, 0.2, 0.5, 0.99])
def test_a_cut_backup_is_refused_and_nothing_is_made(whole: bytes, new_url: str, tmp_path: Path, kept: float) -> None:
    (tmp_path / "backup").write_bytes(whole[: int(kept if kept >= 1 else kept * len(whole))])
    with pytest.raises(DatabaseError):
        restore(new_url, tmp_path / "backup", quiet)
    assert not (tmp_path / "new.db").exists()
    if not new_url.startswith("sqlite"):
        assert rows_of(new_url) == {}


def test_a_damaged_backup_is_refused(whole: bytes, url: str, new_url: str, tmp_path: Path) -> None:
    data = bytearray(whole)
    if url.startswith("sqlite"):
        data[8192:12288] = b"\xff" * 4096
    else:
        with zipfile.ZipFile(tmp_path / "backup") as archive:
            place = archive.getinfo("tables/event.copy").header_offset + 200
        data[place] ^= 0xFF
    (tmp_path / "backup").write_bytes(data)
    with pytest.raises(DatabaseError, match="damaged"):
        restore(new_url, tmp_path / "backup", quiet)
    assert not (tmp_path / "new.db").exists()


def test_one_flipped_bit_anywhere_is_refused(whole: bytes, target_url: str, tmp_path: Path) -> None:
    for place in range(0, len(whole), len(whole) // 40):
        altered = bytearray(whole)
        altered[place] ^= 0x10
        (tmp_path / "backup").write_bytes(altered)
        with pytest.raises(DatabaseError):
            restore(target_url, tmp_path / "backup", quiet)
    (tmp_path / "backup").write_bytes(whole)
    assert restore(target_url, tmp_path / "backup", quiet).revision == newest_revision()


@pytest.mark.usefixtures("whole")
def test_a_backup_without_its_checksum_is_restored_only_when_that_is_asked(target_url: str, tmp_path: Path) -> None:
    subprocess.run(["sha256sum", "--check", "--strict", "backup.sha256"], cwd=tmp_path, check=True, capture_output=True)
    (tmp_path / "backup.sha256").unlink()
    with pytest.raises(DatabaseError, match=r"bring backup\.sha256, too, or restore with --unverified"):
        restore(target_url, tmp_path / "backup", quiet)
    assert restore(target_url, tmp_path / "backup", quiet, verified=False).revision == newest_revision()


def test_a_newer_versions_backup_is_refused(filled: Engine, url: str, new_url: str, tmp_path: Path) -> None:
    with writing(filled) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999_future'"))
        connection.execute(text("DELETE FROM schema_floor"))
    try:
        with pytest.raises(DatabaseError, match="newer than this version"):
            backup(url, tmp_path / "backup", quiet)
    finally:
        with writing(filled) as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = :own"), {"own": newest_revision()})
    backup(url, tmp_path / "backup", quiet)
    altered = tmp_path / "altered"
    if url.startswith("sqlite"):
        altered.write_bytes((tmp_path / "backup").read_bytes())
        engine = open_engine(f"sqlite:///{altered}")
        with writing(engine) as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = '9999_future'"))
        engine.dispose()
    else:
        with zipfile.ZipFile(tmp_path / "backup") as old, zipfile.ZipFile(altered, "w") as new:
            for name in old.namelist():
                new.writestr(name, old.read(name).replace(newest_revision().encode(), b"9999_future"))
    with pytest.raises(DatabaseError, match="newer than this version"):
        restore(new_url, altered, quiet, verified=False)


def test_what_is_no_backup_is_refused(tmp_path: Path, sqlite_url: str) -> None:
    (tmp_path / "diary").write_bytes(b"dear diary" * 100)
    with pytest.raises(DatabaseError, match="no backup"):
        restore(f"sqlite:///{tmp_path / 'new.db'}", tmp_path / "diary", quiet)
    with zipfile.ZipFile(tmp_path / "zip", "w") as archive:
        archive.writestr("a", "b")
    with pytest.raises(DatabaseError, match="another kind"):
        restore(f"sqlite:///{tmp_path / 'new.db'}", tmp_path / "zip", quiet)
    with pytest.raises(DatabaseError, match="no backup of a DECNET database"):
        restore("postgresql://nobody@/x?host=/nowhere", tmp_path / "zip", quiet, verified=False)
    with pytest.raises(DatabaseError, match="cannot read"):
        restore(sqlite_url, tmp_path / "nothing", quiet)


def test_an_existing_file_is_not_written_over(sqlite_url: str, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    with pytest.raises(DatabaseError, match="already exists"):
        backup(sqlite_url, tmp_path / "mine", quiet)
    assert (tmp_path / "mine").read_text() == "mine"


def test_the_commands_say_what_they_did(sqlite_url: str, tmp_path: Path) -> None:
    def run(*arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(app, arguments)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result.exit_code, result.output

    file, new = str(tmp_path / "backup"), f"sqlite:///{tmp_path / 'new.db'}"
    code, output = run("backup", file, "--url", sqlite_url, "--json")
    assert code == 0
    assert json.loads(output)["file"] == file
    assert run("backup", file, "--url", sqlite_url)[0] == 2
    assert run("restore", file, "--url", new) == (0, f"{new} restored from {file}, at {newest_revision()}\n")
    assert "MiB before" in run("vacuum", "--url", new)[1]
    assert json.loads(run("vacuum", "--url", new, "--json")[1])["after"] > 0


@contextlib.contextmanager
def disk_of(size: int) -> Iterator[None]:
    """Let no file grow beyond `size` bytes meanwhile, as on a disk that is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_leaves_nothing_of_a_backup_or_a_restored_database(sqlite_url: str, tmp_path: Path) -> None:
    whole, place = tmp_path / "whole", tmp_path / "place"
    place.mkdir()
    backup(sqlite_url, whole, quiet)
    with disk_of(128 << 10), pytest.raises(DatabaseError, match="cannot write"):
        backup(sqlite_url, place / "backup", quiet)
    with disk_of(128 << 10), pytest.raises(DatabaseError, match="cannot write"):
        restore(f"sqlite:///{place / 'new.db'}", whole, quiet)
    assert list(place.iterdir()) == []


def test_what_a_killed_backup_left_goes_with_the_next_one(sqlite_url: str, tmp_path: Path) -> None:
    place = tmp_path / "place"
    place.mkdir()
    for end in ("", "-journal"):
        (place / f"backup.partial{end}").write_bytes(b"half")
    backup(sqlite_url, place / "backup", quiet)
    assert sorted(place.iterdir()) == [place / "backup", place / "backup.sha256"]
