# SPDX-License-Identifier: MIT
"""The fleet that the routes work on: its database in threads, its settings and state directory.

A route makes one hop: `await fleet.read(function)` runs `function(connection)` in a database thread, in a read-only
transaction (one snapshot); `await fleet.write(function)` in a write transaction of the owner `operator`, which commits
when the function returns and is rolled back when it raises. `await fleet.thread(function)` is for all other blocking
work, also for functions of `decnet` that open a transaction themselves. Functions must not touch the event loop.

A read that names its kind is done at once, in the event loop, while reads of its kind are short (`prompt_reads`).

The readers share an engine, so that a statement is compiled once for all of them, and use as few of its connections as
they can: each has a page cache. When nobody asks, `rest` closes them.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncGenerator, Callable, Generator, Hashable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import IntegrityError

from decnet.cli.errors import RefusedError
from decnet.fleet.deployment import Deployment, explained
from decnet_core.bus.interface import Bus
from decnet_core.library_pages import trim_heap
from decnet_models.database.commits import Commits
from decnet_models.database.engine import open_engine, reading, writing
from decnet_models.database.ownership import guard
from decnet_models.database.schema import require_current
from decnet_models.database.settings import DatabaseSettings
from decnet_models.database.sqlite.snapshots import OvertimeError, Snapshots
from decnet_models.errors import refuses_values
from decnet_web.api.problems import Problem
from decnet_web.api.reads.prompt_reads import SECONDS, PromptReads
from decnet_web.api.reads.threads import Threads
from decnet_web.api.reads.turns import Turns

T = TypeVar("T")

OWNER = "operator"
"""The writer whose tables the API writes, as the command does."""

_OTHER_THREADS = 4
MOST_STREAMS = 4
STREAM_SECONDS = 600


class Fleet:
    """One fleet, open until `close`."""

    def __init__(self, deployment: Deployment, *, readers: int = 3, bus: Bus | None = None) -> None:
        self.deployment = deployment
        self.bus = bus
        """The worker's connection to the bus; None in an application that no worker hosts."""
        self.commits = Commits(deployment.database_url)
        """Asked by the event loop alone."""
        self._changing = threading.Lock()
        self._writing: Engine | None = None
        self._snapshots: Snapshots | None = None
        self._users = 0
        self._connections = readers + 1  # that of the event loop
        self._prompt = PromptReads()
        self._streams = 0
        self._turns = Turns()
        self._readers = Threads(readers, "api-read")
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="api-write")
        self._others = ThreadPoolExecutor(_OTHER_THREADS, thread_name_prefix="api-work")

    async def read(self, function: Callable[[Connection], T], kind: Hashable = None) -> T:
        """Run `function(connection)` on one snapshot of the database, when it is its turn (`turns`).

        With a `kind` it may be begun in the event loop, and be run again in a thread when it takes too long there: it
        must have no effects, and do little besides what it asks the database. Raises decnet's UnavailableError or
        RefusedError when the database cannot be used.
        """
        if kind is not None and self._prompt.may_be(kind):
            try:
                return self._promptly(function, kind)
            except OvertimeError:
                self._prompt.forget(kind)
        async with self._turns.turn():
            return await self._readers.run(lambda: self._read(function, kind))

    async def report(self, function: Callable[[Connection], T]) -> T:
        """Do what `read` does for what takes several MiB while it is computed, and return them to the kernel."""
        try:
            return await self.read(function)
        finally:
            await self.thread(trim_heap)

    async def write(self, function: Callable[[Connection], T]) -> T:
        """Run `function(connection)` in a transaction and commit; one at a time. Raises as `read`."""
        return await asyncio.get_running_loop().run_in_executor(self._writer, self.write_here, function)

    async def thread(self, function: Callable[[], T]) -> T:
        """Run other blocking work."""
        return await asyncio.get_running_loop().run_in_executor(self._others, function)

    async def stream(self, produce: Callable[[Connection], Iterator[bytes]]) -> AsyncGenerator[bytes]:
        """Yield what `produce(connection)` does, in a thread, a connection and a snapshot of its own.

        At most MOST_STREAMS at once (Problem 503), each at most STREAM_SECONDS: a snapshot that is held keeps the
        database from reusing its log.
        """
        if self._streams >= MOST_STREAMS:
            raise Problem(503, detail=f"{MOST_STREAMS} exports are running; try later", headers={"Retry-After": "10"})
        self._streams += 1
        loop, thread = asyncio.get_running_loop(), ThreadPoolExecutor(1, thread_name_prefix="api-stream")
        source, deadline = self._produced(produce), time.monotonic() + STREAM_SECONDS
        try:
            while (chunk := await loop.run_in_executor(thread, next, source, None)) is not None:
                if time.monotonic() > deadline:
                    raise TimeoutError(f"an export took longer than {STREAM_SECONDS} s")
                yield chunk
        finally:
            self._streams -= 1
            thread.submit(source.close)
            thread.shutdown(wait=False)

    def _produced(self, produce: Callable[[Connection], Iterator[bytes]]) -> Generator[bytes]:
        with explained(self.deployment):
            engine = self.open_engine(read_only=True)
            try:
                with reading(engine) as connection:
                    yield from produce(connection)
            finally:
                engine.dispose()

    def read_here(self, function: Callable[[Connection], T]) -> T:
        """Do what `read` does in the calling thread."""
        with self._used(), _refusing_values(), explained(self.deployment):
            return self._reading().read(function)

    def write_here(self, function: Callable[[Connection], T]) -> T:
        """Do what `write` does in the calling thread."""
        with self._used(), _refusing_values(), explained(self.deployment):
            with self._changing:
                if self._writing is None:
                    self._writing = self.open_engine(read_only=False)
            with writing(self._writing) as connection:
                return function(connection)

    def open_engine(self, *, read_only: bool, connections: int = 1) -> Engine:
        """Return an engine of the fleet's database which the caller disposes of."""
        settings = self.deployment.settings.section("database", DatabaseSettings)
        engine = open_engine(
            self.deployment.database_url,
            read_only=read_only,
            busy_seconds=settings.busy_seconds,
            statement_seconds=settings.statement_seconds,
            connections=connections,
        )
        try:
            with reading(engine) as connection:
                require_current(connection)
        except BaseException:
            engine.dispose()
            raise
        guard(engine, OWNER)
        return engine

    def rest(self) -> None:
        """Close the connections, with their page caches, unless one is in use; to open one takes a millisecond."""
        with self._changing:
            if self._users:
                return
            if self._writing is not None:
                self._writing.dispose()
            if self._snapshots is not None:
                self._snapshots.close()

    def close(self) -> None:
        """Wait for what runs, then close the database."""
        self._readers.close()
        for executor in (self._writer, self._others):
            executor.shutdown(cancel_futures=True)
        self.rest()
        self._writing = self._snapshots = None
        self.commits.close()

    def _read(self, function: Callable[[Connection], T], kind: Hashable) -> T:
        began = time.perf_counter()
        answer = self.read_here(function)
        if kind is not None and self._reading().can_be_prompt:
            self._prompt.took(kind, time.perf_counter() - began)
        return answer

    def _promptly(self, function: Callable[[Connection], T], kind: Hashable) -> T:
        began = time.thread_time()
        try:
            answer = self._reading().promptly(function, SECONDS)
        except Exception:
            with _refusing_values(), explained(self.deployment):  # which take as long as a short read
                raise
        self._prompt.took(kind, time.thread_time() - began)
        return answer

    def _reading(self) -> Snapshots:
        """Return the snapshots of the readers' engine, which is made when it is needed first."""
        if self._snapshots is None:
            with self._changing:
                if self._snapshots is None:
                    self._snapshots = Snapshots(self.open_engine(read_only=True, connections=self._connections))
        return self._snapshots

    @contextmanager
    def _used(self) -> Iterator[None]:
        """Keep `rest` from closing what is in use."""
        with self._changing:
            self._users += 1
        try:
            yield
        finally:
            with self._changing:
                self._users -= 1


@contextmanager
def _refusing_values() -> Iterator[None]:
    """Tell the client when the database refuses what it sent: a number too large, a name that exists."""
    try:
        yield
    except (OverflowError, UnicodeError) as error:
        raise Problem(422, title="Bad input", detail="a value is out of the range that can be stored") from error
    except RefusedError as error:
        cause = error.__cause__
        if isinstance(cause, IntegrityError):
            raise Problem(409, detail="that conflicts with what there is already; read it again") from error
        if cause is not None and refuses_values(cause):
            raise Problem(422, title="Bad input", detail="a value is out of the range that can be stored") from error
        raise
