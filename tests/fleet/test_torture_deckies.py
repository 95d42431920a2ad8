# SPDX-License-Identifier: MIT
"""Deckies on a LAN while `reconciler` and `decoys` are killed: the fleet ends as desired, and nothing is left of it."""

from __future__ import annotations

import os
import random
import signal
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.fleet.test_drill import processes_of

from decnet.drill.lan import clients
from decnet.drill.lan.fleet import PORTS, deploy, fleet
from decnet.drill.lan.machines import lan

SEED = int(os.environ.get("DECNET_TORTURE_SEED", "0")) or random.SystemRandom().randrange(1 << 31)
COUNT = 30
KILLS = 4
"""Of each of the two workers in each phase: a supervisor waits longer after each."""
SETTLED_SECONDS = 180.0

pytestmark = [
    pytest.mark.torture,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(os.geteuid() != 0, reason="makes network namespaces: needs root"),
]


@contextmanager
def killing(mark: str, chance: random.Random) -> Iterator[list[str]]:
    """Kill both workers again and again while inside."""
    done: list[str] = []
    over = threading.Event()

    def kill() -> None:
        while len(done) < 2 * KILLS and not over.wait(chance.uniform(0.05, 1.5)):
            name = chance.choice(("decnet-reconcil", "decnet-decoys"))
            for pid in processes_of(mark):
                try:
                    if Path(f"/proc/{pid}/comm").read_text().strip() == name:
                        os.kill(pid, signal.SIGKILL)
                        done.append(name)
                except OSError:  # it has ended meanwhile
                    continue

    thread = threading.Thread(target=kill)
    thread.start()
    try:
        yield done
        # The time in which most steps are done is after the command; and after the kills of an earlier phase a
        # supervisor may wait so long that until then there is nothing to kill.
        began = time.monotonic()
        while time.monotonic() < began + 5 or not (done or time.monotonic() > began + SETTLED_SECONDS):
            time.sleep(0.1)
    finally:
        over.set()
        thread.join()


def test_fleet_ends_as_desired_whenever_its_workers_are_killed() -> None:
    chance = random.Random(SEED)
    with tempfile.TemporaryDirectory(prefix="decnet-", ignore_cleanup_errors=True) as name, lan(Path(name)) as made:
        before, directory = made.host_network(), Path(name)
        with fleet(made, directory, "netns"):
            for count in (COUNT, COUNT // 2, COUNT):
                with killing(name, chance) as kills:
                    deploy(made, directory, "netns", count)
                assert kills
                ports = [(f"10.77.1.{number}", port) for number in range(1, count + 1) for port in PORTS.values()]
                found = clients.until_all_answer(made, ports, SETTLED_SECONDS)
                assert found.holds, f"seed {SEED}: {found.detail}"
            with killing(name, chance):
                deploy(made, directory, "netns", 0)
            deadline = time.monotonic() + SETTLED_SECONDS
            while made.host_network() != before:
                assert time.monotonic() < deadline, f"seed {SEED}: {made.host_network()}"
                time.sleep(0.5)
