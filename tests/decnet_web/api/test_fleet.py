# SPDX-License-Identifier: MIT
"""The database connections of the API: few, shared by its threads, and none while nobody asks."""

from __future__ import annotations

import asyncio
import os
import threading
from pathlib import Path

import pytest
from sqlalchemy import Connection, text
from tests.decnet_web.api.served import ON_SQLITE, serving

from decnet_web.api.fleet import Fleet
from decnet_web.api.problems import Problem


def number(connection: Connection) -> int:
    return int(connection.execute(text("SELECT count(*) FROM api_token")).scalar_one())


def open_files(database: Path) -> int:
    """Return how many descriptors of this process are of the database, without those of its log."""
    found = 0
    for name in os.listdir("/proc/self/fd"):
        try:
            found += Path("/proc/self/fd", name).readlink() == database
        except FileNotFoundError:  # that of the listing
            continue
    return found


@ON_SQLITE
async def test_readers_read_at_once_and_close_their_connections_at_rest(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        fleet, database = Fleet(served.deployment, readers=2), served.deployment.state.root / "decnet.db"
        both = threading.Barrier(2, timeout=100)

        def together(connection: Connection) -> int:
            both.wait()
            return number(connection)

        before = open_files(database)
        try:
            assert await fleet.read(number) == 3
            assert open_files(database) == before + 1
            assert tuple(await asyncio.gather(fleet.read(together), fleet.read(together))) == (3, 3)
            assert open_files(database) == before + 2
            fleet.rest()
            assert open_files(database) == before
            assert await fleet.write(number) == await fleet.read(number) == 3
        finally:
            fleet.close()
        assert open_files(database) == before


@ON_SQLITE
async def test_what_a_report_took_is_returned_also_when_it_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trimmed: list[str] = []
    monkeypatch.setattr("decnet_web.api.fleet.trim_heap", lambda: trimmed.append(threading.current_thread().name))

    def failing(_: Connection) -> int:
        raise Problem(404, detail="nothing")

    with serving(tmp_path) as served:
        fleet = Fleet(served.deployment)
        try:
            assert await fleet.report(number) == 3
            with pytest.raises(Problem, match="nothing"):
                await fleet.report(failing)
        finally:
            fleet.close()
    assert [name.startswith("api-work") for name in trimmed] == [True, True]


@ON_SQLITE
async def test_a_number_too_large_for_the_database_is_bad_input(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        fleet = Fleet(served.deployment)
        try:
            for ask in (fleet.read, fleet.write):
                with pytest.raises(Problem) as refused:
                    await ask(lambda connection: connection.execute(text("SELECT :n"), {"n": 2**63}))
                assert (refused.value.status, "out of the range" in refused.value.detail) == (422, True)
        finally:
            fleet.close()


@pytest.mark.parametrize("reads", [True, False])
async def test_one_who_is_read_meanwhile_keeps_its_connection(tmp_path: Path, reads: bool) -> None:
    with serving(tmp_path) as served:
        fleet = Fleet(served.deployment)

        def rested(connection: Connection) -> int:
            fleet.rest()
            return number(connection)

        try:
            assert await (fleet.read(rested) if reads else fleet.write(rested)) == 3
        finally:
            fleet.close()


@ON_SQLITE
async def test_short_reads_of_a_kind_are_done_in_the_event_loop_from_the_second_on(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        fleet = Fleet(served.deployment)

        def whose(connection: Connection) -> str:
            number(connection)
            return threading.current_thread().name

        own = threading.current_thread().name
        try:
            while await fleet.read(whose, "short") != own:  # a busy machine makes a short one long
                assert await fleet.read(whose) != own
            fleet.rest()
            assert await fleet.read(number, "short") == 3
        finally:
            fleet.close()


@ON_SQLITE
async def test_a_read_that_the_loop_gives_up_is_done_in_a_thread(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        fleet, threads = Fleet(served.deployment), list[str]()

        def read(connection: Connection) -> int:
            number(connection)
            threads.append(threading.current_thread().name)
            long = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :n) SELECT max(i) FROM n"
            size = 10**6 if "long" in asked else 1
            return int(connection.execute(text(long), {"n": size}).scalar_one())

        own, asked = threading.current_thread().name, set[str]()
        try:
            while own not in threads[:1]:  # a machine that is busy makes a short read long, and then a thread is asked
                asked.clear()
                assert await fleet.read(read, "kind") == 1
                asked.add("long")
                threads.clear()
                assert await fleet.read(read, "kind") == 10**6
            assert threads[-1] != own
            threads.clear()
            assert await fleet.read(read, "kind") == 10**6
            assert own not in threads
        finally:
            fleet.close()
