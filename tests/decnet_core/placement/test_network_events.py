# SPDX-License-Identifier: MIT
"""What happens to interfaces and addresses wakes the reconciler, on the host and in a decky's namespace."""

from __future__ import annotations

import asyncio
import select
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.decnet_core.placement.lan import FLEET, Lan, decky, needs_root

from decnet_core.bus.memory import MemoryBus
from decnet_core.placement.network_events import NAME, NetworkEvents
from decnet_core.placement.runtimes.namespaces import Namespaces
from decnet_core.placement.runtimes.netns import Netns
from decnet_core.placement.surroundings import surroundings
from decnet_core.runtime.context import Context
from decnet_core.settings import Settings
from decnet_core.state import State

pytestmark = needs_root


@pytest.fixture
def ctx(tmp_path: Path) -> Context:
    state, settings = State(tmp_path / "state"), Settings({}, {}, "none")
    return Context(worker="reconciler", state=state, sensor="s", settings=settings, bus=MemoryBus())


@pytest.fixture(params=["br0", "port0"])
def parent(network: Lan, request: pytest.FixtureRequest) -> Iterator[str]:
    """An interface of the host with a decky on it: a veth on the bridge, or a macvlan."""
    if request.param == "port0":
        network.ip("link", "set", "port0", "nomaster")
    runtime, one = Netns(network.deckies, FLEET), decky(interface=request.param)
    network.host(runtime.start, one)
    yield request.param
    network.host(runtime.stop, one)


async def nudged(ctx: Context) -> None:
    await asyncio.wait_for(ctx.nudged(300), 120)


@pytest.mark.parametrize("where", ["host", "decky"])
async def test_a_change_nudges_once_and_is_forgotten_by_the_next_look(
    network: Lan, parent: str, where: str, ctx: Context
) -> None:
    events = NetworkEvents(ctx)
    network.host(events.need, True)
    await nudged(ctx)  # of the opening itself
    events.forget()
    words = ("address", "add", "10.77.0.99/24", "dev")
    if where == "host":
        network.ip(*words, parent)
    else:
        namespaces = Namespaces(network.deckies, f"decnet-{FLEET}-")
        namespaces.enter("web-01", lambda: subprocess.run(["ip", *words, "eth0"], check=True))
    await nudged(ctx)
    held = ctx.parking.sockets[NAME]
    assert select.select([held], [], [], 0)[0], "the supervisor would not see it while the worker is being parked"
    events.forget()
    assert not select.select([held], [], [], 0)[0]
    events.need(False)
    assert not ctx.parking.sockets


def test_surroundings_differ_when_the_interface_or_an_address_does(network: Lan) -> None:
    deckies = [decky("one"), decky("two", "10.77.0.20/24", runtime="host"), decky("three", interface="port0")]
    before = network.host(surroundings, deckies)
    assert network.host(surroundings, deckies) == before
    network.ip("address", "add", "10.77.0.20/24", "dev", "br0")
    after = network.host(surroundings, deckies)
    assert {name for name in before if before[name] != after[name]} == {"two"}
    network.ip("link", "set", "br0", "down")
    later = network.host(surroundings, deckies)
    assert {name for name in after if after[name] != later[name]} == {"one", "two"}
