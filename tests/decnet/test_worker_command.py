# SPDX-License-Identifier: MIT
"""`decnet worker`: orders that the worker acknowledges, and the end of its log."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Iterator

import msgspec
import pytest
from tests.decnet.command_result import Run

from decnet.fleet.deployment import Deployment
from decnet_core.bus.broker.server import Broker
from decnet_core.bus.client import Client, connect
from decnet_core.bus.interface import Subscription
from decnet_core.bus.settings import BusSettings
from decnet_core.bus.subjects import CONTROL, Control, Health
from decnet_core.runtime import worker_registry
from decnet_core.supervise.status_file import SupervisorStatus


@pytest.fixture
def orders(deployment: Deployment) -> Iterator[list[str]]:
    """A broker and a worker `ttp` in a thread; the orders that it takes."""
    deployment.state.create("bus")
    taken: list[str] = []
    ready, loop = threading.Event(), asyncio.new_event_loop()
    over = asyncio.Event()

    async def serve() -> None:
        broker = Broker(BusSettings(), deployment.state.bus_socket)
        await broker.start()
        client = await connect(deployment.bus_url, name="ttp", wait=5)
        subscription = await client.subscribe(CONTROL.of("ttp"))
        await client.flush()
        answering = asyncio.ensure_future(answer(client, subscription))
        ready.set()
        await over.wait()
        answering.cancel()
        await client.close()
        await broker.stop()

    async def answer(client: Client, subscription: Subscription) -> None:
        async for message in subscription:
            taken.append(msgspec.json.decode(message.payload, type=Control).op)
            report = Health("ttp", "paused" if taken[-1] == "pause" else "running", 7, 1.0, 1, {})
            if taken[-1] == "reload":
                report = msgspec.structs.replace(report, refused="[ttp] rules_dir is no folder")
            assert message.reply is not None
            client.publish(message.reply, msgspec.json.encode(report))

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    assert ready.wait(100)
    yield taken
    loop.call_soon_threadsafe(over.set)
    thread.join(20)
    loop.close()


def test_an_order_prints_what_the_worker_reports(run: Run, orders: list[str]) -> None:
    assert run("worker", "pause", "ttp").out == "ttp: paused\n"
    assert run("worker", "restart", "ttp", "--json").document["pid"] == 7
    assert orders == ["pause", "restart"]


def test_a_worker_that_refuses_an_order_is_told_to_run_on(run: Run, orders: list[str]) -> None:
    said = run("worker", "reload", "ttp")
    assert (said.code, said.out) == (1, "")
    assert said.err.endswith("ttp keeps running as it is, for it would not start again: [ttp] rules_dir is no folder\n")
    assert orders == ["reload"]


def test_a_worker_that_does_not_answer_or_is_none_is_told(run: Run, orders: list[str], deployment: Deployment) -> None:
    off = next(iter(worker_registry.off(deployment.settings)))
    for name, words in (("webhook", "does not answer"), ("nobody", "there is no worker"), (off, "is off until")):
        said = run("worker", "restart", name)
        assert (said.code, len(said.err.splitlines())) == (1, 1)
        assert words in said.err
    assert orders == []


@pytest.mark.usefixtures("deployment")
def test_without_a_bus_it_is_said(run: Run) -> None:
    said = run("worker", "restart", "ttp")
    assert said.code == 78
    assert "is the fleet running?" in said.err


def test_the_log_is_the_workers_own_or_its_part_of_the_fleets(run: Run, deployment: Deployment) -> None:
    folder = deployment.state.root / "log"
    folder.mkdir()
    line = "ts=2026-11-30T06:00:0{} level=info worker={} logger=x msg=m{}"
    lines = [line.format(number, name, number) for number, name in enumerate(("ttp", "bus", "ttp"))]
    (folder / "fleet.log").write_text("\n".join([*lines, "garbage \x1b[2J"]) + "\n")
    report = SupervisorStatus(os.getpid(), "tasks", ())
    (deployment.state.supervisors / "supervisor.all.json").write_bytes(msgspec.json.encode(report))
    shown = run("worker", "log", "ttp", "--json").document
    assert [one["message"] for one in shown["lines"]] == ["m0", "m2"]
    assert "\x1b" not in run("worker", "log", "fleet").out
    (deployment.state.supervisors / "supervisor.all.json").unlink()
    (folder / "ttp.log").write_text("own\n")
    assert run("worker", "log", "ttp").out == "own\n"
