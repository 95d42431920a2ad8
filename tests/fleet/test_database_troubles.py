# SPDX-License-Identifier: MIT
"""The database is locked, its disk is full, or its server is gone while workers are parked and woken.

Attacks go on until a worker has said so. What attackers were answered is there at the end, once.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import sqlite3
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
from sqlalchemy import make_url
from tests.decnet_models.migrated import migrated_database
from tests.fleet.accepted import settled, until
from tests.fleet.arena import Arena
from tests.fleet.exactly_once_checks import attack_until_all_is_answered, prove

PATIENCE = 120.0
PAUSE_SECONDS = 0.7
"""Between attacks: longer than a worker stays without work."""
DISK_MIB = 24

pytestmark = [pytest.mark.fault, pytest.mark.timeout(600)]


class Troubled(Arena):
    """A fleet whose workers are parked between attacks, and whose database is elsewhere."""

    def __init__(self, root: Path, url: str, *, through: str = "") -> None:
        """The fleet reaches it by the URL `through`, if that is another one than the test's."""
        super().__init__(root, besides={"DECNET_RUNTIME_PARK_SECONDS": "0.2", "DECNET_DATABASE_URL": through or url})
        self._url = url
        self.numbers = itertools.count(1)

    @property
    def database(self) -> str:
        return self._url

    def said(self, words: str) -> bool:
        """Return whether the fleet's log has these words."""
        return words in (self.root / "supervise.log").read_text(errors="replace")

    def wakes(self) -> int:
        report = self.report()
        return sum(status.wakes for status in report.workers) if report else 0


async def live_through(
    arena: Troubled, tmp_path: Path, trouble: Callable[[], AbstractAsyncContextManager[None]], words: str
) -> None:
    """Attack before, during and after `trouble`, of which a worker says `words`; then hold the proofs."""
    await arena._prepare()
    try:
        async with arena.supervised():
            first = arena.wakes()
            await attack_until(arena, lambda: arena.wakes() > first + 2)  # they are parked between attacks
            async with trouble():
                await attack_until(arena, lambda: arena.said(words))
            await attack_until_all_is_answered(arena, PATIENCE)
            await until(lambda: settled(arena), PATIENCE)
    finally:
        await arena.receiver.close()
    prove(arena, tmp_path)


async def attack_until(arena: Troubled, condition: Callable[[], bool]) -> None:
    """Attack now and then until `condition` holds."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it did not come to hold"
        await arena.attack(next(arena.numbers))
        await asyncio.sleep(PAUSE_SECONDS)


async def test_a_lock_that_nobody_gives_back_in_time_loses_nothing(tmp_path: Path) -> None:
    file = tmp_path / "decnet.db"

    @contextlib.asynccontextmanager
    async def locked() -> AsyncIterator[None]:
        with contextlib.closing(sqlite3.connect(file, timeout=60, isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield
            connection.execute("ROLLBACK")

    arena = Troubled(tmp_path, migrated_database(file))
    await live_through(arena, tmp_path, locked, "database is locked")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    if os.getuid() != 0:
        pytest.skip("mounting a tmpfs needs root")
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MIB}m", "tmpfs", str(place)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("cannot mount a tmpfs here")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


async def test_a_full_disk_of_the_database_loses_nothing(tmp_path: Path, disk: Path) -> None:
    @contextlib.asynccontextmanager
    async def full() -> AsyncIterator[None]:
        filler = disk / "filler"
        with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(bytes(4096))
        yield
        filler.unlink()

    arena = Troubled(tmp_path, migrated_database(disk / "decnet.db"))
    await live_through(arena, tmp_path, full, "disk is full")


class Relay:
    """A UNIX socket before PostgreSQL's; while it is closed there is no server."""

    def __init__(self, place: Path, server: Path) -> None:
        self._place = place / server.name
        self._server = server
        self._tasks: set[asyncio.Task[None]] = set()
        self._listener: asyncio.Server | None = None

    async def open(self) -> None:
        self._listener = await asyncio.start_unix_server(self._serve, self._place)

    async def close(self) -> None:
        assert self._listener is not None
        self._listener.close()
        self._place.unlink(missing_ok=True)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._listener.wait_closed()

    @contextlib.asynccontextmanager
    async def gone(self) -> AsyncIterator[None]:
        await self.close()
        yield
        await self.open()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            answers, questions = await asyncio.open_unix_connection(str(self._server))
            try:
                async with asyncio.TaskGroup() as both:
                    both.create_task(_pump(reader, questions))
                    both.create_task(_pump(answers, writer))
            finally:
                await _end(questions)
        except* (OSError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            await _end(writer)


async def _pump(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    while data := await source.read(65536):
        target.write(data)
        await target.drain()
    raise ConnectionResetError("one end is closed, so that the other must be")


async def _end(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(OSError, asyncio.CancelledError):
        await writer.wait_closed()


async def test_a_postgresql_server_that_is_gone_loses_nothing(tmp_path: Path, postgres_url: str) -> None:
    url = make_url(postgres_url)
    relay = Relay(tmp_path, Path(str(url.query["host"])) / ".s.PGSQL.5432")
    await relay.open()
    relayed = url.update_query_dict({"host": str(tmp_path)}).render_as_string(hide_password=False)
    try:
        arena = Troubled(tmp_path, postgres_url, through=relayed)
        await live_through(arena, tmp_path, relay.gone, "the database does not answer")
    finally:
        await relay.close()
