# SPDX-License-Identifier: MIT
"""The plan on a model of a host: whatever is there, the steps lead to what should be there."""

from __future__ import annotations

import ipaddress

from hypothesis import given
from hypothesis import strategies as st

from decnet_core.placement.desired import DesiredDecky, Endpoint, Service
from decnet_core.placement.plan import Actual, Step, Task, steps, strays, tasks
from decnet_core.placement.runtimes.runtime import Observed

SERVED: frozenset[Endpoint] = frozenset({(ipaddress.ip_address("10.0.0.1"), "tcp", 22)})
NAMES = ("a", "b", "c", "d", "e")


def decky(name: str, *, version: int = 1, wanted: bool = True) -> DesiredDecky:
    return DesiredDecky(
        name=name,
        host_name=name,
        runtime="netns",
        addresses=(ipaddress.ip_interface("10.0.0.1/24"),),
        persona="nas",
        services=(Service("ssh", 22),),
        version=version,
        wanted=wanted,
    )


class Model:
    """A host: the environments, who listens, what is played; a step of one in `broken` fails."""

    def __init__(self, observed: dict[str, Observed], played: dict[str, int], broken: frozenset[str]) -> None:
        self.observed = {name: observed.get(name, Observed(False, ("missing",))) for name in NAMES}
        self.played = dict(played)
        self.broken = broken
        self.least_served = len(self.served())

    def served(self) -> set[str]:
        return {name for name, one in self.observed.items() if one.served and not one.drift and name in self.played}

    def actual(self) -> Actual:
        return Actual(self.observed, dict(self.played))

    def carry_out(self, task: Task) -> bool:
        name = task.decky.name
        for step in task.steps:
            if name in self.broken:
                return False
            one = self.observed[name]
            if step is Step.WITHDRAW:
                self.played.pop(name)
                self.observed[name] = Observed(one.present, one.drift)
            elif step is Step.STOP:
                assert name not in self.played
                self.observed[name] = Observed(False, ("missing",))
            elif step is Step.START:
                self.observed[name] = Observed(True, (), one.served)
            else:
                assert not one.drift, "played where nobody reaches it"
                assert not one.served or name in self.played, "the port is taken"
                self.played[name] = task.decky.version
                self.observed[name] = Observed(one.present, one.drift, SERVED)
            self.least_served = min(self.least_served, len(self.served()))
        return True


@st.composite
def worlds(draw: st.DrawFn) -> tuple[list[DesiredDecky], Model]:
    wanted = draw(st.lists(st.sampled_from(NAMES), unique=True))
    deckies = [decky(name, version=draw(st.integers(1, 2)), wanted=draw(st.booleans())) for name in wanted]
    observed, played = {}, {}
    for name in NAMES:
        present = draw(st.booleans())
        drift = () if present and draw(st.booleans()) else ("something",)
        plays = draw(st.booleans())
        if plays:
            played[name] = draw(st.integers(1, 2))
        observed[name] = Observed(present, drift, SERVED if plays and draw(st.booleans()) else frozenset())
    broken = frozenset(draw(st.lists(st.sampled_from(NAMES), unique=True)))
    return deckies, Model(observed, played, broken)


def as_desired(deckies: list[DesiredDecky], model: Model) -> set[str]:
    """Return the deckies that are what they should be."""
    found = set()
    for one in deckies:
        seen = model.observed[one.name]
        running = seen.served and not seen.drift and model.played.get(one.name) == one.version
        gone = not seen.present and one.name not in model.played
        if running if one.wanted else gone:
            found.add(one.name)
    return found


@given(worlds())
def test_one_round_leads_from_any_state_to_the_desired_one_for_all_that_do_not_fail(
    world: tuple[list[DesiredDecky], Model],
) -> None:
    deckies, model = world
    right_before = as_desired(deckies, model)
    for task in tasks(deckies, model.actual(), waiting={}):
        model.carry_out(task)
    right = as_desired(deckies, model)
    assert {one.name for one in deckies} - model.broken <= right
    assert right_before <= right


@given(worlds())
def test_second_round_has_nothing_to_do(world: tuple[list[DesiredDecky], Model]) -> None:
    deckies, model = world
    model.broken = frozenset()
    for task in tasks(deckies, model.actual(), waiting={}):
        model.carry_out(task)
    assert tasks(deckies, model.actual(), waiting={}) == []


@given(worlds(), st.data())
def test_cut_off_at_any_step_the_next_round_ends_as_desired(
    world: tuple[list[DesiredDecky], Model], data: st.DataObject
) -> None:
    deckies, model = world
    model.broken = frozenset()
    for task in tasks(deckies, model.actual(), waiting={}):
        cut = data.draw(st.integers(0, len(task.steps)))
        model.carry_out(Task(task.decky, task.observed, task.steps[:cut]))
    for task in tasks(deckies, model.actual(), waiting={}):
        model.carry_out(task)
    assert as_desired(deckies, model) == {one.name for one in deckies}


def test_no_port_is_closed_while_the_whole_fleet_changes() -> None:
    model = Model(dict.fromkeys(NAMES, Observed(True, (), SERVED)), dict.fromkeys(NAMES, 1), frozenset())
    for task in tasks([decky(name, version=2) for name in NAMES], model.actual(), waiting={}):
        assert task.steps == (Step.PLAY,)
        model.carry_out(task)
    assert model.least_served == len(NAMES)
    assert set(model.played.values()) == {2}


def test_sockets_of_another_place_are_withdrawn_first() -> None:
    assert steps(decky("a"), Observed(False, ("missing",)), 1) == (Step.WITHDRAW, Step.START, Step.PLAY)


def test_a_decky_that_failed_waits_unless_it_was_changed() -> None:
    model = Model({}, {}, frozenset())
    deckies = [decky("a"), decky("b", version=2)]
    found = tasks(deckies, model.actual(), waiting={"a": 1, "b": 1})
    assert [task.decky.name for task in found] == ["b"]


def test_what_goes_comes_before_what_takes_its_address() -> None:
    model = Model({"b": Observed(True)}, {"b": 1}, frozenset())
    found = tasks([decky("a"), decky("b", wanted=False)], model.actual(), waiting={})
    assert [(task.decky.name, task.steps) for task in found] == [
        ("b", (Step.WITHDRAW, Step.STOP)),
        ("a", (Step.START, Step.PLAY)),
    ]


def test_without_decoys_only_environments_are_made() -> None:
    found = tasks([decky("a")], Actual({"a": Observed(False, ("missing",))}, None), waiting={})
    assert found[0].steps == (Step.START,)
    assert steps(decky("a"), Observed(True), None, reachable=False) == ()


def test_what_serves_itself_is_never_handed_to_decoys() -> None:
    one = decky("a")
    assert steps(one, Observed(False, ("missing",), serves_itself=True), None) == (Step.START,)
    assert steps(one, Observed(True, (), serves_itself=True), None) == ()
    assert steps(one, Observed(True, (), SERVED, serves_itself=True), 1) == (Step.WITHDRAW,)  # it was played before


def test_what_is_played_without_a_row_is_a_stray() -> None:
    assert strays([decky("a")], Actual({}, {"a": 1, "z": 3, "b": 1})) == ["b", "z"]
