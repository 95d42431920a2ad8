# SPDX-License-Identifier: MIT
"""What is looked at but has not changed is not written, so that nobody reads it again; what has changed is."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Engine, select, text
from tests.decnet_workers.clusterer.scenes import Follower, event, file, hassh, in_memory, key

from decnet_models.database.engine import reading, writing
from decnet_models.events.queries import insert_events
from decnet_models.identities import evidence_rows
from decnet_models.identities.evidence_rows import own_id
from decnet_models.identities.tables import IDENTITIES

PAIR = ("192.0.2.1", "192.0.2.2")
WITH_THE_TOOL = tuple(f"198.51.100.{number}" for number in range(1, 6))
"""With the pair these are 7: one more, and what the tool weighs is another, for all of them."""


def revisions(engine: Engine) -> dict[UUID, int]:
    c = IDENTITIES.group.c
    with reading(engine) as connection:
        return {row.id: row.revision for row in connection.execute(select(c.id, c.revision))}


def scene(engine: Engine) -> Follower:
    """Let two have a key in common, and others their tool."""
    shown = [event(one, payload, at=60) for one in PAIR for payload in (key("theirs"), hassh("tool"))]
    return Follower(engine).run([*shown, *(event(one, hassh("tool"), at=60) for one in WITH_THE_TOOL)])


def forbid_updates(engine: Engine) -> None:
    """Let an UPDATE of any identity or member but the newcomer's fail."""
    with writing(engine) as connection:
        for table in (IDENTITIES.group.name, IDENTITIES.member.name):
            column = "id" if table == IDENTITIES.group.name else "identity"
            mine = own_id("203.0.113.1").hex
            connection.execute(
                text(
                    f"CREATE TRIGGER no_{table} BEFORE UPDATE ON {table} WHEN OLD.{column} <> '{mine}'"
                    f" BEGIN SELECT RAISE(ABORT, 'written for nothing'); END"
                )
            )


def test_those_whose_tool_weighs_less_now_keep_their_revision_and_are_not_written() -> None:
    with in_memory() as engine:
        follower = scene(engine)
        before = revisions(engine)
        forbid_updates(engine)
        follower.run([event("203.0.113.1", hassh("tool"), at=70)])
        after = revisions(engine)
    assert after.keys() - before.keys() == {own_id("203.0.113.1")}
    assert {one: after[one] for one in before} == before


def test_what_a_member_shows_anew_gives_its_identity_a_revision_though_its_times_are_the_same() -> None:
    with in_memory() as engine:
        follower = scene(engine).run([event(PAIR[0], file("a" * 64), at=50), event(PAIR[0], hassh("tool"), at=90)])
        before = revisions(engine)
        follower.run([event(PAIR[0], file("b" * 64), at=55)])
        after = revisions(engine)
    assert {one for one in after if after[one] != before[one]} == {own_id(PAIR[0])}


def test_so_does_what_it_showed_at_another_time_than_was_known() -> None:
    with in_memory() as engine:
        follower = scene(engine).run([event(PAIR[0], file("a" * 64), at=55), event(PAIR[0], hassh("tool"), at=90)])
        before = revisions(engine)
        follower.run([event(PAIR[0], file("a" * 64), at=70)])
        after = revisions(engine)
    assert {one for one in after if after[one] != before[one]} == {own_id(PAIR[0])}


def test_who_is_to_be_computed_is_not_pending_a_second_time_for_its_times() -> None:
    with in_memory() as engine:
        follower = scene(engine)
        with writing(engine) as connection:
            insert_events(connection, [event(PAIR[0], file("a" * 64), at=90), event(PAIR[1], key("theirs"), at=90)])
        while follower.followed():
            pass
        with reading(engine) as connection:
            pending = set(evidence_rows.pending(connection, 100))
        assert {row for row in pending if row[1] in PAIR} == {("", PAIR[0]), (evidence_rows.TIMES, PAIR[1])}


def test_a_share_of_the_attackers_that_are_pending_comes_last() -> None:
    with in_memory() as engine:
        with writing(engine) as connection:
            evidence_rows.add_pending(connection, [("url", "d"), *((evidence_rows.ATTACKER, one) for one in "abcd")])
        with reading(engine) as connection:
            found = ["".join(name for _, name in evidence_rows.pending(connection, most, 0.5)) for most in range(7)]
    assert found == ["", "d", "dc", "dcd", "dcda", "dabcd", "dabcd"]
