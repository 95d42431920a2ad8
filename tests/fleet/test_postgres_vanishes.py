# SPDX-License-Identifier: MIT
"""A PostgreSQL server that vanishes without a word is noticed, and a statement that never ends is cancelled."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.exc import DBAPIError
from tests.decnet_sniff.sniff.sniff_network_namespaces import MISSING, SERVER, Wire, wire

from decnet_models.database.engine import open_engine, reading
from decnet_models.errors import passes

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
    assert float(seconds) < NOTICED_SECONDS + 5


def test_a_statement_that_takes_too_long_is_cancelled_and_can_be_tried_again(postgres_url: str) -> None:
    engine = open_engine(postgres_url, statement_seconds=0.2)
    with pytest.raises(DBAPIError, match="statement timeout") as caught, reading(engine) as connection:
        connection.execute(text("SELECT pg_sleep(60)"))
    assert passes(caught.value)
    engine.dispose()
