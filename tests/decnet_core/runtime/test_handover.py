# SPDX-License-Identifier: MIT
"""A successor stands by until its predecessor has ended, and says so until it is heard."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Sequence

import pytest

from decnet_core.runtime.notify import Notifier
from decnet_core.runtime.restarts import handover
from decnet_core.runtime.restarts.handover import SUCCEEDS, take_over


class Deaf(Notifier):
    """Hears nothing until it is asked for the third time."""

    def __init__(self) -> None:
        super().__init__("@nobody")
        self.said: list[str] = []

    def send(self, state: str, descriptors: Sequence[int] = ()) -> bool:
        self.said.append(state)
        return len(self.said) > 2


async def test_a_worker_without_a_predecessor_continues_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(SUCCEEDS, raising=False)
    notifier = Deaf()
    await asyncio.wait_for(take_over(notifier), 120)
    assert notifier.said == []


async def test_a_successor_reports_standby_until_the_message_is_taken_and_waits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(handover, "_RETRY_SECONDS", 0.01)
    with subprocess.Popen(["/bin/sleep", "600"]) as old:
        try:
            monkeypatch.setenv(SUCCEEDS, str(old.pid))
            notifier = Deaf()
            taking = asyncio.ensure_future(take_over(notifier))
            async with asyncio.timeout(120):
                while len(notifier.said) < 3:
                    await asyncio.sleep(0.01)
            await asyncio.sleep(0.1)
            assert notifier.said == ["STANDBY=1"] * 3
            assert not taking.done()
        finally:
            old.kill()
        await asyncio.wait_for(taking, 120)


async def test_a_successor_whose_messages_are_lost_continues_when_the_predecessor_is_gone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with subprocess.Popen(["/bin/sleep", "600"]) as old:
        monkeypatch.setenv(SUCCEEDS, str(old.pid))
        monkeypatch.setattr(Deaf, "send", lambda *_: False)
        taking = asyncio.ensure_future(take_over(Deaf()))
        await asyncio.sleep(0)
        old.kill()
        await asyncio.wait_for(taking, 120)
