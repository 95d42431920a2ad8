# SPDX-License-Identifier: MIT
"""A worker that has nothing to do is parked, and whatever should wake it does: real processes, a real broker.

One fleet serves most tests. The clerk takes files from a folder, the porter answers clients (`supervised_workers`).
"""

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
import pytest_asyncio
from tests.decnet_core.supervise.test_process_fleet import QUICK, environment, one, place, until
from tests.ports import free_port

from decnet_core.bus.broker.server import Broker
from decnet_core.bus.client import Client, connect
from decnet_core.bus.interface import NoResponders
from decnet_core.bus.settings import BusSettings
from decnet_core.bus.subjects import CONTROL, Control, Health
from decnet_core.runtime.restarts.policy import Phase
from decnet_core.state import State
from decnet_core.supervise import process_fleet
from decnet_core.supervise.fork import supervised_process
from decnet_core.supervise.lifecycle import Status
from decnet_core.supervise.parked import held_sockets
from decnet_core.supervise.process_fleet import ProcessFleet
from decnet_core.supervise.status_file import publish_status, read_status_files

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.usefixtures("forked_zygotes")]

PARK_SECONDS = 0.1


class Office:
    """A fleet, its bus, and the clerk's folder of orders."""

    client: Client
    fleet: ProcessFleet

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "orders").mkdir()
        for kind in ("tcp", "udp"):  # of the porter, which is killed
            (root / kind).write_text(str(free_port()))
        self.state = State(root)
        self.state.create("bus")
        self.url = f"unix://{self.state.bus_socket}"
        self.broker = Broker(BusSettings(), self.state.bus_socket)

    async def open(self, *workers: str, forking: bool = True, heavy: str = "", **variables: str) -> None:
        """Start a fleet; the workers `heavy`, with spaces between them, have a zygote of their own."""
        await self.broker.start()
        self.client = await connect(self.url, name="test", wait=5)
        self.fleet = ProcessFleet(
            msgspec.structs.replace(QUICK, budget_check_seconds=1),
            logs=self.root / "log",
            environment={**environment(self.root), "DECNET_RUNTIME_PARK_SECONDS": str(PARK_SECONDS), **variables},
            place=place,
            forking=forking,
            connect_bus=lambda: connect(self.url, name="supervise", wait=5),
            spools=self.state.spool,
            zygote_of=lambda name: "heavy" if name in heavy.split() else "",
        )
        await self.fleet.start(workers)
        publish_status(self.fleet, self.root, "test", "fork")

    async def close(self) -> None:
        await self.fleet.stop()
        await self.client.close()
        await self.broker.stop()

    @property
    def clerk(self) -> Status:
        return one(self.fleet, "clerk")

    @property
    def porter(self) -> Status:
        return one(self.fleet, "porter")

    async def parked(self) -> None:
        await until(lambda: self._rests("clerk"))

    async def closed_door(self) -> None:
        await until(lambda: self._rests("porter"))

    def _rests(self, name: str) -> bool:
        """Return whether it is parked, and is not being woken already by what came while it ended."""
        settled = self.fleet._workers[name].settled.is_set()
        return settled and one(self.fleet, name).phase is Phase.PARKED

    def order(self, name: str, *, announced: bool = True) -> None:
        (self.root / "orders" / name).touch()
        if announced:
            self.client.publish("clerk.order")

    def taken(self) -> list[str]:
        file = self.root / "taken"
        return [line.split()[0] for line in file.read_text().splitlines()] if file.exists() else []

    async def until_taken(self, *names: str) -> None:
        await until(lambda: set(names) <= set(self.taken()))

    async def ask(self, op: str) -> Health:
        answer = await self.client.request(CONTROL.of("clerk"), msgspec.json.encode(Control(op)))
        return msgspec.json.decode(answer.payload, type=Health)

    def woken_since(self, wakes: int) -> bool:
        return self.clerk.wakes > wakes

    def visit(self) -> bytes:
        """Return what the porter says to a client."""
        with socket.create_connection(("127.0.0.1", int((self.root / "tcp").read_text())), 20) as client:
            return client.recv(100)


def published_refusals(office: Office) -> int:
    """Return how many clients of the porter were turned away, as the status file says."""
    (found,) = read_status_files(office.root)
    return next(status.refused for status in found.workers if status.name == "porter")


@contextlib.asynccontextmanager
async def opened(
    root: Path, *workers: str, forking: bool = True, heavy: str = "", **variables: str
) -> AsyncIterator[Office]:
    office = Office(root)
    await office.open(*workers, forking=forking, heavy=heavy, **variables)
    try:
        yield office
    finally:
        await office.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Office]:
    async with opened(tmp_path_factory.mktemp("office"), "clerk", "porter", "steady") as office:
        yield office


@pytest_asyncio.fixture(loop_scope="module")
async def office(shared: Office) -> Office:
    """The shared office, at rest."""
    await shared.parked()
    await shared.closed_door()
    return shared


async def test_a_worker_without_work_is_parked_and_woken_by_what_it_listens_to(office: Office) -> None:
    before = office.clerk
    assert office.clerk.pid is None
    office.order("first")
    await office.until_taken("first")
    await office.parked()
    assert (office.clerk.wakes, office.clerk.restarts) == (before.wakes + 1, before.restarts)
    assert office.clerk.woken_by == "clerk.order"
    assert office.clerk.due is not None
    assert 800 < office.clerk.due - time.monotonic() <= 900


async def test_what_others_publish_does_not_wake_it_and_the_supervisor_answers_for_it(office: Office) -> None:
    wakes = office.clerk.wakes
    office.client.publish("somebody.else")
    report = await office.ask("report")
    assert (report.worker, report.state, report.pid, report.hosting) == ("clerk", "parked", 0, "fork")
    assert (office.clerk.phase, office.clerk.wakes) == (Phase.PARKED, wakes)


async def test_it_looks_by_itself_when_it_is_due(office: Office) -> None:
    retry = office.root / "retry"
    retry.touch()
    office.order("before")
    await office.until_taken("before")
    await office.parked()
    retry.unlink()
    office.order("due", announced=False)
    await office.until_taken("due")


async def test_the_crash_of_another_worker_wakes_it_since_a_nudge_may_have_died_with_it(office: Office) -> None:
    pid = one(office.fleet, "steady").pid
    assert pid is not None
    office.order("committed", announced=False)
    os.kill(pid, signal.SIGKILL)
    await office.until_taken("committed")


async def test_a_paused_worker_is_not_woken_until_it_is_resumed(office: Office) -> None:
    assert (await office.ask("pause")).state == "paused"
    office.order("held")
    assert (await office.ask("report")).state == "paused"
    assert office.clerk.phase is Phase.PARKED
    await office.ask("resume")
    await office.until_taken("held")


async def test_what_is_appended_to_a_spool_wakes_its_readers_without_a_nudge(office: Office) -> None:
    spool, wakes = office.state.spool / "made-later", office.clerk.wakes
    spool.mkdir()
    await until(partial(office.woken_since, wakes))
    await office.parked()
    (spool / "0000000001.jsonl").write_text("{}")
    await until(partial(office.woken_since, wakes + 1))
    assert office.clerk.woken_by == "spool"
    await office.parked()
    (spool / "folding.0").write_text("no event")
    office.order("last")
    await office.until_taken("last")
    await office.parked()
    assert office.clerk.wakes == wakes + 3


async def test_an_order_to_reload_wakes_it(office: Office) -> None:
    wakes = office.clerk.wakes
    await office.ask("reload")
    await until(partial(office.woken_since, wakes))


async def test_nothing_is_lost_or_done_twice_however_orders_and_parking_meet(office: Office) -> None:
    orders = [f"{number:03}" for number in range(100)]
    before = office.clerk
    for number, name in enumerate(orders):
        office.order(name)
        if number % 10 == 0:
            await asyncio.sleep(0.35 + 0.002 * number)  # at another moment of its parking each time
    await office.until_taken(*orders)
    await office.parked()
    assert sorted(name for name in office.taken() if name.isdecimal()) == orders
    assert office.clerk.wakes >= before.wakes + 2
    assert office.clerk.restarts == before.restarts


async def test_a_storm_of_messages_without_work_makes_one_life_per_park_seconds_and_is_counted(office: Office) -> None:
    before, began = office.clerk, time.monotonic()
    async with asyncio.timeout(120):
        while time.monotonic() < began + 2 or office.clerk.wakes == before.wakes:
            for _ in range(5):  # 1,000 a second, or what the machine has time for
                office.client.publish("clerk.noise")
            await asyncio.sleep(0.005)
    lives = office.clerk.wakes - before.wakes
    assert lives <= 1 + (time.monotonic() - began) / PARK_SECONDS
    await office.parked()
    assert office.clerk.idle_wakes - before.idle_wakes == office.clerk.wakes - before.wakes
    office.order("useful")
    await office.until_taken("useful")
    await office.parked()
    assert office.clerk.idle_wakes - before.idle_wakes == office.clerk.wakes - before.wakes - 1
    assert (await office.ask("report")).counters["idle_wakes"] == office.clerk.idle_wakes


async def test_twenty_lives_leave_no_descriptor_behind(office: Office) -> None:
    before, restarts = len(os.listdir("/proc/self/fd")), office.clerk.restarts
    for _ in range(20):
        wakes = office.clerk.wakes
        office.client.publish("clerk.order")
        await until(partial(office.woken_since, wakes))
        await office.parked()
    assert len(os.listdir("/proc/self/fd")) <= before
    assert office.clerk.restarts == restarts


async def test_clients_of_a_parked_worker_wait_and_are_answered(office: Office) -> None:
    before, answers = office.porter, set[bytes]()
    for _ in range(3):
        said = {*await asyncio.gather(*(asyncio.to_thread(office.visit) for _ in range(8)))}
        assert len(said - answers) == 1  # one new process for all of them
        answers |= said
        await office.closed_door()
    assert b"" not in answers
    assert (office.porter.restarts, office.porter.wakes) == (before.restarts, before.wakes + 3)
    assert office.porter.woken_by == "client"


async def test_datagrams_to_a_parked_worker_wait_and_are_answered(office: Office) -> None:
    address = ("127.0.0.1", int((office.root / "udp").read_text()))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(100)
        client.sendto(b"hello", address)
        assert await asyncio.to_thread(client.recv, 100) == b"hello"


async def test_no_client_is_lost_whenever_it_comes(office: Office) -> None:
    before = office.porter
    for number in range(15):
        assert await asyncio.to_thread(office.visit)
        await asyncio.sleep(0.25 + 0.02 * number)  # at another moment of its parking each time
    assert office.porter.wakes >= before.wakes + 2
    assert office.porter.restarts == before.restarts


async def test_clients_of_a_worker_that_does_not_come_up_are_turned_away_after_a_while(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(held_sockets, "PATIENCE_SECONDS", 0.5)
    (office.root / "broken").touch()
    assert await asyncio.to_thread(office.visit) == b""
    assert await asyncio.to_thread(office.visit) == b""
    (office.root / "broken").unlink()
    await until(lambda: published_refusals(office) >= 2)
    os.kill(office.porter.pid or 0, signal.SIGKILL)
    await until(lambda: office.porter.phase is Phase.READY)
    assert await asyncio.to_thread(office.visit)


async def test_a_worker_that_is_killed_while_it_wakes_is_started_again(office: Office) -> None:
    office.order("kept")
    await until(lambda: office.clerk.pid is not None)
    with contextlib.suppress(ProcessLookupError):
        os.kill(office.clerk.pid or 0, signal.SIGKILL)
    await office.until_taken("kept")


async def test_the_loss_of_the_bus_wakes_it_and_it_stays_awake_without(office: Office) -> None:
    office.order("unannounced", announced=False)
    await office.broker.stop()
    await office.until_taken("unannounced")
    await until(lambda: office.clerk.phase is Phase.READY)
    await asyncio.sleep(5 * PARK_SECONDS)  # nothing to wait for: it must not park
    assert office.clerk.phase is Phase.READY
    office.broker = Broker(BusSettings(), office.state.bus_socket)
    await office.broker.start()
    await office.parked()


async def test_a_reload_of_the_fleet_starts_it_with_the_new_code(office: Office) -> None:
    lives = office.clerk.restarts + office.clerk.wakes
    await office.fleet.reload()
    assert office.clerk.restarts + office.clerk.wakes == lives + 1
    await office.parked()


async def test_a_parked_worker_looks_now_and_then_even_if_nothing_wakes_it(tmp_path: Path) -> None:
    async with opened(tmp_path, "clerk", DECNET_RUNTIME_PARKED_SECONDS="1") as office:
        await office.parked()
        office.order("forgotten", announced=False)
        await office.until_taken("forgotten")


async def test_who_is_needed_by_clients_only_is_not_started_again_before_one_comes(office: Office) -> None:
    assert office.clerk.due is not None
    assert office.porter.due is None


async def test_an_interpreter_of_its_own_is_never_parked(tmp_path: Path) -> None:
    async with opened(tmp_path, "clerk", forking=False) as office:
        await asyncio.sleep(5 * PARK_SECONDS)  # nothing to wait for: it must not park
        assert office.clerk.phase is Phase.READY


async def test_a_worker_that_follows_another_is_woken_with_it_and_that_is_no_idle_wake(tmp_path: Path) -> None:
    async with opened(tmp_path, "clerk", "scribe") as office:
        await office.parked()
        await until(lambda: one(office.fleet, "scribe").phase is Phase.PARKED)
        before = one(office.fleet, "scribe").wakes
        office.order("first")
        await until(lambda: one(office.fleet, "scribe").wakes == before + 1)
        await until(lambda: one(office.fleet, "scribe").phase is Phase.PARKED)
        assert one(office.fleet, "scribe").idle_wakes == 0


async def test_a_worker_in_the_background_is_woken_a_while_after_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervised_process, "BACKGROUND_SECONDS", 0.01)
    async with opened(tmp_path, "clerk", "unhurried") as office:

        def resting() -> bool:
            return office.clerk.phase is one(office.fleet, "unhurried").phase is Phase.PARKED

        await until(resting)
        office.order("soon")
        await until(lambda: one(office.fleet, "unhurried").wakes == 1)
        await until(resting)
        monkeypatch.setattr(supervised_process, "BACKGROUND_SECONDS", 600.0)
        office.order("late")
        await office.until_taken("late")
        assert (one(office.fleet, "unhurried").phase, one(office.fleet, "unhurried").wakes) == (Phase.PARKED, 1)


async def test_messages_do_not_keep_a_worker_from_its_break_nor_end_it(tmp_path: Path) -> None:
    async with opened(tmp_path, "shift") as office:

        async def orders() -> None:
            while True:
                office.order("another")
                await asyncio.sleep(0.01)

        coming = asyncio.ensure_future(orders())
        await until(lambda: one(office.fleet, "shift").wakes >= 2)
        coming.cancel()
        assert (one(office.fleet, "shift").woken_by, one(office.fleet, "shift").restarts) == ("due", 0)


async def test_a_message_for_which_somebody_waits_ends_a_break(tmp_path: Path) -> None:
    async with opened(tmp_path, "shift", BREAK_SECONDS="600") as office:
        await until(lambda: one(office.fleet, "shift").phase is Phase.PARKED)
        office.client.publish("shift.called")
        await until(lambda: one(office.fleet, "shift").wakes == 1)
        assert one(office.fleet, "shift").woken_by == "shift.called"


async def test_a_worker_that_was_forked_in_a_hurry_and_stays_busy_is_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A while after the fleet's start, sooner once it was woken; what its predecessor did counts for the wake."""
    monkeypatch.setattr(process_fleet, "_EARLY_WOKEN_SECONDS", 1.0)
    async with opened(tmp_path, "clerk", "steady", heavy="clerk") as office:
        await office.parked()
        await until(lambda: set(office.fleet.zygotes) == {""})  # that of the clerk has ended
        pids, orders = set[int](), 0
        while len(pids) < 2:
            office.order(f"{orders:05}")
            orders += 1
            pids |= {office.clerk.pid} if office.clerk.pid else set()
            await asyncio.sleep(0.02)
        assert (office.clerk.wakes, office.clerk.restarts) == (1, 0)
        await office.parked()
        assert sorted(office.taken()) == [f"{number:05}" for number in range(orders)]
        assert office.clerk.idle_wakes == 0


async def test_a_worker_for_which_nobody_waits_is_woken_when_its_zygote_has_prepared_it(tmp_path: Path) -> None:
    async with opened(tmp_path, "unhurried", heavy="unhurried") as office:
        await until(lambda: one(office.fleet, "unhurried").phase is Phase.PARKED)
        office.order("first")
        await until(lambda: one(office.fleet, "unhurried").wakes >= 1)
        await until(lambda: one(office.fleet, "unhurried").phase is Phase.PARKED)
        first, *later = (tmp_path / "unhurried").read_text().split()
        assert (first, set(later)) == ("False", {"True"})


async def test_a_zygote_is_prepared_at_once_for_all_of_its_workers_that_run(tmp_path: Path) -> None:
    async with opened(tmp_path, "steady", "unhurried", heavy="steady unhurried") as office:
        await until(lambda: one(office.fleet, "unhurried").phase is Phase.PARKED)
        zygote = office.fleet._zygotes["heavy"]
        before = set(zygote._prepared)
        office.order("first")
        await until(lambda: zygote._prepared != before)
        assert (before, zygote._prepared) == (set(), {place("steady"), place("unhurried")})


async def test_a_worker_that_is_woken_while_the_last_other_of_its_zygote_is_parked_starts_without_a_crash(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path, "clerk", heavy="clerk") as office:
        for number in range(3):
            await office.parked()
            office.order(f"{number}", announced=False)
            zygote = office.fleet._zygotes["heavy"]  # the moment cannot be met from outside
            asking = asyncio.ensure_future(zygote.open())
            await asyncio.sleep(0)
            await office.fleet._close_unneeded("heavy")
            await asking
            office.client.publish("clerk.order")
            await office.until_taken(f"{number}")
        assert office.clerk.restarts == 0


async def test_a_crash_under_another_supervisor_wakes_it_for_the_nudge_may_have_died_with_it(
    office: Office, tmp_path: Path
) -> None:
    other = ProcessFleet(
        QUICK,
        logs=tmp_path,
        environment=environment(tmp_path),
        place=place,
        forking=True,
        zygote_of=lambda _: "",
        connect_bus=lambda: connect(office.url, name="other", wait=5),
    )
    wakes = office.clerk.wakes
    await other.start(["steady"])
    await until(partial(office.woken_since, wakes))  # that supervisor may have been killed before
    await office.parked()
    office.order("committed elsewhere", announced=False)
    os.kill(one(other, "steady").pid or 0, signal.SIGKILL)
    await until(lambda: (office.root / "orders" / "committed elsewhere").exists() is False)
    await other.stop()


async def test_an_order_to_restart_gives_a_new_process_and_counts_no_crash(office: Office) -> None:
    steady = one(office.fleet, "steady")
    answer = await office.client.request(CONTROL.of("steady"), msgspec.json.encode(Control("restart")))
    assert msgspec.json.decode(answer.payload, type=Health).pid == steady.pid
    await until(lambda: one(office.fleet, "steady").restarts > steady.restarts)
    await until(lambda: one(office.fleet, "steady").phase is Phase.READY)
    assert one(office.fleet, "steady").pid != steady.pid
    assert not one(office.fleet, "steady").reason


async def test_an_order_to_restart_wakes_a_parked_worker(office: Office) -> None:
    wakes = office.clerk.wakes
    assert (await office.ask("restart")).state == "parked"
    await until(lambda: office.woken_since(wakes))


async def test_a_worker_that_is_down_for_good_is_restarted_by_its_supervisor(tmp_path: Path) -> None:
    async with opened(tmp_path, "refusing") as office:
        await until(lambda: one(office.fleet, "refusing").phase is Phase.REFUSED)
        order = msgspec.json.encode(Control("restart"))
        async with asyncio.timeout(120):
            while True:  # until the supervisor listens
                with contextlib.suppress(NoResponders, TimeoutError):
                    answer = await office.client.request(CONTROL.of("refusing"), order, timeout=0.5)
                    break
        assert msgspec.json.decode(answer.payload, type=Health).state == "starting"
        await until(lambda: one(office.fleet, "refusing").restarts > 0)
        await until(lambda: one(office.fleet, "refusing").phase is Phase.REFUSED)
        with pytest.raises((NoResponders, TimeoutError)):
            await office.client.request(CONTROL.of("refusing"), msgspec.json.encode(Control("report")), timeout=0.5)
