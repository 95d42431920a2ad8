# SPDX-License-Identifier: MIT
"""What deckies need on the host, made and removed for several at once."""

from __future__ import annotations

import ipaddress
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from tests.decnet_core.placement.lan import FLEET, Lan, decky, needs_root

from decnet_core.placement.desired import DesiredDecky, Endpoint
from decnet_core.placement.environments import MOST_AHEAD, Environments, batches
from decnet_core.placement.plan import Actual, Step, Task, tasks
from decnet_core.placement.runtimes.netns import Netns
from decnet_core.placement.runtimes.runtime import Observed, RuntimeFailed

SERVED: frozenset[Endpoint] = frozenset({(ipaddress.ip_address("10.0.0.1"), "tcp", 22)})
NETWORK = "10.77.0.{}/24"


@given(st.lists(st.tuples(st.booleans(), st.booleans()), max_size=3 * MOST_AHEAD))
def test_batches_are_the_tasks_in_their_order_and_change_one_served_decky_at_a_time(
    kinds: list[tuple[bool, bool]],
) -> None:
    deckies = [decky(f"d-{place}", wanted=wanted) for place, (wanted, _) in enumerate(kinds)]
    observed = {
        one.name: Observed(True, ("something",), SERVED if served else frozenset())
        for one, (_, served) in zip(deckies, kinds, strict=True)
    }
    planned = tasks(deckies, Actual(observed, {}), waiting={})
    found = list(batches(planned))
    assert [task for batch in found for task in batch] == planned
    assert all(len(batch) <= MOST_AHEAD for batch in found)
    for batch in found:
        assert len({task.decky.wanted for task in batch}) == 1
        changed = [task for task in batch if task.decky.wanted and task.observed.served]
        assert not changed or len(batch) == 1
    for first, second in pairwise(found):
        kind = {(task.decky.wanted, bool(task.observed.served and task.decky.wanted)) for task in (*first, *second)}
        assert len(first) == MOST_AHEAD or len(kind) == 2 or kind == {(True, True)}, "together, and were not"


def _together(network: Lan, deckies: list[DesiredDecky], step: Step) -> dict[str, str]:
    """Do it for all of them; return what became of those that failed."""
    failed: dict[str, str] = {}

    def work() -> None:
        with Environments({"netns": Netns(network.deckies, FLEET)}) as environments:
            planned = [Task(one, Observed(False), (step,)) for one in deckies]
            for task in planned:
                environments.begin(task)
            for task in planned:
                try:
                    environments.finish(task)
                except RuntimeFailed as error:
                    failed[task.decky.name] = str(error)

    network.host(work)
    return failed


@needs_root
def test_of_several_at_once_each_has_its_own_namespace_and_its_own_trouble(network: Lan) -> None:
    deckies = [decky(f"web-{number}", NETWORK.format(number), mac=None) for number in range(10, 22)]
    deckies.append(decky("lost", NETWORK.format(99), interface="br9"))
    before, runtime = network.network(), Netns(network.deckies, FLEET)
    assert _together(network, deckies, Step.START) == {"lost": "this host has no interface br9"}
    looked = network.host(runtime.inspect, deckies)
    assert {name for name, one in looked.items() if one.drift} == {"lost"}
    assert _together(network, deckies, Step.STOP) == {}
    assert network.network() == before


@needs_root
def test_nothing_is_under_way_when_a_round_has_ended(network: Lan) -> None:
    runtime = Netns(network.deckies, FLEET)
    deckies = [decky(f"web-{number}", NETWORK.format(number), mac=None) for number in range(10, 40)]

    def work() -> tuple[dict[str, Observed], dict[str, Observed]]:
        with Environments({"netns": runtime}) as environments:
            for one in deckies:
                environments.begin(Task(one, Observed(False), (Step.START,)))
        return runtime.inspect(deckies), runtime.inspect(deckies)

    first, second = network.host(work)
    assert first == second
    assert all(not one.drift for one in first.values() if one.present)
