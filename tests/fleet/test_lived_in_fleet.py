# SPDX-License-Identifier: MIT
"""A fleet whose deckies are used: deployed by command, played for the reconciler, visited by the orchestrator."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

from tests.fleet.arena import Arena
from tests.fleet.test_synthetic_events import mentioning

from decnet_core import footprint
from decnet_models.database.engine import open_engine, reading, writing
from decnet_models.realism import queries
from decnet_models.realism.queries import Action

WEB = {"user_agent": "curl/7.88.1", "pages": 2, "pauses": [0.0, 0.0], "choices": [0.0, 0.5]}
SHELL = {"user": "deploy", "lines": ["id", "cat /etc/shadow", "uptime"], "pauses": [0.0, 0.1, 0.1]}
NAMES = ("shop-01", "shop-02")
MOST_UNIQUE = (16 if sys.version_info >= (3, 12) else 24) << 20
"""Bytes of memory that the orchestrator has for itself while it is awake, with room: it is forked before its zygote
is prepared, as whoever is woken, and replaced by one that takes half of that only when it stays busy. Older Pythons
count references to what they share (PEP 683), and so have copies of it."""


def command(arena: Arena, *arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "decnet", *arguments], env=arena.environment, check=True, timeout=60)


async def deployed(arena: Arena) -> None:
    for index, name in enumerate(NAMES):
        address = f"127.77.{arena.block}.{50 + index}"
        services = [word for each in ("http=18080", "ssh=12222") for word in ("--service", each)]
        add = ("decky", "add", name, "--persona", "debian-web", "--runtime", "loopback", "--address", address)
        await asyncio.to_thread(command, arena, *add, *services)


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


async def test_deployed_deckies_are_visited_and_no_attacker_comes_of_it(tmp_path: Path) -> None:
    arena = Arena(tmp_path, besides={"DECNET_ORCHESTRATOR_ENABLED": "true", "DECNET_SUPERVISE_SHARE_MEMORY": "true"})
    async with arena.running():
        await deployed(arena)
        done = await until_ended(arena, planned(arena))
        assert [(action.state, action.error) for action in done] == [("done", None)] * 4
        pid = arena.pid_of("orchestrator")
        assert pid is not None
        measured = footprint.measure(pid)
        assert measured is not None
        assert measured.uss <= MOST_UNIQUE
        for index, _ in enumerate(NAMES):
            address = f"127.77.{arena.block}.{50 + index}"
            async with asyncio.timeout(30):
                while "event" not in mentioning(arena, address):
                    await asyncio.sleep(0.1)
            assert mentioning(arena, address) & {"attacker", "attacker_session", "ttp_tag", "notice"} == set()
