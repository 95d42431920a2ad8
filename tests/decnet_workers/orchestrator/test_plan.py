# SPDX-License-Identifier: MIT
"""The plan: the same whenever it is made, nobody at night, no two deckies in step."""

from __future__ import annotations

import datetime as dt
from email.utils import parsedate_to_datetime
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.decnet_workers.orchestrator.fleets import BOTH, OFFICE, decky, hosts

from decnet_core.timing.durations import DAY_NS, SECOND_NS
from decnet_models.fleet.queries import Address, Service
from decnet_models.realism.queries import Action
from decnet_workers.orchestrator.plan import Host, Rates, can_connect, sessions_between
from decnet_workers.orchestrator.scripts import DatabaseScript, FilesScript, MailScript, ShellScript, WebScript
from decnet_workers.orchestrator.working_hours import shift_on

MONDAY = int(dt.datetime(2026, 11, 30, tzinfo=dt.UTC).timestamp()) * SECOND_NS
RATES = Rates(sessions=8.0)
WEEKS = 7 * DAY_NS


def week(of: list[Host], rates: Rates = RATES, start: int = MONDAY) -> list[Action]:
    return sessions_between(of, of, rates, (start, start + WEEKS))


@given(
    st.sampled_from(("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe")),
    st.tuples(st.integers(0, 1440), st.integers(0, 1440), st.integers(0, 127)),
    st.integers(0, 2**53 - 1),
    st.integers(0, 400),
)
def test_nobody_is_there_outside_working_hours(zone: str, hours: tuple[int, int, int], seed: int, day: int) -> None:
    start, end, days = hours
    persona = msgspec.structs.replace(OFFICE, timezone=zone, work_from=start, work_until=end, work_days=days)
    fleet = [Host(decky(1, seed=seed), persona), Host(decky(2, seed=seed + 1), persona)]
    first = MONDAY + day * DAY_NS
    today = dt.datetime.fromtimestamp(first / SECOND_NS, dt.UTC).date()
    shifts = [shift for index in range(-2, 4) if (shift := shift_on(persona, today + dt.timedelta(index)))]
    for action in sessions_between(fleet, fleet, RATES, (first, first + DAY_NS)):
        assert first <= action.due_at < first + DAY_NS
        assert any(shift.start <= action.due_at < shift.end for shift in shifts)


@given(st.integers(0, 2**53 - 1), st.lists(st.integers(0, WEEKS), min_size=1, max_size=6))
def test_a_plan_made_in_parts_is_the_plan_made_at_once(seed: int, cuts: list[int]) -> None:
    fleet = [Host(decky(1, seed=seed), OFFICE), *hosts(3)[1:]]
    whole = week(fleet)
    edges = [MONDAY, *sorted(MONDAY + cut for cut in cuts), MONDAY + WEEKS]
    assert [
        one for start, end in pairwise(edges) for one in sessions_between(fleet, fleet, RATES, (start, end))
    ] == whole
    assert len({action.id for action in whole}) == len(whole)


def test_a_change_of_the_fleet_moves_nobody_elses_times() -> None:
    before, after = week(hosts(5)), week(hosts(9))
    times = {action.id: action.due_at for action in after}
    assert all(times[action.id] == action.due_at for action in before)


def test_siblings_are_not_in_step() -> None:
    actions = week(hosts(40))
    by_decky: dict[str, list[int]] = {}
    for action in actions:
        by_decky.setdefault(action.decky, []).append(action.due_at // SECOND_NS)
    assert len(by_decky) == 40
    assert len({tuple(times) for times in by_decky.values()}) == 40
    shared = len(actions) - len({action.due_at // (60 * SECOND_NS) for action in actions})
    assert shared < len(actions) / 2  # 40 deckies in step would share all but a fortieth
    assert len({msgspec.json.encode(action.body) for action in actions}) > len(actions) * 0.95


def test_deckies_without_seeds_are_told_apart_by_their_names() -> None:
    fleet = [Host(decky(number, seed=0), OFFICE) for number in (1, 2, 3)]
    times = {action.decky: action.due_at for action in week(fleet)}
    assert len(set(times.values())) == 3


def test_there_are_about_as_many_sessions_as_the_setting_says() -> None:
    actions = week(hosts(60))
    per_shift = len(actions) / 60 / 5
    assert 7 < per_shift < 11  # nine hours, some absences
    hours = [action.due_at // SECOND_NS % 86400 // 3600 for action in actions]
    assert hours.count(12) < hours.count(10)  # the break
    assert week(hosts(3), Rates(sessions=0.0)) == []


def test_sessions_go_between_deckies_that_this_host_can_connect() -> None:
    inside = Host(decky(7, runtime="netns"), OFFICE)
    six = Host(decky(8, addresses=(Address("::1"),)), OFFICE)
    silent = Host(decky(9, services=(Service("modbus", 502),)), OFFICE)
    actions = week([*hosts(3), inside, six, silent])
    assert {action.decky for action in actions} == {"host-01", "host-02", "host-03"}
    assert {action.peer for action in actions} <= {"host-01", "host-02", "host-03", "host-09"}
    assert all(action.peer != action.decky for action in actions)


@pytest.mark.parametrize(("interface", "can"), [("br0", True), ("br1", False)])
def test_deckies_in_namespaces_reach_one_another_on_one_interface_only(interface: str, *, can: bool) -> None:
    one, other = (
        Host(decky(number, runtime="netns", interface=each, addresses=(Address(f"10.77.0.{number}", 24),)), OFFICE)
        for number, each in ((1, "br0"), (2, interface))
    )
    assert can_connect(one, other) == can


def test_each_script_is_one_that_its_client_can_follow() -> None:
    for action in week(hosts(10)):
        if action.protocol == "http":
            web = msgspec.convert(action.body, WebScript)
            assert len(web.pauses) == len(web.choices) == web.pages
        else:
            shell = msgspec.convert(action.body, ShellScript)
            assert len(shell.lines) == len(shell.pauses)
            assert shell.user in ("root", "deploy")
            assert sum(shell.pauses) < 100


EVERY = (Service("ftp", 21), Service("mysql", 3306), Service("smtp", 25))
SHOP = {
    **OFFICE.body,
    "services": {
        "mysql": {"accounts": {"root": [""], "shop": ["x"]}, "databases": {"shop": {"orders": {"columns": ["id"]}}}},
        "smtp": {"domains": ["shop.example"]},
    },
}


def test_mail_files_and_databases_are_used_as_the_persona_has_them() -> None:
    actions = week(hosts(6, msgspec.structs.replace(OFFICE, body=SHOP), services=EVERY))
    assert {action.protocol for action in actions} == {"ftp", "mysql", "smtp"}
    files = [msgspec.convert(one.body, FilesScript) for one in actions if one.protocol == "ftp"]
    assert {one.user for one in files} == {"deploy"}  # root has no FTP
    assert all(len(one.pauses) == len(one.choices) > 1 for one in files)
    asked = [msgspec.convert(one.body, DatabaseScript) for one in actions if one.protocol == "mysql"]
    assert {one.user for one in asked} == {"shop"}
    assert any("FROM shop.orders LIMIT" in line for one in asked for line in one.statements)
    assert all(len(one.pauses) == len(one.statements) for one in asked)


def test_each_mail_is_from_its_machine_in_its_moment_and_another_one() -> None:
    fleet = hosts(6, msgspec.structs.replace(OFFICE, body=SHOP), services=EVERY[2:])
    actions = week(fleet)
    mails = [msgspec.convert(one.body, MailScript) for one in actions]
    assert len({one.text for one in mails}) == len(mails) > 100
    for action, one in zip(actions, mails, strict=True):
        assert one.host == action.peer == one.sender.partition("@")[2]
        assert one.recipient in ("root@shop.example", "deploy@shop.example")
        date = parsedate_to_datetime(one.text.partition("\n")[0].removeprefix("Date: "))
        assert int(date.timestamp()) == action.due_at // SECOND_NS
        assert f"\nTo: <{one.recipient}>\n" in one.text
        assert "{" not in one.text


def test_nobody_logs_in_to_a_machine_without_accounts() -> None:
    appliance = msgspec.structs.replace(OFFICE, body={"users": []})
    assert {action.protocol for action in week(hosts(4, appliance, services=(*BOTH, *EVERY)))} == {"http", "smtp"}
