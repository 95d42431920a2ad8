# SPDX-License-Identifier: MIT
"""A PostgreSQL server that vanishes or hangs is noticed, work goes on when it is back, and no statement is endless."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.exc import DBAPIError
from tests.decnet_sniff.sniff.sniff_network_namespaces import MISSING, SERVER, Wire, wire

from decnet_core.events.catalogue import CommandRun
from decnet_core.events.envelope import Event
from decnet_core.events.ids import uuid7
from decnet_core.spool.settings import SpoolSettings
from decnet_core.spool.writer import SpoolWriter
from decnet_models.database.engine import open_engine, reading
from decnet_models.errors import passes
from decnet_models.events.queries import events_after

pytestmark = pytest.mark.fault

NOTICED_SECONDS = 15.0
PORT = 5432

RELAY = """
import socket, sys, threading
def pump(source, target):
    while data := source.recv(65536):
        target.sendall(data)
listener = socket.create_server((sys.argv[1], int(sys.argv[2])))
while True:
    client, _ = listener.accept()
    server = socket.socket(socket.AF_UNIX)
    server.connect(sys.argv[3])
    for ends in ((client, server), (server, client)):
        threading.Thread(target=pump, args=ends, daemon=True).start()
"""
"""A TCP port at the server's end of the wire, before the server's UNIX socket."""

RUN = "from decnet_workers.ingest.worker import Ingest; raise SystemExit(Ingest.main())"

ASK = """
import sys, time
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from decnet_models.database.engine import open_engine, reading
from decnet_models.errors import passes
with reading(open_engine(sys.argv[1])) as connection:
    connection.execute(text("SELECT 1"))
    print("asking", flush=True)
    sys.stdin.readline()
    began = time.monotonic()
    try:
        connection.execute(text("SELECT pg_sleep(300)"))
    except DBAPIError as error:
        print(passes(error), time.monotonic() - began, flush=True)
        import os
        os._exit(0)
"""


@pytest.fixture
def laid() -> Iterator[Wire]:
    with wire() as made:
        yield made


@pytest.mark.skipif(bool(MISSING), reason=MISSING)
def test_a_server_that_vanishes_is_noticed_in_15_seconds(postgres_url: str, laid: Wire) -> None:
    host = make_url(postgres_url).query["host"]
    assert isinstance(host, str)
    database = make_url(postgres_url).database
    with laid.serve(PORT, sys.executable, "-c", RELAY, SERVER, str(PORT), str(Path(host) / f".s.PGSQL.{PORT}")):
        url = f"postgresql+psycopg://postgres@{SERVER}:{PORT}/{database}"
        command = laid.argv(laid.client, sys.executable, "-c", ASK, url)
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as asking:
            assert asking.stdout is not None
            assert asking.stdin is not None
            assert asking.stdout.readline() == "asking\n"
            asking.stdin.write("\n")
            asking.stdin.flush()
            time.sleep(0.5)  # so that it waits for the answer; if it does not yet, it cannot send its question
            subprocess.run(["ip", "-n", laid.server, "link", "set", "v0", "down"], check=True)
            passed, seconds = asking.stdout.readline().split()
    assert passed == "True"
    assert float(seconds) < 2 * NOTICED_SECONDS


class Ingest:
    """The worker ingest on a PostgreSQL database, one spool, and when what was said."""

    def __init__(self, root: Path, url: str, stored_at: str) -> None:
        """`stored_at` is the URL by which the test sees what is stored."""
        self._engine = open_engine(stored_at)
        self._log = root / "log"
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("DECNET_")},
            "DECNET_STATE_DIR": str(root),
            "DECNET_DATABASE_URL": url,
            "DECNET_INGEST_POLL_SECONDS": "0.1",
        }
        (root / "spool").mkdir()
        self._spool = SpoolWriter(root / "spool" / "decoys", SpoolSettings())
        self._spooled = 0

    @contextlib.contextmanager
    def running(self, *prefix: str) -> Iterator[None]:
        command = [*prefix, sys.executable, "-c", RUN]
        with self._log.open("wb") as log, subprocess.Popen(command, stderr=log, env=self._environment) as process:
            try:
                yield
            finally:
                process.kill()
        self._spool.close()
        self._engine.dispose()

    def spool(self) -> None:
        for number in range(10):
            id_ = uuid7(time.time_ns())
            payload = CommandRun(service="ssh", command=str(self._spooled + number))
            self._spool.append(Event(id=id_, ts=time.time_ns(), sensor="s", payload=payload))
        self._spooled += 10

    def await_all_stored(self, seconds: float = 120) -> None:
        def stored() -> bool:
            with reading(self._engine) as connection:
                found = [one.event.payload.command for one in events_after(connection, 0, 1000)]  # type: ignore[attr-defined]
            return found == list(map(str, range(self._spooled)))

        until(stored, "all events to be stored", seconds)

    def await_said(self, words: str, seconds: float) -> None:
        until(lambda: words in self._log.read_text(), f"ingest to say: {words}", seconds)


@pytest.mark.skipif(bool(MISSING), reason=MISSING)
def test_ingest_says_that_the_server_vanished_and_continues_when_it_is_back(
    postgres_url: str, laid: Wire, tmp_path: Path
) -> None:
    host = make_url(postgres_url).query["host"]
    database = make_url(postgres_url).database
    ingest = Ingest(tmp_path, f"postgresql+psycopg://postgres@{SERVER}:{PORT}/{database}", postgres_url)
    relay = (sys.executable, "-c", RELAY, SERVER, str(PORT), f"{host}/.s.PGSQL.{PORT}")
    with laid.serve(PORT, *relay), ingest.running(*laid.argv(laid.client)):
        ingest.spool()
        ingest.await_all_stored()
        subprocess.run(["ip", "-n", laid.server, "link", "set", "v0", "down"], check=True)
        ingest.spool()
        ingest.await_said("the database does not answer", NOTICED_SECONDS + 5)
        subprocess.run(["ip", "-n", laid.server, "link", "set", "v0", "up"], check=True)
        ingest.await_all_stored()
        ingest.await_said("the database answers again", 10)


def test_ingest_says_that_the_server_hangs_and_continues_when_it_goes_on(postgres_url: str, tmp_path: Path) -> None:
    """A stopped server's kernel keeps its connections alive: neither keepalives nor its own time limits help."""
    host = make_url(postgres_url).query["host"]
    postmaster = int((Path(str(host)) / "data" / "postmaster.pid").read_text().split()[0])
    ingest = Ingest(tmp_path, postgres_url, postgres_url)
    with ingest.running():
        ingest.spool()
        ingest.await_all_stored()
        stopped = [*map(int, Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()), postmaster]
        try:
            for pid in stopped:
                os.kill(pid, signal.SIGSTOP)
            ingest.spool()
            ingest.await_said("the database does not answer", NOTICED_SECONDS + 5)
        finally:
            for pid in stopped:
                os.kill(pid, signal.SIGCONT)
        ingest.await_all_stored()
        ingest.await_said("the database answers again", 10)


def until(condition: Callable[[], bool], what: str, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.05)


def test_a_statement_that_takes_too_long_is_cancelled_and_can_be_tried_again(postgres_url: str) -> None:
    engine = open_engine(postgres_url, statement_seconds=0.2)
    with pytest.raises(DBAPIError, match="statement timeout") as caught, reading(engine) as connection:
        connection.execute(text("SELECT pg_sleep(60)"))
    assert passes(caught.value)
    engine.dispose()
