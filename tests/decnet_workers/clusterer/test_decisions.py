# SPDX-License-Identifier: MIT
"""What an operator decides overrules evidence, and survives more evidence and a replay."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, select
from tests.decnet_workers.clusterer.scenes import (
    SECOND,
    START,
    Follower,
    event,
    groups,
    in_memory,
    key,
    partition,
    several,
)

from decnet_core.events.notices import IdentityMerged
from decnet_models.database.engine import reading, writing
from decnet_models.following.replay import begin, plan
from decnet_models.grouping.changes import changes
from decnet_models.grouping.decisions import decide, withdraw
from decnet_models.grouping.values import Decision, GroupChange
from decnet_models.identities.evidence_rows import own_id
from decnet_models.identities.tables import IDENTITIES
from decnet_models.notices import queries as notices

A, B, C, D, E, F = (f"192.0.2.{number}" for number in range(1, 7))
FIRST = [event(A, key("one")), event(B, key("one"), 1), event(C, key("two"), 2), event(D, key("two"), 3)]


@pytest.fixture
def database() -> Iterator[Engine]:
    with in_memory() as engine:
        yield engine


def decided(engine: Engine, kind: Any, attacker: str | None = None, **named: Any) -> int:
    values = {"other": None, "group": None, "change": None} | named
    decision: Decision[str] = Decision(
        0, kind, attacker, values["other"], values["group"], values["change"], "me", "", 1
    )
    with writing(engine) as connection:
        return decide(connection, IDENTITIES, decision)


def merges(engine: Engine) -> list[GroupChange]:
    with reading(engine) as connection:
        return changes(connection, IDENTITIES, own_id(C))


def again(engine: Engine, follower: Follower) -> None:
    """Replay the whole log."""
    with writing(engine) as connection:
        begin(connection, plan(connection, "clusterer", 1))
    follower.run()


def test_split_attacker_stays_apart_with_more_evidence_and_after_a_replay(database: Engine) -> None:
    follower = Follower(database).run(FIRST)
    decided(database, "apart", B, other=A)
    follower.run()
    assert several(database) == groups([C, D])
    follower.run([event(B, key("one"), 9), event(E, key("one"), 10)])
    assert several(database) == groups([C, D], [A, E])
    again(database, follower)
    assert several(database) == groups([C, D], [A, E])


def test_an_identity_that_was_empty_has_the_times_of_those_who_are_in_it_now(database: Engine) -> None:
    follower = Follower(database).run([event(B, key("one"), 1), event(C, key("one"), 50)])
    follower.run([event(A, key("one"))])
    assert partition(database) == {own_id(A): frozenset([A, B, C])}
    decided(database, "apart", B, other=A)
    follower.run()
    c = IDENTITIES.group.c
    with reading(database) as connection:
        times = connection.execute(select(c.members, c.first_seen, c.last_seen).where(c.id == own_id(B))).one()
    assert times == (1, START + SECOND, START + SECOND)


def test_joined_identities_grow_together_until_the_decision_is_withdrawn(database: Engine) -> None:
    follower = Follower(database).run(FIRST)
    number = decided(database, "together", C, other=A)
    follower.run()
    assert partition(database) == {own_id(A): frozenset([A, B, C, D])}
    follower.run([event(E, key("two"), 10), event(F, key("one"), 11)])
    assert several(database) == groups([A, B, C, D, E, F])
    with writing(database) as connection:
        withdraw(connection, IDENTITIES, number, now_ns=time.time_ns())
    follower.run()
    assert several(database) == groups([A, B, F], [C, D, E])


def test_pinned_attacker_goes_where_the_founder_is(database: Engine) -> None:
    follower = Follower(database).run(FIRST)
    decided(database, "pinned", B, group=own_id(C))
    follower.run([event(E, key("one"), 10)])
    assert several(database) == groups([A, E], [B, C, D])


def test_undone_merge_stays_undone(database: Engine) -> None:
    follower = Follower(database).run(FIRST)
    bridge = [event(each, key(name), 20) for each in (A, B, C) for name in ("one", "two")]
    follower.run(bridge)
    assert several(database) == groups([A, B, C, D])
    [change] = merges(database)
    assert (change.kind, change.source, change.target) == ("merge", own_id(C), own_id(A))
    assert change.because[0][0] == "ssh_key"
    decided(database, "undone", change=change.id)
    follower.run()
    assert several(database) == groups([A, B], [C, D])
    follower.run([event(E, key("one"), 30), event(E, key("two"), 31)])
    assert frozenset([C, D]) in several(database)
    again(database, follower)
    assert frozenset([C, D]) in several(database)


def test_a_merge_is_told_once_however_often_the_log_is_read(database: Engine) -> None:
    follower = Follower(database).run(FIRST)
    follower.run([event(each, key(name), 20) for each in (A, B, C) for name in ("one", "two")])
    again(database, follower)
    with reading(database) as connection:
        told = [one.notice for one in notices.after(connection, 0, 100)]
    merged = [one for one in told if isinstance(one, IdentityMerged)]
    assert [(one.identity, one.source) for one in merged] == [(str(own_id(A)), str(own_id(C)))]


def test_every_attacker_is_in_one_identity_whose_size_is_that_of_its_members(database: Engine) -> None:
    follower = Follower(database).run(FIRST)
    decided(database, "apart", B, other=A)
    decided(database, "together", B, other=D)
    follower.run()
    g = IDENTITIES.group.c
    with reading(database) as connection:
        sizes = {row.id: row.members for row in connection.execute(select(g.id, g.members)) if row.members}
    assert sizes == {identity: len(attackers) for identity, attackers in partition(database).items()}
