# SPDX-License-Identifier: MIT
"""The viewer of `decnet up` in a pipe: there only while something happens, and nothing is shown twice or left out."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from decnet.fleet.deployment import Deployment, find_deployment
from decnet.up.viewer.client import PLACE, Viewer
from decnet.up.viewer.messages import Show
from decnet_core.bus.memory import MemoryBus
from decnet_core.bus.subjects import EVENTS_INGESTED
from decnet_core.events.catalogue import CommandRun
from decnet_core.footprint import children_of
from decnet_core.supervise.process_fleet import ProcessFleet
from decnet_core.supervise.settings import SuperviseSettings
from decnet_core.tasks import Tasks
from decnet_models.database.quick_look import Ends, ends_of


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.02)


def viewers() -> list[int]:
    """Other tests may have left children to this process."""
    return [pid for pid in children_of(os.getpid()) if PLACE.encode() in Path(f"/proc/{pid}/cmdline").read_bytes()]


async def test_viewer_is_parked_and_goes_on_where_the_last_one_was(
    deployment: Deployment,
    store: Callable[..., None],
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DECNET_RUNTIME_PARK_SECONDS", "0.2")
    store(CommandRun(service="ssh", command="before"))
    ends = ends_of(deployment.database_url)
    assert ends == Ends(1, 0)
    store(CommandRun(service="ssh", command="meanwhile"), first=2)
    shown: list[str] = []

    def is_shown(word: str) -> bool:
        shown.append(capfd.readouterr().out)
        return word in "".join(shown)

    bus, tasks = MemoryBus(), Tasks("test")
    fleet = ProcessFleet(SuperviseSettings(), logs=deployment.state.root / "log", environment={})
    viewer = Viewer(Show.PLAIN, find_deployment(), ends, inside=False)
    tasks.spawn(viewer.keep(fleet, bus), name="viewer")
    await until(lambda: is_shown("meanwhile"))
    await until(lambda: not viewers())  # parked

    store(CommandRun(service="ssh", command="later"), first=3)
    bus.publish(EVENTS_INGESTED.pattern)
    await until(lambda: is_shown("later"))
    (pid,) = viewers()
    os.kill(pid, signal.SIGKILL)
    store(CommandRun(service="ssh", command="after the kill"), first=4)
    bus.publish(EVENTS_INGESTED.pattern)  # it may have been asked to end just before
    await until(lambda: is_shown("after the kill"))

    await tasks.close()
    await viewer.close()
    await fleet.stop()
    await until(lambda: not viewers())
    said = "".join(shown)
    assert "before" not in said
    assert [said.count(word) for word in ("try: ssh ", "meanwhile", "later", "after the kill")] == [1, 1, 1, 1]
