# SPDX-License-Identifier: MIT
"""Workers are parked and woken under a trickle of attacks while supervisor, workers and bus are killed at random.

Whatever is killed in whatever state of parking and waking: what attackers were answered is there, once.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import time
from functools import partial
from pathlib import Path

import pytest
from tests.fleet.accepted import settled, until
from tests.fleet.arena import Arena, gone
from tests.fleet.exactly_once_checks import attack_until_all_is_answered, prove

LIVES = 3
"""Of the supervisor; all but the last are ended by SIGKILL."""
SECONDS = 15.0
"""Of attacks and kills in each, or longer: until LEAST workers were killed and LEAST woken."""
LEAST = 3
PATIENCE = 120.0

pytestmark = [pytest.mark.fault, pytest.mark.timeout(600)]


class Killer:
    """Kills what is not parked, and the supervisor, as one seed says."""

    def __init__(self, arena: Arena, seed: int) -> None:
        self.workers = 0
        self.supervisors = 0
        self.wakes = 0
        self._arena = arena
        self._chance = random.Random(seed)

    async def torment(self, seconds: float) -> None:
        """Attack now and then, and kill a worker or the bus in between, wherever it is in its life."""
        deadline, number, killed = time.monotonic() + seconds, 1000 * self.supervisors, self.workers + LEAST
        while time.monotonic() < deadline or self.workers < killed or self._woken() < LEAST:
            attack = asyncio.ensure_future(self._arena.attack(number))
            number += 1
            await asyncio.sleep(self._chance.uniform(0.05, 1.5))
            self._kill_worker()
            await attack
            await asyncio.sleep(self._chance.uniform(0.0, 0.5))  # some are parked meanwhile, some are about to be

    def kill_supervisor(self) -> int:
        """Kill the supervisor, or the zygote that has forked it; return the pid of the supervisor.

        Without its zygote it first ends its workers, and a second fleet on the same state is refused until then.
        """
        report = self._arena.report()
        assert report is not None
        self.wakes += self._woken()
        os.kill(self._chance.choice([report.supervisor, self._arena.supervisor]), signal.SIGKILL)
        self.supervisors += 1
        return report.supervisor

    def _woken(self) -> int:
        report = self._arena.report()
        return sum(status.wakes for status in report.workers) if report else 0

    def _kill_worker(self) -> None:
        report = self._arena.report()
        running = [status.pid for status in report.workers if status.pid] if report else []
        if running:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._chance.choice(running), signal.SIGKILL)
                self.workers += 1


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.torture)])
async def test_everything_is_there_once_whoever_is_killed_while_workers_are_parked_and_woken(
    tmp_path: Path, seed: int
) -> None:
    arena = Arena(tmp_path, besides={"DECNET_RUNTIME_PARK_SECONDS": "0.2"})
    killer = Killer(arena, seed)
    await arena._prepare()
    try:
        for _ in range(LIVES - 1):
            async with arena.supervised():
                await killer.torment(SECONDS)
                supervisor = killer.kill_supervisor()
            await until(partial(gone, supervisor), PATIENCE)
        async with arena.supervised():
            await killer.torment(SECONDS)
            await arena.all_ready()
            await attack_until_all_is_answered(arena, PATIENCE)
            await until(lambda: settled(arena), PATIENCE)
    finally:
        await arena.receiver.close()
    assert (killer.supervisors, killer.workers > 5, killer.wakes > 5) == (LIVES - 1, True, True)
    prove(arena, tmp_path)
