# SPDX-License-Identifier: MIT
"""Synthetic sessions between deckies with a network namespace each, by the orchestrator's own clients."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
import tempfile
from functools import partial
from pathlib import Path
from typing import Any, cast

import pytest

from decnet.drill.lan import clients
from decnet.drill.lan.fleet import PORTS, deploy, fleet
from decnet.drill.lan.machines import lan
from decnet_core.deckies.handover import HandoverError
from decnet_core.runtime.context import Context
from decnet_core.state import State
from decnet_workers.orchestrator.scripts import FilesScript, ShellScript, WebScript
from decnet_workers.orchestrator.visits import files, shell, web
from decnet_workers.orchestrator.visits.announced import Route, connected

pytestmark = [
    pytest.mark.fault,
    pytest.mark.timeout(300),
    pytest.mark.skipif(os.geteuid() != 0, reason="makes network namespaces: needs root"),
]

VISITOR, HOST = "10.77.1.1", "10.77.1.2"
WEB = WebScript("Mozilla/5.0", 3, (0.0, 0.0, 0.0), (0.1, 0.5, 0.9))
SHELL = ShellScript("root", ("id",), (0.0,))
FILES = FilesScript("ubuntu", (0.0,) * 4, (0.0,) * 4)


class HereContext:
    """The part of a worker's context that a session needs."""

    def __init__(self, state: Path) -> None:
        self.state = State(state)

    async def in_thread(self, function: Any, *arguments: Any) -> Any:
        return await asyncio.to_thread(function, *arguments)


def seen(state: Path) -> set[tuple[str, str, int]]:
    """Return kind, source and whether it is synthetic of all that the log has."""
    with contextlib.closing(sqlite3.connect(f"file:{state / 'decnet.db'}?mode=ro", uri=True)) as connection:
        return {
            (kind, source, int(flag))
            for kind, source, flag in connection.execute("SELECT kind, src_ip, synthetic FROM event")
        }


async def until_seen(state: Path, kinds: set[str]) -> set[tuple[str, str, int]]:
    until = asyncio.get_running_loop().time() + 120
    while not kinds <= {kind for kind, source, _ in seen(state) if source == VISITOR}:
        assert asyncio.get_running_loop().time() < until, seen(state)
        await asyncio.sleep(0.1)
    return seen(state)


async def visit(ctx: Context, state: Path) -> None:
    def route(port: int) -> Route:
        return Route("machine-02", VISITOR, HOST, port, f"life-{port}", "machine-01")

    assert await web.visit(partial(connected, ctx, route(PORTS["http"])), HOST, WEB) == 1  # which leads to another
    for _ in range(3):  # more often than there are sockets
        await shell.visit(await connected(ctx, route(PORTS["ssh"])), SHELL)
    files_route = route(21)
    await files.visit(
        await connected(ctx, files_route), lambda port: connected(ctx, files_route, data_port=port), FILES
    )
    lent = [await connected(ctx, route(PORTS["http"])) for _ in range(2)]
    with pytest.raises(HandoverError, match="all sockets"):
        await connected(ctx, route(PORTS["http"]))
    for sock in lent:
        sock.close()
    found = await until_seen(state, {"http.request", "session.command"})
    assert {flag for _, source, flag in found if source == VISITOR} == {1}


def test_orchestrators_clients_go_from_one_decky_to_another_and_all_of_it_is_synthetic() -> None:
    with tempfile.TemporaryDirectory(prefix="decnet-") as name, lan(Path(name)) as made:
        state = Path(name) / "state"
        with fleet(made, Path(name), "netns"):
            deploy(made, Path(name), "netns", 2, "ubuntu-db")
            ports = [(address, port) for address in (VISITOR, HOST) for port in (21, *PORTS.values())]
            assert clients.until_all_answer(made, ports, 60).holds
            asyncio.run(visit(cast("Context", HereContext(state)), state))
