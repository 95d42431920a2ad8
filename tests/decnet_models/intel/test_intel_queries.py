# SPDX-License-Identifier: MIT
from __future__ import annotations

from sqlalchemy import Engine

from decnet_models.database.engine import reading, writing
from decnet_models.intel import queries
from decnet_models.intel.queries import Finding, Summary, Verdict

HERE, THERE = "192.0.2.1", "192.0.2.2"


def says(verdict: Verdict, provider: str = "one", *, at: int = 10, until: int = 100, about: str = HERE) -> Finding:
    return Finding(about, provider, verdict, (f"{provider} says {verdict}",), {"seen": 3}, at, until)


def test_only_what_is_not_known_or_expired_is_asked(engine: Engine) -> None:
    with writing(engine) as connection:
        queries.keep(connection, [says("unknown", until=50), says("benign", about=THERE)])
        assert queries.without_current_finding(connection, "one", [HERE, THERE, "192.0.2.3"], now_ns=60) == [
            HERE,
            "192.0.2.3",
        ]
        assert queries.without_current_finding(connection, "two", [THERE], now_ns=60) == [THERE]
        assert queries.expiring(connection, "one", 60, 10) == [HERE]


def test_a_newer_answer_replaces_an_older_one_and_not_the_other_way_round(engine: Engine) -> None:
    with writing(engine) as connection:
        queries.keep(connection, [says("malicious", at=20)])
        queries.keep(connection, [says("benign", at=10)])
        assert queries.findings(connection, HERE) == [says("malicious", at=20)]


def test_the_worst_current_verdict_is_the_summary_with_its_reasons(engine: Engine) -> None:
    with writing(engine) as connection:
        found = [says("benign", "one"), says("suspicious", "two"), says("malicious", "three", until=20)]
        queries.keep(connection, found)
        assert queries.summaries(connection, [HERE, THERE], now_ns=60) == {
            HERE: Summary("suspicious", ("two: two says suspicious",))
        }
    assert queries.summary([]) == Summary("unknown", ())


def test_expired_findings_are_forgotten_a_few_at_a_time(engine: Engine) -> None:
    with writing(engine) as connection:
        queries.keep(connection, [says("benign", str(n), until=n) for n in range(5)])
        assert queries.forget(connection, 4, 3) == 3
        assert [one.provider for one in queries.findings(connection, HERE)] == ["3", "4"]


def test_no_more_is_asked_than_a_window_allows_and_the_next_one_counts_anew(engine: Engine) -> None:
    with writing(engine) as connection:
        assert queries.spend(connection, "one", 2, (0, 100), 3, now_ns=10)
        assert not queries.spend(connection, "one", 2, (0, 100), 3, now_ns=20)
        assert queries.spend(connection, "one", 1, (0, 100), 3, now_ns=20)
        assert not queries.spend(connection, "one", 1, (0, 100), 3, now_ns=30)
        assert queries.spend(connection, "one", 3, (100, 200), 3, now_ns=100)
        (quota,) = queries.quotas(connection)
    assert (quota.used, quota.window_from, quota.window_until) == (3, 100, 200)


def test_a_provider_that_asks_for_patience_is_left_alone_until_then(engine: Engine) -> None:
    with writing(engine) as connection:
        queries.spend(connection, "one", 1, (0, 100), 10, now_ns=10)
        queries.record_failure(connection, "one", "429 Too Many Requests", not_before=50)
        assert not queries.spend(connection, "one", 1, (0, 100), 10, now_ns=49)
        assert queries.spend(connection, "one", 1, (0, 100), 10, now_ns=50)
        queries.record_answer(connection, "one")
    with reading(engine) as connection:
        (quota,) = queries.quotas(connection)
    assert (quota.failures, quota.not_before, quota.error) == (0, None, None)
