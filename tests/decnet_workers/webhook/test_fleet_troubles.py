# SPDX-License-Identifier: MIT
"""The fleet's own troubles: each told once, with its end, whatever happens to the worker meanwhile."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest

from decnet_core.deckies.orders import Contact, contacts_folder
from decnet_core.events.notices import (
    CertificateExpiring,
    CertificateRenewed,
    DiskLow,
    DiskRecovered,
    Notice,
    WorkerDown,
    WorkerRecovered,
)
from decnet_core.runtime.restarts.policy import Phase
from decnet_core.state import State
from decnet_core.supervise.lifecycle import Status
from decnet_core.supervise.status_file import SupervisorStatus
from decnet_core.timing.durations import SECOND_NS
from decnet_models.database.engine import reading
from decnet_models.notices import queries as notices
from decnet_workers.webhook import fleet_troubles
from decnet_workers.webhook.fleet_troubles import (
    LONGEST_TROUBLED_LOOK_NS,
    LOOK_NS,
    SETTLE_NS,
    TROUBLED_LOOK_NS,
    FleetTroubles,
)

START = 1_800_000_000 * SECOND_NS


class Clock:
    """Stands for the module `time`."""

    now = START

    def time_ns(self) -> int:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(fleet_troubles, "time", made)
    return made


class Watched:
    """A fleet whose troubles are looked at by one process after another."""

    def __init__(self, fleet: Any) -> None:
        self.fleet = fleet
        self.supervisors = fleet.state / "supervisors"
        self.supervisors.mkdir()
        self.restart()

    def restart(self) -> None:
        self.troubles = FleetTroubles(self.fleet.engine, self.fleet.state, self.supervisors)

    def supervised(self, **phases: Phase) -> None:
        workers = tuple(Status(name, phase, reason=f"{name} said \0") for name, phase in phases.items())
        status = SupervisorStatus(os.getpid(), "fork", workers)
        (self.supervisors / "supervisor.x.json").write_bytes(msgspec.json.encode(status))

    def told(self) -> list[Notice]:
        with reading(self.fleet.engine) as connection:
            return [stored.notice for stored in notices.after(connection, 0, 100)]


@pytest.fixture
def watched(fleet: Any, clock: Clock) -> Watched:
    return Watched(fleet)


def test_a_worker_that_is_down_is_told_once_and_its_recovery(watched: Watched, clock: Clock) -> None:
    watched.supervised(ttp=Phase.REFUSED, ingest=Phase.READY, canary=Phase.PARKED)
    assert watched.troubles.look() == START + SETTLE_NS
    assert watched.told() == []
    clock.now = down = START + SETTLE_NS
    assert watched.troubles.look() == down + TROUBLED_LOOK_NS
    assert watched.told() == [WorkerDown(down, "ttp", "cannot start", "ttp said \u2400")]
    watched.supervised(ttp=Phase.CRASH_LOOP)
    watched.restart()
    clock.now = down + 2 * LONGEST_TROUBLED_LOOK_NS - 2 * SECOND_NS
    assert watched.troubles.look() == clock.now + LONGEST_TROUBLED_LOOK_NS - SECOND_NS, "its age, halved"
    clock.now = down + LOOK_NS
    assert watched.troubles.look() == clock.now + LONGEST_TROUBLED_LOOK_NS
    assert len(watched.told()) == 1, "also another process knows that it was told"
    watched.supervised(ttp=Phase.READY)
    clock.now += 1
    assert watched.troubles.look() == clock.now + LOOK_NS
    assert watched.told()[1:] == [WorkerRecovered(clock.now, "ttp", down)]
    watched.troubles.look()
    assert len(watched.told()) == 2


def test_a_worker_that_is_soon_back_is_not_told(watched: Watched, clock: Clock) -> None:
    for phase in (Phase.WAITING, Phase.READY, Phase.WAITING):
        watched.supervised(ttp=phase)
        watched.troubles.look()
        clock.now += SETTLE_NS - 1
    assert watched.told() == []
    watched.troubles.look()
    clock.now += 1
    watched.troubles.look()
    assert [type(notice) for notice in watched.told()] == [WorkerDown]


def test_a_worker_that_is_down_again_is_told_again(watched: Watched, clock: Clock) -> None:
    for phase in (Phase.REFUSED, Phase.READY) * 2:
        watched.supervised(ttp=phase)
        for _ in range(2):
            watched.troubles.look()
            clock.now += SETTLE_NS
    assert [type(notice) for notice in watched.told()] == [WorkerDown, WorkerRecovered] * 2


@pytest.mark.parametrize("content", [b"", b"nonsense", b"{}", b'{"supervisor":1,"workers":[{"name":"x"}]}'])
def test_a_damaged_status_file_is_no_trouble(watched: Watched, content: bytes) -> None:
    (watched.supervisors / "supervisor.x.json").write_bytes(content)
    watched.troubles.look()
    assert watched.told() == []


def test_a_disk_that_is_nearly_full_is_told_until_it_has_clearly_more_room(
    watched: Watched, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    block, gib = 4096, 1 << 30

    def disk(free: int, size: int = 100 * gib) -> None:
        fields = [block, block, size // block, free // block, free // block, 0, 0, 0, 0, 255]
        made = os.statvfs_result(fields)
        monkeypatch.setattr("os.statvfs", lambda _: made)
        for _ in range(2):
            watched.troubles.look()
            clock.now += SETTLE_NS

    disk(gib)
    assert watched.told() == []
    disk(gib - block)
    (low,) = watched.told()
    assert isinstance(low, DiskLow)
    assert (low.disk, low.free, low.size) == (str(watched.fleet.state), gib - block, 100 * gib)
    disk(gib + block)
    assert len(watched.told()) == 1
    disk(2 * gib)
    assert isinstance(watched.told()[1], DiskRecovered)
    disk(300 << 20, 6 * gib)
    assert len(watched.told()) == 3, "of a small disk the twentieth part counts"
    disk(320 << 20, 6 * gib)
    assert len(watched.told()) == 3


def test_a_certificate_that_nobody_renews_is_told(watched: Watched, clock: Clock) -> None:
    soon = START + 6 * 86400 * SECOND_NS
    folder = contacts_folder(watched.fleet.state)
    folder.mkdir(parents=True)

    def contact(name: str, ends: int, *, revoked: bool = False) -> None:
        one = Contact(name, START, connected=True, revoked=revoked, not_after=ends, watched_from=START)
        (folder / f"{name}.json").write_bytes(msgspec.json.encode(one))

    contact("a", soon)
    contact("b", soon, revoked=True)
    contact("c", START + 30 * 86400 * SECOND_NS)
    for _ in range(2):
        watched.troubles.look()
        clock.now += SETTLE_NS
    assert watched.told() == [CertificateExpiring(START + SETTLE_NS, "a", soon)]
    contact("a", START + 90 * 86400 * SECOND_NS)
    watched.troubles.look()
    assert isinstance(watched.told()[1], CertificateRenewed)


async def test_the_worker_tells_it_to_its_endpoints(
    fleet: Any, receiver: Any, start_webhook: Callable[..., Awaitable[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fleet_troubles, "SETTLE_NS", 0)
    folder = State(fleet.state).supervisors
    folder.mkdir(parents=True, exist_ok=True)
    status = SupervisorStatus(os.getpid(), "fork", (Status("decoys", Phase.REFUSED, reason="the port is taken"),))
    (folder / "supervisor.x.json").write_bytes(msgspec.json.encode(status))
    fleet.add(receiver.url)
    await start_webhook()
    await fleet.until(lambda: fleet.states() == ["delivered"])
    data = msgspec.json.decode(receiver.requests[0].body)["data"]
    assert (data["kind"], data["worker"], data["reason"]) == ("worker.down", "decoys", "the port is taken")
