# SPDX-License-Identifier: MIT
"""A worker that has nothing to do is parked, and whatever should wake it does: real processes, a real broker."""

import asyncio
import contextlib
import os
import signal
import socket
import time
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import msgspec
import pytest
from tests.decnet_core.supervise.test_process_fleet import QUICK, environment, one, place, until

from decnet_core.bus.broker.server import Broker
from decnet_core.bus.client import Client, connect
from decnet_core.bus.settings import BusSettings
from decnet_core.bus.subjects import CONTROL, Control, Health
from decnet_core.state import State
from decnet_core.supervise.lifecycle import Status
from decnet_core.supervise.parked import held_sockets
from decnet_core.supervise.policy import Phase
from decnet_core.supervise.process_fleet import ProcessFleet

PARK_SECONDS = "0.2"


class Office:
    """A fleet with one clerk, its bus, and its folder of orders."""

    def __init__(self, state: Path, worker: str = "clerk") -> None:
        self.root = state
        self.worker = worker
        self.state = State(state)
        self.broker = Broker(BusSettings(), self.state.bus_socket)
        self.client: Client
        self.fleet: ProcessFleet

    @property
    def clerk(self) -> Status:
        return one(self.fleet, self.worker)

    def woken_since(self, wakes: int) -> bool:
        return self.clerk.wakes > wakes

    async def parked(self) -> None:
        await until(lambda: self.clerk.phase is Phase.PARKED)

    def order(self, name: str) -> None:
        (self.root / "orders" / name).touch()

    def taken(self) -> list[str]:
        file = self.root / "taken"
        return [line.split()[0] for line in file.read_text().splitlines()] if file.exists() else []

    async def ask(self, op: str) -> Health:
        answer = await self.client.request(CONTROL.of("clerk"), msgspec.json.encode(Control(op)))
        return msgspec.json.decode(answer.payload, type=Health)


@contextlib.asynccontextmanager
async def office(state: Path, *others: str, worker: str = "clerk", **variables: str) -> AsyncIterator[Office]:
    made = Office(state, worker)
    (state / "orders").mkdir()
    made.state.create("bus")
    await made.broker.start()
    url = f"unix://{made.state.bus_socket}"
    made.client = await connect(url, name="test", wait=5)
    made.fleet = ProcessFleet(
        QUICK,
        logs=state / "log",
        environment={**environment(state), "DECNET_RUNTIME_PARK_SECONDS": PARK_SECONDS, **variables},
        place=place,
        forking=True,
        connect_bus=lambda: connect(url, name="supervise", wait=5),
    )
    try:
        await made.fleet.start([worker, *others])
        yield made
    finally:
        await made.fleet.stop()
        await made.client.close()
        await made.broker.stop()


async def test_a_worker_without_work_is_parked_and_woken_by_what_it_listens_to(tmp_path: Path) -> None:
    async with office(tmp_path) as made:
        await made.parked()
        assert made.clerk.pid is None
        made.order("first")
        made.client.publish("clerk.order")
        await until(lambda: made.taken() == ["first"])
        await made.parked()
        assert (made.clerk.wakes, made.clerk.restarts) == (1, 0)
        assert made.clerk.due is not None
        assert 800 < made.clerk.due - time.monotonic() <= 900


async def test_what_others_publish_does_not_wake_it(tmp_path: Path) -> None:
    async with office(tmp_path) as made:
        await made.parked()
        made.client.publish("somebody.else")
        await made.client.flush()
        assert (await made.ask("report")).state == "parked"
        assert made.clerk.phase is Phase.PARKED


async def test_it_looks_by_itself_when_it_is_due(tmp_path: Path) -> None:
    (tmp_path / "retry").touch()
    async with office(tmp_path) as made:
        await made.parked()
        made.order("later")  # and no word of it
        await until(lambda: made.taken() == ["later"])
        assert made.clerk.wakes >= 1


async def test_a_parked_worker_looks_now_and_then_even_if_nothing_wakes_it(tmp_path: Path) -> None:
    async with office(tmp_path, DECNET_RUNTIME_PARKED_SECONDS="1") as made:
        await made.parked()
        made.order("forgotten")
        await until(lambda: made.taken() == ["forgotten"])


async def test_the_loss_of_the_bus_wakes_it_and_it_stays_awake_without(tmp_path: Path) -> None:
    async with office(tmp_path) as made:
        await made.parked()
        made.order("unannounced")
        await made.broker.stop()
        await until(lambda: made.taken() == ["unannounced"])
        await until(lambda: made.clerk.phase is Phase.READY)
        await asyncio.sleep(4 * float(PARK_SECONDS))  # nothing to wait for: it must not park
        assert made.clerk.phase is Phase.READY


async def test_the_crash_of_another_worker_wakes_it_since_a_nudge_may_have_died_with_it(tmp_path: Path) -> None:
    async with office(tmp_path, "steady") as made:
        await made.parked()
        made.order("committed")
        pid = one(made.fleet, "steady").pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        await until(lambda: made.taken() == ["committed"])


async def test_the_supervisor_answers_for_a_parked_worker(tmp_path: Path) -> None:
    async with office(tmp_path) as made:
        await made.parked()
        report = await made.ask("report")
        assert (report.worker, report.state, report.pid, report.hosting) == ("clerk", "parked", 0, "fork")
        assert made.clerk.phase is Phase.PARKED


async def test_a_paused_worker_is_not_woken_until_it_is_resumed(tmp_path: Path) -> None:
    async with office(tmp_path) as made:
        await made.parked()
        assert (await made.ask("pause")).state == "paused"
        made.order("held")
        made.client.publish("clerk.order")
        await made.client.flush()
        assert (await made.ask("report")).state == "paused"
        assert made.clerk.phase is Phase.PARKED
        await made.ask("resume")
        await until(lambda: made.taken() == ["held"])


async def test_an_order_to_reload_wakes_it(tmp_path: Path) -> None:
    async with office(tmp_path) as made:
        await made.parked()
        await made.ask("reload")
        await until(lambda: made.clerk.wakes == 1 and made.clerk.phase is Phase.READY)


async def test_a_reload_of_the_fleet_starts_it_with_the_new_code(tmp_path: Path) -> None:
    async with office(tmp_path) as made:
        await made.parked()
        await made.fleet.reload()
        assert made.clerk.phase in (Phase.READY, Phase.STOPPING, Phase.PARKED)
        assert made.clerk.restarts + made.clerk.wakes == 1


async def test_nothing_is_lost_or_done_twice_however_orders_and_parking_meet(tmp_path: Path) -> None:
    orders = [f"{number:03}" for number in range(120)]
    async with office(tmp_path, DECNET_RUNTIME_PARK_SECONDS="0.05") as made:
        for number, name in enumerate(orders):
            made.order(name)
            made.client.publish("clerk.order")
            if number % 10 == 0:
                await asyncio.sleep(0.15 + 0.01 * number / 10)  # at another moment of its parking each time
        await until(lambda: len(made.taken()) == len(orders))
        await made.parked()
        assert sorted(made.taken()) == orders
        assert made.clerk.wakes >= 2
        assert made.clerk.restarts == 0


async def test_a_storm_of_messages_without_work_does_not_make_processes(tmp_path: Path) -> None:
    async with office(tmp_path) as made:
        await made.parked()
        end = time.monotonic() + 2
        while time.monotonic() < end:
            made.client.publish("clerk.noise")
            await asyncio.sleep(0.001)
        assert made.clerk.wakes <= 1 + 2 / float(PARK_SECONDS)
        await made.parked()


async def test_a_worker_that_is_killed_while_it_wakes_is_started_again(tmp_path: Path) -> None:
    async with office(tmp_path) as made:
        await made.parked()
        made.order("kept")
        made.client.publish("clerk.order")
        await until(lambda: made.clerk.pid is not None)
        with contextlib.suppress(ProcessLookupError):
            os.kill(made.clerk.pid or 0, signal.SIGKILL)
        await until(lambda: made.taken() == ["kept"])


async def test_thirty_lives_leave_nothing_behind(tmp_path: Path) -> None:
    async with office(tmp_path, DECNET_RUNTIME_PARK_SECONDS="0.01") as made:
        await made.parked()
        before = len(os.listdir("/proc/self/fd"))
        for _ in range(30):
            wakes = made.clerk.wakes
            made.client.publish("clerk.order")
            await until(partial(made.woken_since, wakes))
            await made.parked()
        assert len(os.listdir("/proc/self/fd")) <= before + 2
        assert made.clerk.restarts == 0


async def test_an_interpreter_of_its_own_is_never_parked(tmp_path: Path) -> None:
    made = Office(tmp_path)
    (tmp_path / "orders").mkdir()
    made.state.create("bus")
    await made.broker.start()
    url = f"unix://{made.state.bus_socket}"
    fleet = ProcessFleet(
        QUICK,
        logs=tmp_path / "log",
        environment={**environment(tmp_path), "DECNET_RUNTIME_PARK_SECONDS": "0.05"},
        place=place,
        connect_bus=lambda: connect(url, name="supervise", wait=5),
    )
    try:
        await fleet.start(["clerk"])
        await asyncio.sleep(0.5)
        assert one(fleet, "clerk").phase is Phase.READY
    finally:
        await fleet.stop()
        await made.broker.stop()


def said(port: int) -> bytes:
    with socket.create_connection(("127.0.0.1", port), 20) as client:
        return client.recv(100)


async def test_clients_of_a_parked_worker_wait_and_are_answered(tmp_path: Path) -> None:
    async with office(tmp_path, worker="porter") as made:
        port = int((tmp_path / "tcp").read_text())
        first = await asyncio.to_thread(said, port)
        for _ in range(5):
            await made.parked()
            answers = await asyncio.gather(*(asyncio.to_thread(said, port) for _ in range(8)))
            assert len(set(answers)) == 1
            assert answers[0] not in (b"", first)
        assert (made.clerk.restarts, made.clerk.wakes) == (0, 5)


async def test_datagrams_to_a_parked_worker_wait_and_are_answered(tmp_path: Path) -> None:
    async with office(tmp_path, worker="porter") as made:
        address = ("127.0.0.1", int((tmp_path / "udp").read_text()))
        await made.parked()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(20)
            client.sendto(b"hello", address)
            assert await asyncio.to_thread(client.recv, 100) == b"hello"
        assert made.clerk.wakes == 1


async def test_no_client_is_lost_whenever_it_comes(tmp_path: Path) -> None:
    async with office(tmp_path, worker="porter", DECNET_RUNTIME_PARK_SECONDS="0.05") as made:
        port = int((tmp_path / "tcp").read_text())
        for number in range(30):
            assert await asyncio.to_thread(said, port)
            await asyncio.sleep(0.2 + 0.01 * number)  # at another moment of its parking each time
        assert made.clerk.wakes >= 2
        assert made.clerk.restarts == 0


async def test_clients_of_a_worker_that_does_not_come_up_are_turned_away_after_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(held_sockets, "PATIENCE_SECONDS", 0.5)
    async with office(tmp_path, worker="porter") as made:
        port = int((tmp_path / "tcp").read_text())
        await made.parked()
        (tmp_path / "broken").touch()
        assert await asyncio.to_thread(said, port) == b""
        assert await asyncio.to_thread(said, port) == b""
        (tmp_path / "broken").unlink()
        os.kill(made.clerk.pid or 0, signal.SIGKILL)
        await until(lambda: made.clerk.phase is Phase.READY)
        assert await asyncio.to_thread(said, port)
