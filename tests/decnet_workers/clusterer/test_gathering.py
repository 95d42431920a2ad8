# SPDX-License-Identifier: MIT
"""A round computes together those who share something: who is pending is read once, not once a round."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import pytest
from sqlalchemy import Engine
from tests.decnet_workers.clusterer.scenes import Follower, event, groups, key, several

from decnet_models.database.engine import writing
from decnet_models.events.queries import insert_events
from decnet_models.identities.evidence_rows import ATTACKER
from decnet_workers.clusterer import worker
from decnet_workers.clusterer.cores import SAMPLE
from decnet_workers.clusterer.kinds import Days, Feature
from decnet_workers.clusterer.reading.gathering import Gathered, gathered
from decnet_workers.clusterer.reading.known import Known
from decnet_workers.clusterer.reading.view import Settled
from decnet_workers.clusterer.regroup import Regrouped, regroup
from decnet_workers.commodity.limits import Key

WIDE = 10_000
"""More than is reached."""


def test_attackers_of_one_actor_are_read_in_one_round(sqlite_engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """By their addresses, each of the ten rounds would have one attacker of each actor, and read the other nine."""
    read: list[int] = []

    def counted(*given: Any, **most: Any) -> Regrouped:
        found = regroup(*given, **most)
        read.append(found.read)
        return found

    monkeypatch.setattr(worker, "regroup", counted)
    monkeypatch.setattr("decnet_workers.clusterer.reading.gathering._STEP", 2)
    for name in ("ROUND", "FIRST_ROUND", "LEAST_ROUND"):
        monkeypatch.setattr(worker, name, 30)
    crews = [[f"192.0.{10 + one}.{10 + crew}" for one in range(10)] for crew in range(30)]
    log = [event(who, key(str(crew)), one) for crew, each in enumerate(crews) for one, who in enumerate(each)]
    Follower(sqlite_engine).run(log)
    assert several(sqlite_engine) == groups(*crews)
    assert sum(read) < 3 * 300


def test_a_round_that_reads_too_many_begins_again_with_half_of_it(
    sqlite_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[int, int]] = []

    def counted(*given: Any, **limits: Any) -> Gathered:
        asked.append((limits["most"], limits["reach"]))
        return gathered(*given, **limits)

    monkeypatch.setattr(worker, "gathered", counted)
    for name, number in {"ROUND": 40, "FIRST_ROUND": 40, "LEAST_ROUND": 4, "AIM": 64, "MOST_READ": 20}.items():
        monkeypatch.setattr(worker, name, number)
    crews = [[f"192.0.{10 + one}.{10 + crew}" for one in range(10)] for crew in range(9)]
    log = [event(who, key(str(crew)), one) for crew, each in enumerate(crews) for one, who in enumerate(each)]
    Follower(sqlite_engine).run(log)
    assert several(sqlite_engine) == groups(*crews)
    assert asked[:2] == [(40, 64), (20, 32)]


def test_new_addresses_without_end_keep_nobody_waiting(sqlite_engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are the first by name, and more than a round has."""
    monkeypatch.setattr(worker, "random", random.Random(5).random)
    for name in ("ROUND", "FIRST_ROUND", "LEAST_ROUND"):
        monkeypatch.setattr(worker, name, 20)
    follower, pair = Follower(sqlite_engine), ("192.0.2.1", "192.0.2.2")
    wave = [event(who, key("pair")) for who in pair]
    for number in range(40):
        wave += [event(f"10.0.{number}.{one}", key(f"{number}, {one}")) for one in range(25)]
        with writing(sqlite_engine) as connection:
            insert_events(connection, wave)
        follower.followed()
        follower.settle()
        if several(sqlite_engine) == groups(pair):
            return
        wave = []
    pytest.fail("the pair is still pending")


class Scene:
    """Evidence in memory, of which everything is pending."""

    population, log_days = 1 << 12, 1

    def __init__(self, shown: Mapping[str, Collection[Key]], pending: Collection[Key] = ()) -> None:
        self.shown = shown
        self.pending = set(pending)
        self.asked: list[str] = []

    def shown_by(self, attackers: Collection[str]) -> Mapping[str, Collection[str]]:
        self.asked += attackers
        return {one: [" ".join(key) for key in self.shown[one]] for one in attackers}

    def days_of(self, attackers: Collection[str], kinds: Collection[str]) -> Mapping[str, Mapping[Key, Days]]:
        return {one: {key: (0, 0) for key in self.shown[one] if key[0] in kinds} for one in attackers}

    def features(self, keys: Collection[Key]) -> Mapping[Key, tuple[Feature, Settled | None]]:
        numbers = {key: len(self.holders(key, WIDE)) for key in keys}
        return {key: (Feature(number, 0, 0), None) for key, number in numbers.items() if number > 1}

    def holders(self, key: Key, limit: int) -> list[str]:
        return sorted(one for one, shown in self.shown.items() if key in shown)[:limit]

    def holders_of_all(self, keys: Collection[Key]) -> Mapping[Key, Collection[str]]:
        return {key: self.holders(key, WIDE) for key in keys}

    def of_cores(self, cores: Iterable[str]) -> set[Key]:
        return set()


class Pending:
    """What of a scene is pending."""

    def __init__(self, attackers: Collection[str], features: Collection[Key] = ()) -> None:
        self._attackers, self._features = set(attackers), set(features)

    def attackers(self, some: Collection[str]) -> set[str]:
        return self._attackers & set(some)

    def features(self, some: Collection[Key]) -> set[Key]:
        return self._features & set(some)


STRONG: Key = ("ssh_key", "strong")
WEAK: Key = ("hassh", "weak")
SHOWN: Mapping[str, Collection[Key]] = {
    "a": (STRONG, WEAK, ("hassh", "own of a")),
    "b": (WEAK,),
    "c": (),
    "x": (WEAK,),
    "y": (STRONG,),
    "z": (STRONG,),
}


def attackers(names: Iterable[str]) -> list[tuple[str, str]]:
    return [(ATTACKER, one) for one in names]


def from_a(most: int, reach: int = WIDE, pending: Collection[str] = tuple(SHOWN)) -> Gathered:
    return gathered(Known(Scene(SHOWN)), Pending(pending), attackers("abc"), most=most, reach=reach)


@pytest.fixture
def one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_STEP", "_SEEDS"):
        monkeypatch.setattr(f"decnet_workers.clusterer.reading.gathering.{name}", 1)


@pytest.mark.usefixtures("one_by_one")
@pytest.mark.parametrize(
    ("most", "wanted"), [(1, "a"), (2, "az"), (3, "ayz"), (4, "axyz"), (5, "abxyz"), (6, "abcxyz")]
)
def test_whoever_shares_the_heaviest_feature_is_next_and_then_whoever_is_first(most: int, wanted: str) -> None:
    assert from_a(most).attackers == set(wanted)


@pytest.mark.usefixtures("one_by_one")
def test_it_ends_when_enough_share_something() -> None:
    assert from_a(6, reach=5).attackers == {"a"}
    assert from_a(6, reach=6).attackers == set("abxyz") | {"c"}


@pytest.mark.usefixtures("one_by_one")
def test_who_is_not_pending_is_not_computed() -> None:
    assert from_a(6, pending="abcx").attackers == set("abcx")


def test_pending_features_of_theirs_are_computed_with_them() -> None:
    other: Key = ("hassh", "other")
    scene = Scene({**SHOWN, "a": (*SHOWN["a"], other), "b": (WEAK, other)})
    found = gathered(Known(scene), Pending(SHOWN, [STRONG, WEAK, other]), [STRONG, *attackers("a")], most=9, reach=WIDE)
    assert found.features == {STRONG, WEAK, other}
    assert found.attackers == set("abxyz")


@pytest.mark.usefixtures("one_by_one")
@pytest.mark.parametrize(("most", "wanted"), [(1, "f"), (2, "fg"), (3, "fgh"), (4, "fghz")])
def test_features_that_are_pending_bring_those_that_their_attackers_show_and_that_fewest_others_do(
    most: int, wanted: str
) -> None:
    keys: dict[str, Key] = {name: ("ssh_key", name) for name in "fghz"}
    f, g, h, z = keys.values()
    scene = Scene({"a": (f, g), "b": (f, g, h), "c": (h,), "d": (h,), "e": (z,), "i": (z,)})
    first = [keys["f"], keys["z"], keys["h"]]
    found = gathered(Known(scene), Pending((), keys.values()), first, most=most, reach=WIDE)
    assert found.features == {keys[name] for name in wanted}


def test_what_many_show_leads_to_nobody() -> None:
    names = [f"{number:03}" for number in range(SAMPLE + 1)]
    scene = Scene(dict.fromkeys(names, (STRONG,)))
    assert gathered(Known(scene), Pending(names), attackers(names[:1]), most=WIDE, reach=WIDE).attackers == {names[0]}


def test_what_was_read_for_it_is_not_read_again() -> None:
    scene = Scene(SHOWN)
    known = Known(scene)
    assert gathered(known, Pending("a"), attackers("a"), most=1, reach=WIDE).attackers == {"a"}
    assert scene.asked == ["a"]
    assert {one.key for one in known.shown_by(known.attackers("ab"))} == {STRONG, WEAK}
    assert scene.asked == ["a", "b"]
