# SPDX-License-Identifier: MIT
"""Each part of a file is damaged in turn: the check names it, and salvage saves everything else."""

import json
import os
import random
import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from tests.decnet_models.salvage.filled import EVENTS, PAGE, copy, fill, overwrite, pages_of, rows_by_page, rows_of
from typer.testing import CliRunner

from decnet_models.command import app
from decnet_models.errors import DatabaseError
from decnet_models.maintenance.integrity import Examined, damages, examine, words
from decnet_models.migrations.check import check
from decnet_models.salvage.report import Report, lines
from decnet_models.salvage.salvage import salvage
from decnet_models.sqlite_pages.page_file import opened
from decnet_models.sqlite_pages.readable import read_all

pytestmark = pytest.mark.fault

GARBAGE = random.Random(3).randbytes(PAGE)
OURS = {"alembic_version", "schema_floor"}


def quiet(_: str) -> None: ...


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("whole") / "decnet.db"
    fill(file)
    return file


@pytest.fixture
def victim(whole: Path, tmp_path: Path) -> Path:
    return copy(whole, tmp_path / "decnet.db")


def saved(victim: Path) -> tuple[Report, Path]:
    """Salvage; the result is sound and of this version, and the source is what it was."""
    before = victim.read_bytes()
    new = victim.with_name("new.db")
    report = salvage(f"sqlite:///{victim}", new, quiet)
    assert victim.read_bytes() == before
    assert damages(f"sqlite:///{new}", quiet) == []
    return report, new


def found(victim: Path) -> Examined:
    return examine(f"sqlite:///{victim}", quiet)


def garble(victim: Path, tree: str, *, interior: bool = False) -> int:
    pages = pages_of(victim, tree, interior=interior)
    overwrite(victim, pages[len(pages) // 2], GARBAGE)
    return pages[len(pages) // 2]


def lost_of(report: Report, table: str) -> int | None:
    return next(one.lost_rows for one in report.tables if one.name == table)


def same_but(new: Path, whole: Path, *tables: str) -> None:
    old, now = rows_of(whole), rows_of(new)
    assert {row[1:] for row in now["sqlite_sequence"]} == {row[1:] for row in old["sqlite_sequence"]}
    for table in set(old) - OURS - {"sqlite_sequence"} - set(tables):
        assert Counter(now[table]) == Counter(old[table]), table


def test_a_whole_file_is_saved_whole(whole: Path, victim: Path) -> None:
    report, new = saved(victim)
    assert check(f"sqlite:///{new}") == []
    assert report.complete
    assert list(lines(report))[-1] == "nothing was lost"
    same_but(new, whole)


def test_rows_of_a_damaged_leaf_are_lost_and_named(whole: Path, victim: Path) -> None:
    page = garble(victim, "event")
    examined = found(victim)
    assert [(one.kind, one.name, one.page) for one in examined.damages] == [("table", "event", page)]
    assert not examined.only_indexes
    gone = sorted(row[0] for pages, row in rows_by_page(whole)["event"] if page in pages)  # type: ignore[type-var]
    assert [(one.table, one.readable, one.had) for one in examined.savable] == [("event", EVENTS - len(gone), EVENTS)]
    report, new = saved(victim)
    event = next(one for one in report.tables if one.name == "event")
    assert [(one.first, one.last, one.rows) for one in event.lost] == [(str(gone[0]), str(gone[-1]), len(gone))]
    same_but(new, whole, "event")


@pytest.mark.parametrize("tree", ["event", "attacker_decky", "sqlite_schema"])
def test_below_a_damaged_interior_page_all_rows_are_saved(whole: Path, victim: Path, tree: str) -> None:
    page = garble(victim, tree, interior=True)
    assert any(one.page == page or one.page is None for one in found(victim).damages)
    report, new = saved(victim)
    if tree == "attacker_decky":  # whose interior pages hold rows themselves
        lost = lost_of(report, tree)
        assert lost is not None
        assert lost <= 100
        assert Counter(rows_of(whole)[tree]) - Counter(rows_of(new)[tree]) != Counter(rows_of(whole)[tree])
        same_but(new, whole, tree)
    else:
        assert report.complete
        same_but(new, whole)


@pytest.mark.parametrize(("index", "interior"), [("ix_event_ts", False), ("ix_event_id", True)])
def test_a_damaged_index_costs_nothing(whole: Path, victim: Path, index: str, interior: bool) -> None:
    page = garble(victim, index, interior=interior)
    examined = found(victim)
    assert ("index", index, "event", page) in {(one.kind, one.name, one.table, one.page) for one in examined.damages}
    assert examined.only_indexes
    assert "decnet-db reindex" in "".join(words(examined))
    report, new = saved(victim)
    assert report.complete
    same_but(new, whole)


def test_a_row_with_a_damaged_overflow_page_is_lost(whole: Path, victim: Path) -> None:
    leaf = set(pages_of(whole, "event")) | set(pages_of(whole, "event", interior=True))
    row, chain = next((row, sorted(pages - leaf)) for pages, row in rows_by_page(whole)["event"] if len(pages) > 2)
    overwrite(victim, chain[0], GARBAGE)
    report, new = saved(victim)
    kept = set(rows_of(new)["event"])
    assert [one[0] for one in rows_of(whole)["event"] if one not in kept] == [row[0]]
    event = next(one for one in report.tables if one.name == "event")
    assert [(one.first, one.rows) for one in event.lost] == [(str(row[0]), 1)] or event.set_aside == 1


def test_a_damaged_list_of_free_pages_costs_nothing(whole: Path, victim: Path) -> None:
    with opened(victim) as pages:
        trunk = pages.free_trunk
    overwrite(victim, trunk, GARBAGE)
    assert {one.kind for one in found(victim).damages} == {"free list"}
    report, new = saved(victim)
    assert report.complete
    same_but(new, whole)


@pytest.mark.parametrize("length", [16, 100, PAGE])
def test_a_damaged_header_costs_nothing(whole: Path, victim: Path, length: int) -> None:
    overwrite(victim, 1, GARBAGE[:length])
    examined = found(victim)
    assert "header" in examined.damages[0].message
    assert "decnet-db salvage" in "".join(words(examined))
    report, new = saved(victim)
    assert report.complete
    same_but(new, whole)


def test_a_damaged_page_of_the_schema_costs_nothing(whole: Path, victim: Path) -> None:
    page = garble(victim, "sqlite_schema")
    assert ("schema", page) in {(one.kind, one.page) for one in found(victim).damages}
    _, new = saved(victim)
    same_but(new, whole)


@pytest.mark.parametrize("cut", [PAGE // 2, 40 * PAGE])
def test_of_a_truncated_file_the_rest_is_saved(whole: Path, victim: Path, cut: int) -> None:
    os.truncate(victim, victim.stat().st_size - cut)
    assert any("truncated" in one.message for one in found(victim).damages)
    pages = victim.stat().st_size // PAGE
    report, new = saved(victim)
    assert not report.complete
    kept = rows_of(new)
    for table, rows in rows_by_page(whole).items():
        if table in OURS | {"sqlite_sequence"}:
            continue
        there = Counter(row for on, row in rows if max(on) <= pages)
        aside = next(one.set_aside for one in report.tables if one.name == table)
        assert (there - Counter(kept[table])).total() <= aside
        assert not Counter(kept[table]) - Counter(row for _, row in rows)


def test_of_a_damaged_log_the_commits_before_are_saved(tmp_path: Path) -> None:
    live = tmp_path / "live.db"
    fill(live)
    with closing(sqlite3.connect(live, isolation_level=None)) as connection:
        connection.execute("PRAGMA wal_autocheckpoint=0")
        for number in range(20):
            connection.execute("INSERT INTO event_forgotten VALUES (?, ?)", (f"kind-{number}", number))
        victim = copy(live, tmp_path / "decnet.db")
        log = copy(live.with_name("live.db-wal"), tmp_path / "decnet.db-wal").read_bytes()
    report, new = saved(victim)
    assert report.complete
    assert len(rows_of(new)["event_forgotten"]) == 20
    new.unlink()
    frame = len(log) // 20 * 10
    damaged = bytearray(log)
    damaged[frame + 2000] ^= 1
    victim.with_name("decnet.db-wal").write_bytes(damaged)
    victim.with_name("decnet.db-shm").unlink(missing_ok=True)
    _, new = saved(victim)
    with closing(sqlite3.connect(victim)) as connection:
        theirs = connection.execute("SELECT * FROM event_forgotten").fetchall()
    assert 0 < len(theirs) < 20
    assert [row[1:] for row in rows_of(new)["event_forgotten"]] == theirs


def test_rows_that_refer_to_lost_ones_are_set_aside(whole: Path, victim: Path) -> None:
    page = pages_of(victim, "attacker")[-1]
    overwrite(victim, page, GARBAGE)
    report, new = saved(victim)
    decky = next(one for one in report.tables if one.name == "attacker_decky")
    assert decky.set_aside > 0
    assert report.set_aside_file is not None
    aside = [json.loads(line) for line in Path(report.set_aside_file).read_text().splitlines()]
    assert sum(one["table"] == "attacker_decky" for one in aside) == decky.set_aside
    assert aside[0]["reason"] == "the row of attacker that it refers to is lost"
    assert {one[0] for one in rows_of(new)["attacker_decky"]} == {one[0] for one in rows_of(new)["attacker"]}


def test_a_lost_row_that_indexes_have_in_full_is_saved(whole: Path, victim: Path) -> None:
    with closing(sqlite3.connect(victim)) as connection, connection:
        connection.execute("CREATE UNIQUE INDEX all_of_it ON ingest_position (spool, segment, offset, updated_at)")
    overwrite(victim, pages_of(victim, "ingest_position")[0], GARBAGE)
    report, new = saved(victim)
    position = next(one for one in report.tables if one.name == "ingest_position")
    assert (position.saved, position.from_indexes, position.lost) == (1, 1, [])
    assert rows_of(new)["ingest_position"] == rows_of(whole)["ingest_position"]


def test_no_number_is_given_twice(whole: Path, victim: Path) -> None:
    """The last rows are lost, and with them what says how far the numbers had come."""
    for tree in ("event", "sqlite_sequence"):
        overwrite(victim, pages_of(victim, tree)[-1], GARBAGE)
    for index in [one for one in read_names(victim) if one.startswith("ix_event_")]:
        for page in pages_of(victim, index):
            overwrite(victim, page, GARBAGE)
    _, new = saved(victim)
    with closing(sqlite3.connect(new)) as connection:
        connection.execute(
            "INSERT INTO event SELECT NULL, 'x', ts, sensor, decky, kind, src_ip, src_port, dst_ip, "
            "dst_port, session, synthetic, payload FROM event LIMIT 1"
        )
        assert connection.execute("SELECT max(seq) FROM event").fetchone() == (EVENTS + 1,)


def read_names(file: Path) -> list[str]:
    with opened(file) as pages:
        return list(read_all(pages, [], quiet).survey.walked)


def test_a_worker_whose_position_is_lost_continues_at_the_end(whole: Path, victim: Path) -> None:
    overwrite(victim, pages_of(victim, "worker_cursor")[0], GARBAGE)
    report, new = saved(victim)
    assert report.moved_cursors == ["profiler", "ttp"]
    assert [row[1:3] for row in rows_of(new)["worker_cursor"]] == [("profiler", EVENTS), ("ttp", EVENTS)]
    assert "decnet replay" in "".join(lines(report))


def test_an_existing_file_is_refused(victim: Path) -> None:
    new = victim.with_name("new.db")
    new.write_bytes(b"mine")
    with pytest.raises(DatabaseError, match="already exists"):
        salvage(f"sqlite:///{victim}", new, quiet)
    assert new.read_bytes() == b"mine"


@pytest.mark.parametrize("content", [b"", b"x" * 5000, b"SQLite format 3\0" + bytes(84)])
def test_what_is_no_database_has_nothing_to_save(tmp_path: Path, content: bytes) -> None:
    victim = tmp_path / "decnet.db"
    victim.write_bytes(content)
    report, _ = saved(victim)
    assert sum(one.saved for one in report.tables) == 0


def test_the_commands_print_json_and_say_by_their_exit_code_what_is_wrong(victim: Path) -> None:
    run: Callable[..., tuple[int, str]] = lambda *arguments: (  # noqa: E731
        (result := CliRunner().invoke(app, [*arguments])).exit_code,
        result.stdout,
    )
    url, new = f"sqlite:///{victim}", victim.with_name("new.db")
    page = garble(victim, "event")
    code, output = run("check", "--url", url, "--json")
    assert code == 1
    assert [(one["name"], one["page"]) for one in json.loads(output)["damages"]] == [("event", page)]
    code, output = run("salvage", str(new), "--url", url, "--json")
    assert code == 1
    assert {one["name"] for one in json.loads(output)["tables"] if one["lost"]} == {"event"}
    assert run("salvage", str(new), "--url", url)[0] == 2
    assert run("salvage", str(new) + "2", "--url", f"sqlite:///{new}")[0] == 0
    assert run("reindex", "--url", f"sqlite:///{new}") == (0, f"sqlite:///{new}: no index is damaged\n")
