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
