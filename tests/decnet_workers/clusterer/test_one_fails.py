# SPDX-License-Identifier: MIT
"""An attacker with whom identities cannot be computed is set aside, and the worker goes on with all others."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import pytest
from sqlalchemy import Connection, Engine
from tests.decnet_workers.clusterer.scenes import Follower, event, groups, in_memory, key, several

from decnet_models.database.engine import reading, writing
from decnet_models.errors import EveryEventFailsError
from decnet_models.events.queries import insert_events
from decnet_models.identities import evidence_rows
from decnet_models.progress.queries import DeadLetter, dead_letters_of
from decnet_workers.clusterer import worker as clusterer
from decnet_workers.clusterer.placing import PlacingResult, settle
from decnet_workers.clusterer.reading.known import Known
from decnet_workers.clusterer.regroup import Regrouped, regroup
from decnet_workers.commodity.limits import Key

BAD = "198.51.100.9"
ONE = [f"192.0.2.{number}" for number in range(1, 20)]
OTHER = [f"203.0.113.{number}" for number in range(1, 20)]
LOGGED = [
    *(event(each, key("one"), place) for place, each in enumerate(ONE)),
    event(BAD, key("bad"), 30),
    *(event(each, key("other"), 40 + place) for place, each in enumerate(OTHER)),
]


@pytest.fixture
def engine() -> Iterator[Engine]:
    with in_memory() as made:
        yield made


def failing(patch: pytest.MonkeyPatch, *bad: str) -> None:
    """Let the computation fail whenever it is about any of these attackers."""

    def fails(known: Known, attackers: Collection[str], keys: Collection[Key] = ()) -> Regrouped:
        if found := sorted(set(attackers) & set(bad)):
            raise KeyError(found[0])
        return regroup(known, attackers, keys)

    patch.setattr(clusterer, "regroup", fails)


def letters(engine: Engine) -> list[DeadLetter]:
    with reading(engine) as connection:
        assert not evidence_rows.count_pending(connection, 1)
        return dead_letters_of(connection, "clusterer")


def test_one_who_fails_is_set_aside_until_it_acts_again(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        failing(patch, BAD)
        following = Follower(engine).run(LOGGED)
        (letter,) = letters(engine)
        assert several(engine) == groups(ONE, OTHER)
    assert (letter.seq, letter.error) == (len(ONE) + 1, f"attacker {BAD}: KeyError: '{BAD}'")
    following.run([event(BAD, key("one"), 100)])
    assert several(engine) == groups([*ONE, BAD], OTHER)


def test_no_event_is_blamed_when_much_has_piled_up(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clusterer, "BEHIND", 5)
    failing(monkeypatch, BAD)
    Follower(engine, batch=7).run(LOGGED)
    assert [letter.error for letter in letters(engine)] == [f"attacker {BAD}: KeyError: '{BAD}'"]
    assert several(engine) == groups(ONE, OTHER)


def test_nor_when_what_was_computed_cannot_be_written(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clusterer, "BEHIND", 5)

    def fails(connection: Connection, regrouped: Regrouped, seen: Collection[str]) -> PlacingResult:
        if BAD in regrouped.attackers:
            raise KeyError(BAD)
        return settle(connection, regrouped, seen)

    monkeypatch.setattr(clusterer, "settle", fails)
    Follower(engine, batch=7).run(LOGGED)
    assert [letter.error for letter in letters(engine)] == [f"attacker {BAD}: KeyError: '{BAD}'"]
    assert several(engine) == groups(ONE, OTHER)


def test_when_all_fail_the_worker_says_so(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    failing(monkeypatch, *ONE, *OTHER, BAD)
    with pytest.raises(EveryEventFailsError):
        Follower(engine).run(LOGGED)


def test_one_that_is_set_aside_is_counted(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    failing(monkeypatch, BAD)
    following = Follower(engine)
    with writing(engine) as connection:
        insert_events(connection, LOGGED)
    while following.followed():
        pass
    counted = 0
    while (done := following.settled()) is not None:
        counted += done.dead_letters
    assert counted == len(letters(engine)) == 1
