# SPDX-License-Identifier: MIT
"""Damaged indexes are made anew and nothing else is changed; anything else that is damaged is left as it is."""

import fcntl
import random
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest
from tests.decnet_models.salvage.filled import PAGE, copy, fill, overwrite, pages_of, rows_of

from decnet_models.repair import attempts, kept_copy, reindex
from decnet_models.repair.attempts import AnotherRepairError, RepairError
from decnet_models.repair.reindex import rebuild


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("whole") / "decnet.db"
    fill(file)
    return file


@pytest.fixture
def victim(whole: Path, tmp_path: Path) -> Path:
    return copy(whole, tmp_path / "decnet.db")


def garble(file: Path, tree: str, *, interior: bool = False) -> None:
    pages = pages_of(file, tree, interior=interior)
    overwrite(file, pages[len(pages) // 2], random.Random(1).randbytes(PAGE))


def lose_entries(file: Path) -> None:
    """Take some entries out of an index whose pages stay whole."""
    statement = (
        "UPDATE sqlite_schema SET sql = 'CREATE INDEX ix_event_ts ON event (ts)' || ? WHERE name = 'ix_event_ts'"
    )
    for condition in (" WHERE seq % 7", ""):
        with closing(sqlite3.connect(file, isolation_level=None)) as connection:
            connection.execute("PRAGMA writable_schema=ON")
            connection.execute(statement, (condition,))
            connection.execute("PRAGMA writable_schema=RESET")
            if condition:
                connection.execute("REINDEX ix_event_ts")


def verdict(file: Path) -> list[str]:
    with closing(sqlite3.connect(file)) as connection:
        return [row[0] for row in connection.execute("PRAGMA integrity_check")]


@pytest.mark.parametrize(
    ("index", "interior"),
    [
        ("ix_event_ts", False),
        ("ix_event_id", True),
        ("ix_attacker_decky_decky", False),
        ("sqlite_autoindex_event_volume_1", False),
    ],
)
def test_an_index_with_a_damaged_page_is_made_anew(whole: Path, victim: Path, index: str, interior: bool) -> None:
    garble(victim, index, interior=interior)
    before = victim.read_bytes()
    done = rebuild(victim)
    assert index in done.indexes
    assert verdict(victim) == ["ok"]
    assert rows_of(victim) == rows_of(whole)
    assert Path(done.copy).read_bytes()[PAGE:] == before[PAGE:]  # the first page has counters


def test_an_index_without_some_entries_is_made_anew(whole: Path, victim: Path) -> None:
    lose_entries(victim)
    assert "missing from index" in "".join(verdict(victim))
    assert rebuild(victim).indexes == ["ix_event_ts"]
    assert verdict(victim) == ["ok"]
    assert rows_of(victim) == rows_of(whole)


def test_a_damaged_table_is_left_as_it_is_and_not_tried_again(victim: Path) -> None:
    garble(victim, "event")
    before = victim.read_bytes()
    with pytest.raises(RepairError, match="decnet-db salvage"):
        rebuild(victim)
    assert victim.read_bytes() == before
    assert not list(victim.parent.glob("*.damaged-*"))
    with pytest.raises(RepairError, match="not tried again"):
        rebuild(victim)


def test_an_operator_may_try_again(victim: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lose_entries(victim)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1 << 20))
    with pytest.raises(RepairError, match="1 MiB free"):
        rebuild(victim)
    monkeypatch.undo()
    with pytest.raises(RepairError, match="not tried again"):
        rebuild(victim)
    assert rebuild(victim, again=True).indexes == ["ix_event_ts"]


def test_another_file_in_its_place_begins_anew(whole: Path, victim: Path) -> None:
    garble(victim, "event")
    with pytest.raises(RepairError):
        rebuild(victim)
    victim.rename(victim.with_name("old"))
    copy(whole, victim)
    lose_entries(victim)
    assert rebuild(victim).indexes == ["ix_event_ts"]


def test_a_sound_database_is_left_as_it_is(victim: Path) -> None:
    before = victim.read_bytes()
    assert rebuild(victim).indexes == []
    assert victim.read_bytes() == before


def test_one_process_at_a_time(victim: Path) -> None:
    garble(victim, "ix_event_ts")
    with victim.with_name("decnet.db.repair-lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(AnotherRepairError):
            rebuild(victim)
    assert rebuild(victim).indexes


def test_indexes_that_are_damaged_again_and_again_are_no_longer_rebuilt(victim: Path) -> None:
    for _ in range(attempts.MOST_A_DAY):
        lose_entries(victim)
        rebuild(victim)
    assert len(list(victim.parent.glob("*.damaged-*"))) <= kept_copy.KEPT
    lose_entries(victim)
    with pytest.raises(RepairError, match="failing"):
        rebuild(victim)


def test_an_attempt_that_was_killed_is_not_repeated(victim: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lose_entries(victim)
    monkeypatch.setattr(reindex, "remember", lambda *_: None)
    known = attempts.attempts(victim)
    known.failed = reindex._UNFINISHED
    attempts.remember(victim, known)
    with pytest.raises(RepairError, match="did not come to its end"):
        rebuild(victim)


def test_a_stopped_attempt_changes_nothing_and_may_be_repeated(victim: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lose_entries(victim)

    def stop(*_: object) -> bool:
        raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr(reindex, "_require_sound", stop)
        with pytest.raises(SystemExit):
            rebuild(victim)
    assert "missing from index" in "".join(verdict(victim))
    assert rebuild(victim).indexes == ["ix_event_ts"]
