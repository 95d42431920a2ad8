# SPDX-License-Identifier: MIT
"""A page of the database is damaged under a running fleet: it heals an index, and waits for what needs an operator."""

import asyncio
import json
import random
import re
import sqlite3
import sys
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest
from tests.decnet_models.salvage.filled import PAGE, overwrite
from tests.fleet.accepted import settled, until
from tests.fleet.arena import Arena
from tests.fleet.exactly_once_checks import attack_until_all_is_answered, prove

from decnet_models.sqlite_pages.page_file import opened
from decnet_models.sqlite_pages.readable import read_all

SECONDS = 120

pytestmark = [pytest.mark.fault, pytest.mark.timeout(4 * SECONDS)]
MARK = re.compile(r"mark-\d+-x(?:-log)?")


def database(arena: Arena) -> Path:
    return arena.state / "decnet.db"


def damage(arena: Arena, tree: str) -> None:
    """Overwrite the last leaf of a b-tree, where new rows go."""
    with closing(sqlite3.connect(database(arena), timeout=60)) as connection:
        busy = 1
        while busy:  # or the page's content would be the log's
            busy = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    with opened(database(arena)) as pages:
        last = read_all(pages, [], lambda _: None).survey.walked[tree].pages[-1]
    overwrite(database(arena), last, random.Random(1).randbytes(PAGE))


async def run(arena: Arena, module: str, *arguments: str) -> tuple[int, str]:
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        f"import sys; from {module} import main; sys.exit(main())",
        *arguments,
        env=arena.environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await asyncio.wait_for(child.communicate(), SECONDS)
    assert child.returncode is not None
    return child.returncode, output.decode()


def marks(arena: Arena) -> Counter[str]:
    with closing(sqlite3.connect(database(arena), timeout=60)) as connection:
        payloads = [row[0] for row in connection.execute("SELECT payload FROM event WHERE kind = 'http.request'")]
    return Counter(mark for payload in payloads for mark in MARK.findall(payload))


def told(arena: Arena) -> list[str]:
    """Return the kinds of notices of the fleet's own troubles."""
    with closing(sqlite3.connect(database(arena), timeout=60)) as connection:
        return [row[0] for row in connection.execute("SELECT kind FROM notice WHERE kind LIKE 'database.%'")]


async def test_a_damaged_index_is_rebuilt_under_running_workers_and_nothing_is_lost(tmp_path: Path) -> None:
    arena = Arena(tmp_path)
    async with arena.running():
        for number in range(4):
            await arena.attack(number)
        await until(lambda: settled(arena), SECONDS)
        damage(arena, "ix_event_id")
        for number in range(4, 8):
            await arena.attack(number)
        await attack_until_all_is_answered(arena, SECONDS)
        await until(lambda: settled(arena), SECONDS)
        code, status = await run(arena, "decnet.command", "status")
        assert (code, "damaged indexes of the database were rebuilt" in status) == (0, True), status
    prove(arena, tmp_path)
    assert (await run(arena, "decnet_models.command", "check"))[0] == 0
    assert len(list(arena.state.glob("decnet.db.damaged-*"))) == 1
    assert (tmp_path / "supervise.log").read_text().count("were rebuilt") == 1


async def test_after_a_damaged_table_the_fleet_goes_on_with_what_was_saved(tmp_path: Path) -> None:
    arena = Arena(tmp_path)
    async with arena.running():
        for number in range(6):
            await arena.attack(number)
        await until(lambda: settled(arena), SECONDS)
        before = marks(arena)
        damage(arena, "event")
        for number in range(6, 10):
            await arena.attack(number)
        status = ""
        async with asyncio.timeout(SECONDS):
            while "could not be mended by itself" not in status:
                _, status = await run(arena, "decnet.command", "status")
        assert "`decnet-db check` says more" in status
        await until(lambda: "database.unhealthy" in told(arena), SECONDS)
        assert (await run(arena, "decnet.command", "status"))[1].startswith("down: database\n")
    assert arena.accepted["http"]
    code, words = await run(arena, "decnet_models.command", "check")
    assert code == 1
    assert "table event, page " in words
    new = arena.state / "new.db"
    code, output = await run(arena, "decnet_models.command", "salvage", str(new), "--json")
    assert code == 1, output
    lost = next(table for table in json.loads(output)["tables"] if table["name"] == "event")["lost"]
    for left in arena.state.glob("decnet.db*"):
        left.rename(left.with_name(f"old-{left.name}"))
    new.rename(database(arena))
    kept = marks(arena)
    assert sum((before - kept).values()) <= sum(one["rows"] for one in lost)
    async with arena.running(again=True):
        await until(lambda: all(marks(arena)[mark] for mark in arena.accepted["http"] - set(before)), SECONDS)
        await arena.attack(20)
        await until(lambda: marks(arena)["mark-20-x"] == 1, SECONDS)
        await until(lambda: "database.recovered" in told(arena), SECONDS)
    after = marks(arena)
    assert {mark: after[mark] for mark in arena.accepted["http"] - set(before) if after[mark] != 1} == {}
    assert {mark for mark, count in after.items() if count > 1} == set()
    assert not kept - after
    assert (await run(arena, "decnet_models.command", "check"))[0] == 0
