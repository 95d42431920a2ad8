# SPDX-License-Identifier: MIT
"""What the master knows of its sensors, and assignments whose versions only grow."""

from __future__ import annotations

import time
from pathlib import Path

import msgspec
import pytest
from tests.decnet_swarm.swarm_pki import master, sensor

from decnet_core.deckies.orders import Assignment, Contact, Order, Standings, contacts, ordered_file, reported
from decnet_core.timing.durations import SECOND_NS
from decnet_swarm.assignments.child import SealError
from decnet_swarm.assignments.envelope import assignment_in, envelope_in
from decnet_swarm.forwarder.kept_assignment import KeptAssignment
from decnet_swarm.listener.assignments import Assignments
from decnet_swarm.listener.contacts import FRESH_NS, Contacts
from decnet_swarm.listener.fleet import REPORTS_AT_ONCE, REPORTS_PER_SECOND, SensorFleet
from decnet_swarm.pki import bootstrap_ca, files

NAME = "berlin-1"


@pytest.fixture
def state(tmp_path: Path) -> Path:
    master(tmp_path / "master")
    sensor(tmp_path / "master", files.forwarder_folder(tmp_path / NAME), NAME)
    return tmp_path / "master"


def order(state: Path, *names: str) -> None:
    orders = tuple(
        Order(name=name, host_name=name, runtime="loopback", addresses=(), persona="nas", version=1) for name in names
    )
    ordered_file(state, NAME).parent.mkdir(exist_ok=True)
    ordered_file(state, NAME).write_bytes(msgspec.json.encode(Assignment(NAME, orders)))


def names_in(envelope: bytes) -> list[str]:
    found = envelope_in(envelope)
    assert found is not None
    content = assignment_in(found.content)
    assert content is not None
    return [one.name for one in content.deckies]


def test_versions_grow_and_are_kept_while_nothing_changes(state: Path) -> None:
    folder = files.listener_folder(state)
    assignments = Assignments(state, folder)
    assert assignments.newer(NAME, 0) is None, "nothing was ever ordered"
    order(state, "shop")
    first = assignments.newer(NAME, 0)
    assert first is not None
    assert names_in(first[1]) == ["shop"]
    assert Assignments(state, folder).newer(NAME, 0) == first, "another process signs nothing anew"
    assert assignments.newer(NAME, first[0]) is None
    order(state, "shop", "bar")
    second = assignments.newer(NAME, first[0])
    assert second is not None
    assert second[0] > first[0]
    ahead = Assignments(state, folder).newer(NAME, second[0] + 10**18)
    assert ahead is not None, "the sensor has a version that this master has forgotten"
    assert ahead[0] == second[0] + 10**18 + 1
    ordered_file(state, NAME).write_bytes(b"{")
    with pytest.raises(SealError, match="is no assignment"):
        assignments.newer(NAME, 0)


def test_sensor_keeps_what_is_newer_over_restarts_and_refuses_the_rest(state: Path) -> None:
    below = state.with_name(NAME)
    assignments = Assignments(state, files.listener_folder(state))
    kept = KeptAssignment(below, files.forwarder_folder(below), NAME)
    order(state, "shop")
    first = assignments.newer(NAME, kept.version)
    assert first is not None
    assert kept.keep(first[1])
    order(state)
    second = assignments.newer(NAME, kept.version)
    assert second is not None
    assert kept.keep(second[1])
    assert not kept.keep(first[1]), "an older one, though signed"
    again = KeptAssignment(below, files.forwarder_folder(below), NAME)
    assert (again.version, again.deckies) == (second[0], 0)
    assert again.drop()
    assert not again.drop()
    assert (again.version, again.news()) == (0, None)


def test_sensor_that_goes_on_talking_is_never_silent_however_short_that_time_is(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [2_000_000_000 * SECOND_NS]
    monkeypatch.setattr(time, "time_ns", lambda: clock[0])
    made = Contacts(state, files.listener_folder(state), silent_seconds=8, resumed=False)
    for _ in range(20):
        made.heard(NAME)
        made.write((NAME,))
        clock[0] += 2 * SECOND_NS
        assert clock[0] < contacts(state)[NAME].silent_at


def test_contacts_say_who_is_there_and_since_when_nobody_was_heard(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [2_000_000_000 * SECOND_NS]
    monkeypatch.setattr(time, "time_ns", lambda: clock[0])
    folder = files.listener_folder(state)
    made = Contacts(state, folder, silent_seconds=60, resumed=False)
    assert made.write(()) == [NAME]
    assert made.write(()) == [], "no news"
    made.heard(NAME)
    assert made.write((NAME,)) == [NAME]
    clock[0] += FRESH_NS
    made.heard(NAME)
    assert made.write((NAME,)) == [], "only the time is another"
    one = contacts(state)[NAME]
    assert (one.heard_at, one.connected, one.silent_at) == (clock[0], True, clock[0] + 60 * SECOND_NS)
    clock[0] += 1000 * SECOND_NS
    resumed = Contacts(state, folder, silent_seconds=60, resumed=True)
    resumed.write(())
    assert contacts(state)[NAME].silent_at == one.silent_at, "its supervisor listened meanwhile"
    Contacts(state, folder, silent_seconds=60, resumed=False).write(())
    assert contacts(state)[NAME].silent_at == clock[0] + 60 * SECOND_NS, "nobody listened"
    bootstrap_ca.revoke(state, NAME)
    assert resumed.write(()) == [NAME]
    assert contacts(state)[NAME].revoked
    assert resumed.report(NAME, Standings(3))
    assert not resumed.report(NAME, Standings(3))
    assert reported(state, NAME) == Standings(3)
    bootstrap_ca.forget(state, NAME)
    sensor(state, state.with_name("other"), "paris-2")
    resumed.write(())
    assert contacts(state).keys() == {"paris-2"}
    assert reported(state, NAME) is None


def test_a_contact_that_cannot_be_read_is_left_out(state: Path) -> None:
    (state / "sensors").mkdir()
    (state / "sensors" / "x.json").write_bytes(b"\xff")
    (state / "sensors" / "y.json").write_bytes(msgspec.json.encode(Contact("y", 5)))
    assert contacts(state).keys() == {"y"}


async def test_who_reports_without_end_is_read_a_report_a_second(state: Path) -> None:
    now = [1000.0]
    told: list[str] = []
    folder = files.listener_folder(state)

    async def pause(seconds: float) -> None:
        now[0] += seconds

    contacts = Contacts(state, folder, silent_seconds=60, resumed=False)
    fleet = SensorFleet(Assignments(state, folder), contacts, told.append, clock=lambda: now[0], pause=pause)
    for number in range(REPORTS_AT_ONCE + 100):
        await fleet.report(NAME, Standings(number))
    assert now[0] == pytest.approx(1000 + 100 / REPORTS_PER_SECOND)
    await fleet.report("munich-1", Standings(1))
    assert now[0] == pytest.approx(1000 + 100 / REPORTS_PER_SECOND), "no other sensor waits for it"
    assert (len(told), reported(state, NAME)) == (REPORTS_AT_ONCE + 101, Standings(REPORTS_AT_ONCE + 99))
