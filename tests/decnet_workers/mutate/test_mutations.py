# SPDX-License-Identifier: MIT
"""The worker's transactions on real databases."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from sqlalchemy import text
from tests.decnet_workers.mutate.changing_fleet import NS, QUIET, START, Fleet

from decnet_core.events.envelope import Event
from decnet_models.database.engine import open_engine, writing
from decnet_models.database.ownership import guard
from decnet_models.events.queries import insert_events
from decnet_models.fleet import change_log, mutation_policies, queries
from decnet_models.fleet.change_log import ChangeInfo
from decnet_models.fleet.queries import Decky, Service
from decnet_models.progress.queries import begin_cursor, move_cursor
from decnet_workers.mutate import change as changes
from decnet_workers.mutate import schedule
from decnet_workers.mutate.mutations import Mutations

ACTIVITY = "decnet_workers.mutate.mutations.activity"
HOUR = 3600 * NS
DAY = 24 * HOUR


def test_a_decky_with_a_policy_is_changed_when_its_time_has_come_and_gets_another(fleet: Fleet) -> None:
    at = fleet.due()
    before = fleet.decky()
    assert START + DAY // 2 <= at <= START + DAY
    assert fleet.at(at - 1).outcomes == {}
    report = fleet.at(at)
    after = fleet.decky()
    assert report.outcomes == {"changed": 1}
    assert (after.version, after.services != before.services) == (2, True)
    assert after.mutate_at == report.next_at == schedule.next_at(after, mutation_policies.Policy("one", 86400), at)
    assert fleet.kinds() == ["mutated", "added"]
    assert fleet.at(at).outcomes == {}
    assert fleet.decky("two").version == 1  # which has no policy


def test_the_record_of_a_change_has_both_deckies_and_who_made_it(fleet: Fleet) -> None:
    fleet.at(fleet.due())
    made, _ = fleet.do(change_log.history, "one")
    assert (made.actor, made.version, made.ts) == ("mutate", 2, fleet.now)
    assert msgspec.convert(made.after, Decky) == fleet.decky()
    assert made.before is not None
    assert made.before["version"] == 1


def test_a_decky_that_somebody_touched_lately_waits_until_it_was_quiet(fleet: Fleet) -> None:
    at = fleet.due()
    fleet.visit(at - QUIET * NS)
    assert fleet.at(at).outcomes == {"postponed": 1}
    assert (fleet.decky().version, fleet.decky().mutate_at) == (1, at + QUIET * NS)
    fleet.visit(at + 5 * NS)
    assert fleet.at(at + QUIET * NS).outcomes == {"postponed": 1}
    assert fleet.at(at + 2 * QUIET * NS).outcomes == {"changed": 1}


def test_a_visitor_elsewhere_is_no_reason_to_wait(fleet: Fleet) -> None:
    at = fleet.due()
    fleet.visit(at, "two")
    assert fleet.at(at).outcomes == {"changed": 1}


def test_what_the_profiler_has_not_handled_yet_counts_too(
    fleet: Fleet, make_events: Callable[..., list[Event]]
) -> None:
    at = fleet.due()
    fleet.do(begin_cursor, "profiler", now_ns=1)
    fleet.do(insert_events, make_events(2, decky="one") + make_events(1, decky="two", synthetic=True))
    assert fleet.at(at).outcomes == {"postponed": 1}
    fleet.do(move_cursor, "profiler", 2, now_ns=1)
    assert fleet.at(at + QUIET * NS).outcomes == {"changed": 1}


def test_synthetic_life_is_nobody(fleet: Fleet, make_events: Callable[..., list[Event]]) -> None:
    at = fleet.due()
    fleet.do(insert_events, make_events(2, decky="one", synthetic=True))
    assert fleet.at(at).outcomes == {"changed": 1}


def test_nothing_is_changed_while_the_profiler_is_far_behind(
    fleet: Fleet, make_events: Callable[..., list[Event]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "_MOST_UNHANDLED", 3)
    at = fleet.due()
    fleet.do(insert_events, make_events(3, decky="two"))
    assert fleet.at(at).outcomes == {"postponed": 1}
    fleet.do(begin_cursor, "profiler", now_ns=1)
    fleet.do(move_cursor, "profiler", 1, now_ns=1)
    assert fleet.at(at + QUIET * NS).outcomes == {"changed": 1}


def test_a_persona_stays_once_somebody_has_logged_in(fleet: Fleet) -> None:
    at = fleet.due(services=(), personas=("shop",))
    fleet.visit(at - DAY, accepted=1)
    assert fleet.at(at).outcomes == {"unchangeable": 1}
    fleet.visit(at - DAY, accepted=0)
    next_at = fleet.decky().mutate_at
    assert next_at is not None
    assert fleet.at(next_at).outcomes == {"changed": 1}
    assert fleet.decky().persona == "shop"


def test_a_decky_is_changed_within_its_window_only(fleet: Fleet) -> None:
    midnight = START - START % DAY + DAY
    fleet.now = midnight
    fleet.due(every=60, window_from=60, window_until=120)
    one = fleet.decky()
    fleet.do(mutation_policies.schedule_mutation, one, midnight)  # by an earlier policy
    assert fleet.at(midnight + 59 * 60 * NS).outcomes == {"postponed": 1}
    at = fleet.decky().mutate_at
    assert at is not None
    assert midnight + HOUR <= at < midnight + 2 * HOUR
    assert fleet.at(at).outcomes == {"changed": 1}


def test_after_a_jump_of_the_clock_not_all_deckies_change_at_once(fleet: Fleet) -> None:
    fleet.due("one")
    fleet.due("two")
    assert fleet.at(START + 400 * DAY).outcomes == {"postponed": 2}
    times = [fleet.decky(name).mutate_at or 0 for name in ("one", "two")]
    assert all(0 < at - fleet.now <= HOUR for at in times)
    assert times[0] != times[1]
    assert fleet.at(max(times)).outcomes == {"changed": 2}


def test_a_time_that_a_clock_ahead_has_set_is_drawn_anew(fleet: Fleet) -> None:
    fleet.now = START + 400 * DAY
    fleet.due()
    fleet.at(START)
    at = fleet.decky().mutate_at
    assert at is not None
    assert START < at <= START + DAY


def test_a_policy_that_cannot_be_read_is_one_deckys_trouble(fleet: Fleet, caplog: pytest.LogCaptureFixture) -> None:
    fleet.due("one")
    fleet.due("two")
    at = max(fleet.decky(name).mutate_at or 0 for name in ("one", "two"))
    with writing(fleet.engine) as connection:
        connection.execute(text("""UPDATE decky_policy SET services = '["ssh"]' WHERE decky = 'one'"""))
    assert fleet.at(at).outcomes == {"unchangeable": 1, "changed": 1}
    assert fleet.at(at + HOUR).outcomes == {"unchangeable": 1}
    assert [record.message for record in caplog.records if "decky one" in record.message] == [
        "decky one cannot be changed: Expected `object`, got `str` - at `$[0]`"
    ]


def test_a_policy_that_allows_nothing_else_is_told_and_looked_at_again_later(
    fleet: Fleet, caplog: pytest.LogCaptureFixture
) -> None:
    at = fleet.due(services=())
    assert fleet.at(at).outcomes == {"unchangeable": 1}
    assert (fleet.decky().mutate_at or 0) > at
    assert "nothing else" in caplog.text


def test_a_persona_that_is_gone_or_broken_is_not_chosen(fleet: Fleet) -> None:
    at = fleet.due(services=(), personas=("shop", "nobody"))
    with writing(fleet.engine) as connection:
        connection.execute(text("UPDATE persona SET body = '[]' WHERE name = 'shop'"))
    assert fleet.at(at).outcomes == {"unchangeable": 1}
    assert fleet.decky().version == 1


def test_without_its_policy_a_decky_stays(fleet: Fleet) -> None:
    at = fleet.due()
    fleet.do(mutation_policies.drop_policy, "one")
    assert fleet.at(at).outcomes == {}
    assert fleet.at(at).next_at is None


def test_a_decky_that_is_to_be_removed_stays(fleet: Fleet) -> None:
    at = fleet.due()
    fleet.do(queries.remove_decky, "one", ChangeInfo("removed", "ana", "", 6))
    assert fleet.at(at).outcomes == {}


def test_the_other_writer_wins(fleet: Fleet, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody changes the decky after it was read, and before it is written."""
    at = fleet.due()
    other = open_engine(url)
    changed = msgspec.structs.replace(fleet.decky(), host_name="changed")

    def overtake(*arguments: Any) -> Any:
        monkeypatch.setattr(ACTIVITY, changes.activity)
        with writing(other) as connection:
            assert queries.write_decky(connection, changed, ChangeInfo("changed", "ana", "", at)) is not None
        other.dispose()
        return changes.activity(*arguments)

    monkeypatch.setattr(ACTIVITY, overtake)
    report = fleet.at(at)
    assert (report.outcomes, report.more) == ({"overtaken": 1}, True)
    assert (fleet.decky().version, fleet.decky().host_name) == (2, "changed")
    assert fleet.at(at).outcomes == {"changed": 1}
    assert (fleet.decky().version, fleet.decky().host_name) == (3, "changed")


def test_two_instances_change_a_decky_once(fleet: Fleet, url: str) -> None:
    at = fleet.due()
    other = open_engine(url)
    try:
        assert fleet.at(at).outcomes == {"changed": 1}
        assert Mutations(other, QUIET).run().outcomes == {}
    finally:
        other.dispose()
    assert fleet.kinds() == ["mutated", "added"]


def test_killed_before_the_commit_nothing_has_happened(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    at = fleet.due()
    before = fleet.decky()
    fleet.engine.dispose()
    child = os.fork()
    if child == 0:
        try:
            killed = change_log.record_change

            def record(*arguments: object, **named: object) -> None:
                killed(*arguments, **named)  # type: ignore[arg-type]  # as they came
                os.kill(os.getpid(), signal.SIGKILL)

            monkeypatch.setattr(queries, "record_change", record)
            fleet.at(at)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    assert fleet.decky() == before
    assert fleet.kinds() == ["added"]
    assert fleet.at(at).outcomes == {"changed": 1}


def test_more_deckies_than_one_pass_takes_are_all_changed(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("decnet_workers.mutate.mutations.BATCH", 1)
    fleet.allow("one")
    fleet.allow("two")
    assert fleet.at(START).more
    assert fleet.at(START).more
    assert not fleet.at(START).more
    at = max(fleet.decky(name).mutate_at or 0 for name in ("one", "two"))
    assert fleet.at(at).more
    assert fleet.at(at).outcomes == {"changed": 1}
    assert {fleet.decky(name).version for name in ("one", "two")} == {2}


def test_it_needs_no_more_than_the_tables_declare(fleet: Fleet, url: str, request: pytest.FixtureRequest) -> None:
    at = fleet.due(personas=("shop",))
    if url.startswith("sqlite"):
        own = open_engine(url)
        guard(own, "mutate")
    else:
        own = open_engine(request.getfixturevalue("role")("mutate"))
    fleet.mutations = Mutations(own, QUIET)
    assert fleet.at(at).outcomes == {"changed": 1}
    own.dispose()


def test_services_come_from_the_policy_with_their_ports(fleet: Fleet) -> None:
    seen: list[Service] = []
    for _ in range(12):
        at = fleet.decky().mutate_at or fleet.due()
        assert fleet.at(at).outcomes == {"changed": 1}
        seen += fleet.decky().services
    assert sorted({(each.service, each.port) for each in seen}) == [("ftp", 2121), ("http", 8080), ("ssh", 2222)]
