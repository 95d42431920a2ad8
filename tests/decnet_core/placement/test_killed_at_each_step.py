# SPDX-License-Identifier: MIT
"""SIGKILL before each change that makes or removes a decky: the next look mends it, and nothing is left."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import pytest
from tests.decnet_core.placement.killed_at_step import one_decky
from tests.decnet_core.placement.lan import FLEET, Lan, needs_root

from decnet_core.placement.runtimes.netns import Netns

pytestmark = [needs_root, pytest.mark.fault]

PROGRAM = "tests.decnet_core.placement.killed_at_step"
MOST_CHANGES = 100


def is_killed(network: Lan, action: str, number: int) -> bool:
    """Do it in another process, which is killed at the change of that number; False when there are not so many."""
    done = network.run("host", sys.executable, "-m", PROGRAM, str(network.deckies), action, str(number))
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return done.returncode != 0


@pytest.mark.timeout(300)
def test_decky_that_was_cut_off_while_it_was_made_is_completed_or_removed(
    network: Lan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(Path(__file__).parents[3])
    before, runtime, one = network.network(), Netns(network.deckies, FLEET), one_decky()
    for number in range(1, MOST_CHANGES):
        killed = is_killed(network, "start", number)
        if number % 2:
            network.host(runtime.start, one)
            assert network.host(runtime.inspect, [one])[one.name].drift == ()
            network.host(runtime.stop, one)
        else:
            for mark in network.host(runtime.orphans, []):
                network.host(runtime.remove, mark)
        assert network.network() == before, f"after a kill at change {number}"
        if not killed:
            break
    assert 10 < number < MOST_CHANGES


@pytest.mark.timeout(300)
def test_decky_that_was_cut_off_while_it_was_removed_is_gone_after_the_next_look(
    network: Lan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(Path(__file__).parents[3])
    before, runtime, one = network.network(), Netns(network.deckies, FLEET), one_decky()
    for number in range(1, MOST_CHANGES):
        network.host(runtime.start, one)
        killed = is_killed(network, "stop", number)
        for mark in network.host(runtime.orphans, []):
            network.host(runtime.remove, mark)
        assert network.network() == before, f"after a kill at change {number}"
        if not killed:
            break
    assert 2 < number < MOST_CHANGES
