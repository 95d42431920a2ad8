# SPDX-License-Identifier: MIT
"""The worst verdict of each indicator, its changes, and how it becomes a part of an attacker's score."""

from __future__ import annotations

from itertools import permutations

import pytest
from sqlalchemy import Connection, Engine, select

from decnet_models.attackers import tables
from decnet_models.attackers.merge import Tally
from decnet_models.attackers.scoring.score import VERDICT_POINTS, total
from decnet_models.attackers.scoring.verdicts import apply
from decnet_models.database.engine import writing
from decnet_models.intel import queries, requests
from decnet_models.intel.queries import Finding, Verdict
from decnet_models.intel.verdicts import changes_after, forget_unjudged, judge, verdicts

HERE, THERE = "192.0.2.1", "192.0.2.2"


def says(connection: Connection, verdict: Verdict, provider: str, about: str = HERE) -> None:
    queries.keep(connection, [Finding(about, provider, verdict, ("because",), {}, 1, 2)])


def test_a_change_is_numbered_and_an_old_verdict_still_counts(engine: Engine) -> None:
    with writing(engine) as connection:
        says(connection, "benign", "one")
        says(connection, "suspicious", "one", THERE)
        assert [(one.indicator, one.before, one.now.verdict) for one in judge(connection, [HERE, THERE], now_ns=9)] == [
            (HERE, "unknown", "benign"),
            (THERE, "unknown", "suspicious"),
        ]
        says(connection, "malicious", "two")
        (changed,) = judge(connection, [HERE, THERE], now_ns=10)
        assert (changed.before, changed.now.reasons) == ("benign", ("two: because",))
        assert judge(connection, [HERE, THERE], now_ns=11) == []
        assert changes_after(connection, 0, 10) == [(2, THERE, "suspicious"), (3, HERE, "malicious")]
        assert changes_after(connection, 2, 10) == [(3, HERE, "malicious")]
        assert verdicts(connection, [HERE, "192.0.2.3"]) == {HERE: "malicious"}


def test_a_verdict_without_findings_is_forgotten_after_it_was_told(engine: Engine) -> None:
    with writing(engine) as connection:
        says(connection, "malicious", "one")
        judge(connection, [HERE], now_ns=5)
        assert queries.forgotten(connection, 100, 10) == [HERE]
        assert [one.now.verdict for one in judge(connection, [HERE], now_ns=6)] == ["unknown"]
        assert forget_unjudged(connection, 6, 10) == 0
        assert forget_unjudged(connection, 7, 10) == 1


@pytest.mark.parametrize("order", list(permutations(["events", "malicious", "benign", "more"])))
def test_events_and_verdicts_commute_but_for_the_last_verdict(engine: Engine, order: tuple[str, ...]) -> None:
    with writing(engine) as connection:
        _behave(connection, 0)
        for step in order:
            if step in VERDICT_POINTS:
                apply(connection, {HERE: step, "192.0.2.77": step})
            else:
                _behave(connection, {"events": 30, "more": 80}[step])
        row = connection.execute(select(tables.attacker)).one()
    last = [step for step in order if step in VERDICT_POINTS][-1]
    behaviour = [step for step in order if step not in VERDICT_POINTS][-1]
    assert row.verdict == last
    assert row.behaviour_score == {"events": 30, "more": 80}[behaviour]
    assert row.score == total(row.behaviour_score, last)


def test_a_score_stays_between_0_and_100(engine: Engine) -> None:
    with writing(engine) as connection:
        _behave(connection, 5)
        apply(connection, {HERE: "benign"})
        assert _score(connection) == 0
        _behave(connection, 90)
        apply(connection, {HERE: "malicious"})
        assert _score(connection) == 100


def test_the_newest_question_is_asked_first_and_the_oldest_given_up(engine: Engine) -> None:
    with writing(engine) as connection:
        for at, indicator in enumerate(("a", "b", "c")):
            requests.request(connection, "one", [indicator], now_ns=at)
        requests.request(connection, "one", ["a"], now_ns=9)
        assert requests.newest(connection, "one", 10) == ["a", "c", "b"]
        assert requests.give_up_oldest(connection, "one", 2) == 1
        assert requests.newest(connection, "one", 10) == ["a", "c"]
        requests.done(connection, "one", ["a"])
        assert requests.waiting(connection) == {"one": 1}
        assert requests.waiting_for(connection, "c") == ["one"]
        requests.drop_others(connection, ["two"])
        assert requests.waiting(connection) == {}


def _behave(connection: Connection, score: int) -> None:
    tally = Tally()
    row = {"events": 1, "first_seen": 1, "last_seen": 1, "behaviour_score": score, "score": score}
    tally.add(tables.attacker, (HERE,), row)
    tally.write(connection)


def _score(connection: Connection) -> int:
    score: int = connection.execute(select(tables.attacker.c.score)).scalar_one()
    return score
