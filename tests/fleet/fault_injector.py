# SPDX-License-Identifier: MIT
"""What the torture does to a fleet: kills, pauses, memory hogs, no more processes, reloads, and a clock that jumps.

What is done and to whom comes from one seed, so that a run can be repeated; when it happens is up to the machine.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import struct
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from tests.fleet.accepted import until
from tests.fleet.arena import Arena, as_user
from tests.fleet.installed import install

from decnet_core.runtime.restarts.policy import Phase
from decnet_core.supervise.lifecycle import Status

TORTURED = Path(__file__).parent / "tortured"
WATCHDOG_SECONDS = 10.0
SUPERVISION = f"watchdog_seconds = {WATCHDOG_SECONDS}\nbudget_check_seconds = 1.0"
REFUSED = ("refusing", "broken")
"""The workers that never start; all others are to be ready whenever the torture pauses."""
PATIENCE = 240.0

DAY = 86400
_JUMPS = (-DAY, -3600, -90, 0, 90, 3600, DAY)
"""Seconds from the true time."""
_DECK = ("kill",) * 6 + ("pause",) * 3 + ("pause_parent", "starve", "jump", "jump", "reload", "hang", "hold_up")


def workers_besides(root: Path) -> dict[str, str]:
    """Install the workers with faults; return what the fleet's environment needs for them."""
    clock = root / "clock"
    clock.write_bytes(struct.pack("q", 0))
    places = {
        "hog": "tortured_workers:Hog",
        "refusing": "tortured_workers:Refusing",
        "broken": "a_module_that_is_missing:Worker",
    }
    site = install(root / "site", places, {})["PYTHONPATH"]
    return {"PYTHONPATH": f"{site}:{TORTURED}", "DECNET_TEST_CLOCK_OFFSET": str(clock)}


class FaultInjector:
    """Torments the fleet of `arena`, which has the workers of `workers_besides`."""

    def __init__(self, arena: Arena, seed: int) -> None:
        self.done: Counter[str] = Counter()
        self._arena = arena
        self._chance = random.Random(seed)
        self._hogging = random.Random(seed + 1)
        self._paused: set[asyncio.Task[None]] = set()

    async def torment(self, seconds: float) -> None:
        """Do one thing after the other, each kind at least once, for `seconds`; then heal what does not heal itself."""
        deadline = time.monotonic() + seconds
        hogging = asyncio.ensure_future(self._hog_until(deadline))
        try:
            while time.monotonic() < deadline:
                for deed in self._chance.sample(_DECK, len(_DECK)):
                    await asyncio.sleep(self._chance.uniform(0.05, 0.5))
                    await getattr(self, f"_{deed}")()
                    self.done[deed] += 1
            await hogging
            if self._paused:
                await asyncio.wait(self._paused)
        finally:
            hogging.cancel()
            self._set_clock(0)

    async def reload(self) -> None:
        """Have every worker replaced, and wait until that is done; the zygote's pages are then its own."""
        await until(self.whole, PATIENCE)
        before = self._pids()
        _signal(self._arena.supervisor, signal.SIGHUP)
        await until(lambda: self.whole() and not before & self._pids(), PATIENCE)

    def _pids(self) -> set[int]:
        return {status.pid for status in self.statuses().values() if status.pid is not None}

    def statuses(self) -> Mapping[str, Status]:
        """What the supervisor says of each worker."""
        report = self._arena.report()
        return {status.name: status for status in report.workers} if report is not None else {}

    def whole(self) -> bool:
        """Whether every worker is ready but those that never can be."""
        phases = {name: status.phase for name, status in self.statuses().items()}
        refused = {phases.pop(name, None) for name in REFUSED}
        return bool(phases) and set(phases.values()) <= {Phase.READY, Phase.PARKED} and refused == {Phase.REFUSED}

    def parents(self) -> tuple[int, ...]:
        """The supervisor, and the zygote where there is one."""
        report = self._arena.report()
        assert report is not None
        return tuple(report.parents.values())

    def left_in_order(self) -> set[int]:
        """The hogs that left because they were asked to."""
        return _pids_in(self._arena.state / "hog.left")

    def refusals(self) -> int:
        """How often the worker that refuses was started."""
        return len(_pids_in(self._arena.state / "refusing.started"))

    def _victim(self) -> Status:
        """One of the real workers; the hog is to go in order, so that it can be seen that it does."""
        names = sorted(name for name in self.statuses() if name not in (*REFUSED, "hog"))
        return self.statuses()[self._chance.choice(names)]

    async def _kill(self) -> None:
        _signal(self._victim().pid, signal.SIGKILL)

    async def _pause(self) -> None:
        self._pause_for(self._victim().pid, self._chance.uniform(0.1, 3.0))

    async def _hang(self) -> None:
        """Pause a worker for longer than the watchdog waits."""
        self._pause_for(self._victim().pid, 1.5 * WATCHDOG_SECONDS)

    async def _pause_parent(self) -> None:
        self._pause_for(self._chance.choice(self.parents()), self._chance.uniform(0.1, 3.0))

    async def _hold_up(self) -> None:
        """Pause a parent for longer than it would wait for a worker's sign of life."""
        self._pause_for(self._chance.choice(self.parents()), 1.5 * WATCHDOG_SECONDS)

    async def _starve(self) -> None:
        """Kill a worker while no parent can fork; root would be exempt, so the fleet is another's."""
        victim, (supervisor, *zygotes) = self._victim(), self.parents()
        forking = {pid: _limit_processes(self._arena.user, pid, 0) for pid in zygotes or [supervisor]}
        try:
            await until(lambda: self._cannot_be_forked(victim.name), PATIENCE)
        finally:
            for pid, before in forking.items():
                _limit_processes(self._arena.user, pid, before)

    def _cannot_be_forked(self, name: str) -> bool:
        status = self.statuses()[name]
        if status.phase is Phase.READY:
            _signal(status.pid, signal.SIGKILL)
        return "cannot start a process" in status.reason

    async def _jump(self) -> None:
        self._set_clock(self._chance.choice(_JUMPS))

    async def _reload(self) -> None:
        """Load the code anew, and once more before that is done."""
        for _ in range(2):
            _signal(self._arena.supervisor, signal.SIGHUP)
            await asyncio.sleep(self._chance.uniform(0.0, 0.3))

    async def _hog_until(self, deadline: float) -> None:
        while time.monotonic() < deadline:
            await self._hog()
            self.done["hog"] += 1
            await asyncio.sleep(self._hogging.uniform(0.5, 10.0))

    async def _hog(self) -> None:
        """Have the hog take more memory than it declared, and wait until it has left in order."""
        (self._arena.state / "hog.please").touch()
        await until(lambda: not (self._arena.state / "hog.please").exists(), PATIENCE)
        pid = self.statuses()["hog"].pid
        await until(lambda: pid in self.left_in_order(), PATIENCE)

    def _pause_for(self, pid: int | None, seconds: float) -> None:
        if pid is not None and pid not in {int(task.get_name()) for task in self._paused}:
            task = asyncio.create_task(_pause(pid, seconds), name=str(pid))
            self._paused.add(task)
            task.add_done_callback(self._paused.discard)

    def _set_clock(self, seconds: int) -> None:
        with (self._arena.root / "clock").open("r+b") as file:
            file.write(struct.pack("q", seconds * 1_000_000_000))


async def _pause(pid: int, seconds: float) -> None:
    with contextlib.suppress(ProcessLookupError):
        descriptor = os.pidfd_open(pid)
        try:
            signal.pidfd_send_signal(descriptor, signal.SIGSTOP)
            await asyncio.sleep(seconds)
            signal.pidfd_send_signal(descriptor, signal.SIGCONT)
        finally:
            os.close(descriptor)


def _signal(pid: int | None, number: int) -> None:
    if pid is not None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


_LIMIT = """
import resource, sys
pid, soft = int(sys.argv[1]), int(sys.argv[2])
before, hard = resource.prlimit(pid, resource.RLIMIT_NPROC)
resource.prlimit(pid, resource.RLIMIT_NPROC, (soft, hard))
print(before)
"""


def _limit_processes(user: int | None, pid: int, soft: int) -> int:
    """Set how many processes its user may have if `pid` is to fork (RLIMIT_NPROC of getrlimit(2)); return the former.

    Its own user may; root may not where it has no CAP_SYS_RESOURCE, as in a container.
    """
    command = [*as_user(user), sys.executable, "-c", _LIMIT, str(pid), str(soft)]
    return int(subprocess.run(command, capture_output=True, check=True, text=True, timeout=60).stdout)


def _pids_in(path: Path) -> set[int]:
    return {int(line) for line in path.read_text().split()} if path.exists() else set()
