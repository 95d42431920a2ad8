# SPDX-License-Identifier: MIT
"""Attackers who want the identities to be wrong, or to cost much."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, func, select
from tests.decnet_workers.clusterer.scenes import Follower, event, file, groups, hassh, in_memory, key, several

from decnet_models.database.engine import reading
from decnet_models.identities.tables import IDENTITIES

FIRST = [f"192.0.2.{number}" for number in range(1, 11)]
SECOND = [f"198.51.100.{number}" for number in range(1, 11)]
COPIER = "203.0.113.1"
BOTH = [*(event(each, key("one")) for each in FIRST), *(event(each, key("two")) for each in SECOND)]


@pytest.fixture
def database() -> Iterator[Engine]:
    with in_memory() as engine:
        yield engine


def test_one_who_offers_the_keys_of_two_identities_does_not_merge_them(database: Engine) -> None:
    Follower(database).run([*BOTH, event(COPIER, key("one"), 5), event(COPIER, key("two"), 6)])
    found = sorted(several(database), key=len)
    assert [len(each) for each in found] == [10, 11]


def test_several_of_them_do(database: Engine) -> None:
    bridges = [event(each, key("two"), 7) for each in FIRST[:4]]
    Follower(database).run([*BOTH, *bridges])
    assert several(database) == groups([*FIRST, *SECOND])


def test_a_flood_of_fingerprints_leaves_few_rows(database: Engine) -> None:
    flood = [event(COPIER, make(f"{number:064x}")) for number in range(500) for make in (hassh, file, key)]
    Follower(database).run([*BOTH, *flood])
    with reading(database) as connection:
        rows = connection.execute(
            select(func.count()).select_from(IDENTITIES.evidence).where(IDENTITIES.evidence.c.attacker == COPIER)
        ).scalar_one()
    assert rows <= 8 + 8 + 8 + 16
    assert several(database) == groups(FIRST, SECOND)


def test_what_everybody_shows_joins_nobody(database: Engine) -> None:
    everybody = [event(f"10.0.{high}.{low}", file("a" * 64)) for high in range(2) for low in range(1, 101)]
    Follower(database).run([*BOTH, *everybody])
    assert several(database) == groups(FIRST, SECOND)
