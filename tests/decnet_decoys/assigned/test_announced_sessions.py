# SPDX-License-Identifier: MIT
"""What an announced connection causes is synthetic, in every event, and nobody but orchestrator may announce one."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import asyncssh
import pytest
import pytest_asyncio
from tests.decnet_decoys.decky_host import DeckyHost, fleet_settings
from tests.ports import own_address

from decnet_core.deckies.handover import HandoverClient, HandoverError, handover_sockets
from decnet_core.events.catalogue import HttpRequest, SessionClosed
from decnet_decoys.assigned import server
from decnet_decoys.evidence.connection_recorder import ConnectionRecorder

SOURCE = own_address(90)


@pytest_asyncio.fixture
async def host(tmp_path: Path) -> AsyncIterator[DeckyHost]:
    host = DeckyHost(tmp_path, fleet_settings())
    await host.open()
    yield host
    await host.close()


async def asked(host: DeckyHost, question: Callable[[HandoverClient], Any]) -> Any:
    def ask() -> Any:
        with HandoverClient(handover_sockets(host.state)[0]) as client:
            return question(client)

    return await asyncio.to_thread(ask)


async def announced(host: DeckyHost, service: str, session: str) -> socket.socket:
    """Return a connection that was announced."""
    sock = socket.socket()
    sock.bind((SOURCE, 0))
    sock.setblocking(False)
    await asked(host, lambda client: client.expect("web-01", sock.getsockname(), session))
    await asyncio.get_running_loop().sock_connect(sock, (host.decky.address, host.decky.services[service]))
    return sock


async def test_each_event_of_an_announced_session_is_synthetic(host: DeckyHost) -> None:
    sock = await announced(host, "ssh", "life-1")
    async with asyncssh.connect(sock=sock, username="root", password="any", known_hosts=None, config=None) as client:
        done = await client.run("id; wget http://192.0.2.9/x", check=False)
    assert "uid=0" in str(done.stdout)
    (closed,) = await host.until(SessionClosed)
    assert closed.recording is None
    events = host.events()
    assert {event.kind for event in events} >= {"connection.opened", "auth.attempt", "session.closed"}
    assert all(event.synthetic for event in events)
    assert {event.session.split(".")[0] for event in events if event.session} == {"life-1"}


async def test_the_next_connection_is_a_real_one(host: DeckyHost) -> None:
    loop = asyncio.get_running_loop()
    for sock in (
        await announced(host, "http", "life-1"),
        socket.create_connection((host.decky.address, host.decky.services["http"])),
    ):
        sock.setblocking(False)
        await loop.sock_sendall(sock, b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        while await loop.sock_recv(sock, 65536):
            pass
        sock.close()
    await host.until(HttpRequest, 2)
    assert [event.synthetic for event in host.events(HttpRequest)] == [True, False]
    counters = host.ctx.counters.snapshot()
    assert (counters["decoys_connections"], counters["decoys_synthetic_connections"]) == (1, 1)


async def test_a_connection_to_a_decky_that_is_not_here_is_refused(host: DeckyHost) -> None:
    with pytest.raises(HandoverError, match="decky db-01 is not played by this process"):
        await asked(host, lambda client: client.expect("db-01", (SOURCE, 1), "life-1"))


@pytest.mark.parametrize(
    ("worker", "request_", "reason"),
    [
        ("reconciler", lambda client: client.expect("web-01", (SOURCE, 1), "s"), "only orchestrator may"),
        ("orchestrator", lambda client: client.withdraw("web-01"), "only reconciler may"),
    ],
)
async def test_each_worker_may_ask_for_its_own_only(
    host: DeckyHost,
    worker: str,
    request_: Callable[[HandoverClient], Any],
    reason: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(server, "entitled", lambda _, directory: directory.name == worker)
    with pytest.raises(HandoverError, match=reason):
        await asked(host, request_)


async def test_a_session_that_a_kill_cut_off_stays_synthetic(host: DeckyHost) -> None:
    sock = await announced(host, "ssh", "life-2")
    connected = asyncssh.connect(sock=sock, username="root", password="admin123", known_hosts=None, config=None)
    async with connected as client, client.create_process(term_type="xterm") as shell:
        await shell.stdout.readuntil("#")
        entries = list((host.state.root / "decoys" / "sessions").glob("*.json"))
        journal = host.worker._played._resources.journal  # type: ignore[union-attr]
        (left,) = journal.left_open()
        assert (len(entries), left.synthetic) == (1, True)
        journal.recover(left, ConnectionRecorder(host.ctx, left.info, left.session))
    assert {event.synthetic for event in host.events(SessionClosed)} == {True}
