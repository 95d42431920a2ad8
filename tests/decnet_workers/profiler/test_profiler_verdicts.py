# SPDX-License-Identifier: MIT
"""A verdict of others becomes a part of the score, whether it comes before, after, or again after a replay."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine
from tests.decnet_models.migrated import migrated_database

from decnet_core.events.catalogue import LoginAttempt
from decnet_core.events.envelope import Event
from decnet_core.events.ids import uuid7
from decnet_core.runtime.worker import NoSettings
from decnet_models.attackers.queries import attacker
from decnet_models.database.engine import open_engine, reading, writing
from decnet_models.events.queries import events_after, insert_events
from decnet_models.following import replay
from decnet_models.following.cursor_worker import EventBatch
from decnet_models.intel.queries import Finding, Verdict, keep
from decnet_models.intel.verdicts import judge
from decnet_models.progress.queries import begin_cursor
from decnet_workers.profiler.verdicts import VERDICTS, follow_verdicts
from decnet_workers.profiler.worker import Profiler

ATTACKER = "198.41.0.4"
NOW = 1_795_478_400_000_000_000


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Engine]:
    migrated_database(tmp_path / "decnet.db")
    made = open_engine(f"sqlite:///{tmp_path / 'decnet.db'}")
    with writing(made) as connection:
        for cursor in ("profiler", VERDICTS):
            begin_cursor(connection, cursor, now_ns=time.time_ns())
        login = LoginAttempt(service="ssh", username="root", success=True, password="toor")
        event = Event(id=uuid7(NOW), ts=NOW, sensor="here", payload=login, decky="web-01", src_ip=ATTACKER)
        insert_events(connection, [event])
    yield made
    made.dispose()


def profile(engine: Engine) -> None:
    with writing(engine) as connection:
        Profiler(NoSettings()).handle(EventBatch(connection, events_after(connection, 0, 100)))


def say(engine: Engine, verdict: Verdict) -> None:
    with writing(engine) as connection:
        keep(connection, [Finding(ATTACKER, "one", verdict, ("because",), {}, time.time_ns(), time.time_ns())])
        judge(connection, [ATTACKER], now_ns=time.time_ns())


def result(engine: Engine) -> tuple[int, str]:
    with reading(engine) as connection:
        found = attacker(connection, ATTACKER)
    assert found is not None
    assert sum(term.points for term in found.terms) == found.attacker.score
    return found.attacker.score, found.attacker.verdict


def test_a_verdict_that_comes_later_changes_the_score(log: Engine) -> None:
    profile(log)
    before, _ = result(log)
    say(log, "malicious")
    assert result(log) == (before, "unknown")
    follow_verdicts(log)
    assert result(log) == (before + 25, "malicious")
    say(log, "benign")
    follow_verdicts(log)
    assert result(log) == (before - 10, "benign")
    assert not follow_verdicts(log)


def test_a_verdict_that_is_there_before_the_attacker_counts_from_its_first_event(log: Engine) -> None:
    say(log, "suspicious")
    follow_verdicts(log)
    profile(log)
    assert result(log)[1] == "suspicious"


def test_a_replay_ends_with_the_same_score(log: Engine) -> None:
    profile(log)
    say(log, "malicious")
    follow_verdicts(log)
    before = result(log)
    with writing(log) as connection:
        replay.begin(connection, replay.plan(connection, "profiler", 1))
    profile(log)
    follow_verdicts(log)
    assert result(log) == before
