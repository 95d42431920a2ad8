# SPDX-License-Identifier: MIT
"""The domains identities and campaigns; what they share is tested with identities."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import IntegrityError

from decnet_models.campaigns.tables import CAMPAIGNS
from decnet_models.database.engine import reading, writing
from decnet_models.grouping.changes import changes, merge, split, undo
from decnet_models.grouping.decisions import decide, decisions, withdraw
from decnet_models.grouping.evidence import add_evidence, evidence_of, frequencies, shared
from decnet_models.grouping.membership import (
    changed,
    count_members,
    create_group,
    group,
    groups,
    groups_of,
    members,
    place,
    resolved,
)
from decnet_models.grouping.values import Decision, Evidence, Group, Member
from decnet_models.identities.tables import IDENTITIES

ONE, TWO, THREE = (UUID(int=number) for number in (1, 2, 3))
KEY = ("ssh.key", "SHA256:abc")


def placed(
    connection: Connection, identity: UUID, attackers: Iterable[str], *, first: int = 10, last: int = 20
) -> None:
    create_group(connection, IDENTITIES, identity, now_ns=1000)
    because = (("ssh.key", "SHA256:abc", 4.5),)
    place(connection, IDENTITIES, [Member(each, identity, 4.5, because, first, last, 30) for each in attackers])


def names(connection: Connection, identity: UUID) -> list[str]:
    return [one.subject for one in members(connection, IDENTITIES, identity)]


def size(connection: Connection, identity: UUID) -> int:
    found = group(connection, IDENTITIES, identity)
    assert found is not None
    assert found.members == len(names(connection, identity))
    return found.members


def test_evidence_is_counted_once_however_often_it_is_written(engine: Engine) -> None:
    found = [Evidence("192.0.2.1", *KEY, 10, 20), Evidence("192.0.2.2", *KEY, 5, 8)]
    with writing(engine) as connection:
        assert add_evidence(connection, IDENTITIES, found) == {KEY: 2}
        assert add_evidence(connection, IDENTITIES, [*found, Evidence("192.0.2.1", *KEY, 7, 30)]) == {KEY: 2}
        assert frequencies(connection, IDENTITIES, [KEY, ("ssh.key", "other")]) == {KEY: 2}
        assert evidence_of(connection, IDENTITIES, "192.0.2.1") == [Evidence("192.0.2.1", *KEY, 7, 30)]


def test_long_and_unprintable_values_are_kept_apart(engine: Engine) -> None:
    values = ["x" * 9000 + "a", "x" * 9000 + "b", "nul\0", "\udcff"]
    with writing(engine) as connection:
        found = [Evidence("192.0.2.1", "payload", value, 1, 1) for value in values]
        assert add_evidence(connection, IDENTITIES, found) == {("payload", value): 1 for value in values}
        assert len(evidence_of(connection, IDENTITIES, "192.0.2.1")) == 4


def test_a_credential_that_several_identities_use_is_reported(engine: Engine) -> None:
    with writing(engine) as connection:
        for identity, attacker in ((ONE, "192.0.2.1"), (ONE, "192.0.2.2"), (TWO, "192.0.2.3")):
            placed(connection, identity, [attacker])
        found = [Evidence(f"192.0.2.{n}", "credential", "root:x", 1, 1) for n in (1, 2, 3)]
        found += [Evidence(f"192.0.2.{n}", "credential", "root:y", 1, 1) for n in (1, 2)]
        add_evidence(connection, IDENTITIES, found)
        assert [(one.value, one.subjects, one.groups) for one in shared(connection, IDENTITIES, "credential")] == [
            ("root:x", 3, 2)
        ]


def test_placing_again_widens_times_and_counts_nobody_twice(engine: Engine) -> None:
    with writing(engine) as connection:
        placed(connection, ONE, ["192.0.2.1", "192.0.2.2"])
        placed(connection, TWO, ["192.0.2.1"], first=5, last=40)  # it stays where it is
        assert (size(connection, ONE), size(connection, TWO)) == (2, 0)
        found = group(connection, IDENTITIES, ONE)
        assert found is not None
        assert (found.first_seen, found.last_seen) == (5, 40)
        assert groups_of(connection, IDENTITIES, ["192.0.2.1", "192.0.2.9"]) == {"192.0.2.1": ONE}
        assert count_members(connection, IDENTITIES) == 2
        assert names(connection, ONE)[:1] == [
            one.subject for one in members(connection, IDENTITIES, ONE, limit=1, after="192.0.2.0")
        ]


def test_a_merge_explains_itself_keeps_the_old_id_and_can_be_undone(engine: Engine) -> None:
    with writing(engine) as connection:
        placed(connection, ONE, ["192.0.2.1"])
        placed(connection, TWO, ["192.0.2.2"], last=99)
        change = merge(connection, IDENTITIES, ONE, TWO, weight=7.5, because=[(*KEY, 7.5)], now_ns=50)
        assert (size(connection, ONE), size(connection, TWO)) == (0, 2)
        assert resolved(connection, IDENTITIES, ONE) == TWO
        assert [one.id for one in groups(connection, IDENTITIES)] == [TWO]
        (told,) = changes(connection, IDENTITIES, ONE)
        assert (told.kind, told.weight, told.because) == ("merge", 7.5, ((*KEY, 7.5),))
        assert undo(connection, IDENTITIES, change, now_ns=60)
        assert not undo(connection, IDENTITIES, change, now_ns=61)
        assert (names(connection, ONE), names(connection, TWO)) == (["192.0.2.1"], ["192.0.2.2"])
        assert resolved(connection, IDENTITIES, ONE) == ONE
        assert [one.id for one in groups(connection, IDENTITIES)] == [TWO, ONE]
        newest = group(connection, IDENTITIES, TWO)
        assert [one.id for one in groups(connection, IDENTITIES, before=newest)] == [ONE]


def test_pages_show_each_identity_once_though_many_were_seen_at_the_same_time(engine: Engine) -> None:
    every = [UUID(int=number) for number in range(1, 8)]
    with writing(engine) as connection:
        for number, identity in enumerate(every):
            placed(connection, identity, [f"192.0.2.{number}"])
        pages: list[Group] = []
        while page := groups(connection, IDENTITIES, 2, before=pages[-1] if pages else None):
            pages += page
    assert [one.id for one in pages] == every[::-1]


def test_consumers_of_identities_see_each_change_after_the_last_one_they_saw(engine: Engine) -> None:
    with writing(engine) as connection:
        for number, identity in enumerate((ONE, TWO, THREE)):
            placed(connection, identity, [f"192.0.2.{number}"])
        seen = changed(connection, IDENTITIES, 0)
        assert [one.id for one in seen] == [ONE, TWO, THREE]
        assert [one.id for one in changed(connection, IDENTITIES, seen[0].revision, 1)] == [TWO]
        assert changed(connection, IDENTITIES, seen[-1].revision) == []
        placed(connection, ONE, ["192.0.2.0"], last=77)  # a member was active again
        (again,) = changed(connection, IDENTITIES, seen[-1].revision)
        assert (again.id, again.last_seen) == (ONE, 77)
        change = merge(connection, IDENTITIES, TWO, THREE, weight=1, because=(), now_ns=1)
        merged = changed(connection, IDENTITIES, again.revision)
        assert [(one.id, one.merged_into) for one in merged] == [(TWO, THREE), (THREE, None)]
        undo(connection, IDENTITIES, change, now_ns=2)
        undone = changed(connection, IDENTITIES, merged[-1].revision)
        assert [(one.id, one.merged_into, one.members) for one in undone] == [(TWO, None, 1), (THREE, None, 1)]


def test_a_merge_is_undone_after_its_target_was_merged_too(engine: Engine) -> None:
    with writing(engine) as connection:
        for number, identity in enumerate((ONE, TWO, THREE)):
            placed(connection, identity, [f"192.0.2.{number}"])
        first = merge(connection, IDENTITIES, ONE, TWO, weight=1, because=(), now_ns=1)
        merge(connection, IDENTITIES, TWO, THREE, weight=1, because=(), now_ns=2)
        assert size(connection, THREE) == 3
        assert undo(connection, IDENTITIES, first, now_ns=3)
        assert [names(connection, each) for each in (ONE, TWO, THREE)] == [
            ["192.0.2.0"],
            [],
            ["192.0.2.1", "192.0.2.2"],
        ]
        assert [size(connection, each) for each in (ONE, TWO, THREE)] == [1, 0, 2]


def test_a_split_is_undone_into_what_its_source_has_become(engine: Engine) -> None:
    with writing(engine) as connection:
        placed(connection, ONE, ["192.0.2.1", "192.0.2.2"])
        placed(connection, TWO, [])
        placed(connection, THREE, [])
        change = split(connection, IDENTITIES, ONE, TWO, subjects=["192.0.2.2"], because=(), now_ns=1)
        assert (size(connection, ONE), size(connection, TWO)) == (1, 1)
        merge(connection, IDENTITIES, ONE, THREE, weight=1, because=(), now_ns=2)
        assert undo(connection, IDENTITIES, change, now_ns=3)
        assert names(connection, THREE) == ["192.0.2.1", "192.0.2.2"]
        assert resolved(connection, IDENTITIES, ONE) == THREE


def test_what_is_merged_already_cannot_be_merged_again(engine: Engine) -> None:
    with writing(engine) as connection:
        placed(connection, ONE, [])
        placed(connection, TWO, [])
        merge(connection, IDENTITIES, ONE, TWO, weight=1, because=(), now_ns=1)
        for pair in ((ONE, TWO), (TWO, TWO), (TWO, THREE)):
            with pytest.raises(ValueError, match="two groups"):
                merge(connection, IDENTITIES, *pair, weight=1, because=(), now_ns=2)


def decision(kind: Any, **about: Any) -> Decision[str]:
    named = {"subject": None, "other": None, "group": None, "change": None} | about
    return Decision(id=0, kind=kind, author="ana", reason="I know them", created_at=5, **named)


def test_the_operators_word_is_in_force_until_it_is_withdrawn(engine: Engine) -> None:
    with writing(engine) as connection:
        placed(connection, ONE, ["192.0.2.1"])
        pinned = decide(connection, IDENTITIES, decision("pinned", subject="192.0.2.1", group=ONE))
        apart = decide(connection, IDENTITIES, decision("apart", subject="192.0.2.1", other="192.0.2.2"))
        assert [one.id for one in decisions(connection, IDENTITIES)] == [pinned, apart]
        assert [one.id for one in decisions(connection, IDENTITIES, after=pinned)] == [apart]
        assert withdraw(connection, IDENTITIES, pinned, now_ns=6)
        assert not withdraw(connection, IDENTITIES, pinned, now_ns=7)
        assert [one.kind for one in decisions(connection, IDENTITIES)] == ["apart"]


@pytest.mark.parametrize(
    ("kind", "about"),
    [
        ("pinned", {"subject": "192.0.2.1"}),
        ("apart", {"subject": "192.0.2.1", "group": ONE}),
        ("undone", {"subject": "192.0.2.1"}),
        ("undone", {}),
        ("together", {"other": "192.0.2.1"}),
        ("nowhere", {"subject": "192.0.2.1"}),
    ],
)
def test_a_word_that_does_not_say_what_it_is_about_is_refused(engine: Engine, kind: str, about: dict[str, Any]) -> None:
    with writing(engine) as connection:
        placed(connection, ONE, [])
    with pytest.raises(IntegrityError), writing(engine) as connection:
        decide(connection, IDENTITIES, decision(kind, **about))


def test_a_campaign_is_of_identities_that_exist(engine: Engine) -> None:
    with writing(engine) as connection:
        placed(connection, ONE, ["192.0.2.1"])
        create_group(connection, CAMPAIGNS, THREE, now_ns=5)
        place(connection, CAMPAIGNS, [Member(ONE, THREE, 1.0, (), 10, 20, 30)])
    with reading(engine) as connection:
        assert groups_of(connection, CAMPAIGNS, [ONE, TWO]) == {ONE: THREE}
        assert [one.members for one in groups(connection, CAMPAIGNS)] == [1]
        assert [group(connection, CAMPAIGNS, THREE)] == groups(connection, CAMPAIGNS)
        assert group(connection, CAMPAIGNS, ONE) is None
    with pytest.raises(IntegrityError), writing(engine) as connection:
        place(connection, CAMPAIGNS, [Member(TWO, THREE, 1.0, (), 10, 20, 30)])
