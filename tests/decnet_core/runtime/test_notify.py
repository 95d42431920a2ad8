# SPDX-License-Identifier: MIT
"""Signs of life that a supervisor cannot take at once are said again, and nobody waits for one that is gone."""

from __future__ import annotations

import asyncio
import itertools
import socket
from collections.abc import Sequence
from pathlib import Path

import pytest

from decnet_core.bus.memory import MemoryBus
from decnet_core.runtime import host, notify
from decnet_core.runtime.context import Context
from decnet_core.runtime.host import Host, open_context
from decnet_core.runtime.notify import Notifier
from decnet_core.runtime.worker import NoSettings, Worker
from decnet_core.settings import Settings


class Steady(Worker[NoSettings]):
    """Runs until it is stopped."""

    name = "steady"

    async def run(self, ctx: Context) -> None:
        await ctx.stopping.wait()


class Deaf(Notifier):
    """Takes no sign of life the first two times."""

    def __init__(self) -> None:
        super().__init__("@nobody")
        self.said: list[str] = []

    def send(self, state: str, descriptors: Sequence[int] = ()) -> bool:
        self.said.append(state)
        return "WATCHDOG=1" not in state or self.beats() > 2

    def beats(self) -> int:
        return sum("WATCHDOG=1" in state for state in self.said)


def test_a_full_queue_is_reported_and_one_that_was_read_takes_more(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as supervisor:
        supervisor.bind(str(tmp_path / "notify"))
        notifier = Notifier(str(tmp_path / "notify"))
        taken = sum(1 for _ in itertools.takewhile(notifier.send, itertools.repeat("WATCHDOG=1", 100_000)))
        assert 0 < taken < 100_000
        for _ in range(taken):
            supervisor.recv(100)
        assert notifier.send("WATCHDOG=1")


def test_who_is_not_asked_and_whose_supervisor_is_gone_has_nothing_to_say_again(tmp_path: Path) -> None:
    assert Notifier("").send("READY=1")
    assert Notifier(str(tmp_path / "none")).send("READY=1")


async def test_readiness_is_sent_until_the_queue_has_room(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as supervisor:
        supervisor.bind(str(tmp_path / "notify"))
        notifier = Notifier(str(tmp_path / "notify"))
        full = sum(1 for _ in itertools.takewhile(notifier.send, itertools.repeat("WATCHDOG=1", 100_000)))
        saying = asyncio.ensure_future(notifier.insist("READY=1"))
        done, _ = await asyncio.wait([saying], timeout=0.5)
        assert not done
        heard = [supervisor.recv(100) for _ in range(full)]
        await asyncio.wait_for(saying, 120)
        assert [*heard, supervisor.recv(100)][-2:] == [b"WATCHDOG=1", b"READY=1"]


async def test_a_supervisor_that_never_reads_blocks_no_worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notify, "INSIST_SECONDS", 0.1)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as supervisor:
        supervisor.bind(str(tmp_path / "notify"))
        notifier = Notifier(str(tmp_path / "notify"))
        full = sum(1 for _ in itertools.takewhile(notifier.send, itertools.repeat("WATCHDOG=1", 100_000)))
        await asyncio.wait_for(notifier.insist("READY=1"), 120)
        assert [supervisor.recv(100) for _ in range(full)] == [b"WATCHDOG=1"] * full


async def test_a_heartbeat_that_was_not_taken_is_sent_again_before_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(host, "_REFUSED_SECONDS", 0.01)
    monkeypatch.setenv("WATCHDOG_USEC", "3600000000")
    settings = Settings({"state": {"dir": str(tmp_path)}, "runtime": {"heartbeat_seconds": 3600}}, {}, "test")
    ctx = await open_context(Steady, settings, MemoryBus())
    notifier = Deaf()
    life = asyncio.ensure_future(Host(Steady(NoSettings()), ctx, notifier=notifier).run())
    async with asyncio.timeout(120):
        while notifier.beats() < 3:
            await asyncio.sleep(0.01)
    await asyncio.sleep(0.1)
    assert notifier.beats() == 3
    ctx.stop()
    await asyncio.wait_for(life, 120)
