# SPDX-License-Identifier: MIT
"""Who acts together: a function of profiles and decisions."""

from collections import Counter
from random import Random
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.decnet_workers.campaign_clusterer.identity_rows import DAY, START, identity

from decnet_models.grouping.values import Reason
from decnet_workers.campaign_clusterer import weighing
from decnet_workers.campaign_clusterer.links import candidates
from decnet_workers.campaign_clusterer.partition import Decided, Ruling, partition
from decnet_workers.campaign_clusterer.profile import Profile
from decnet_workers.campaign_clusterer.signals import AIMING, TARGET
from decnet_workers.campaign_clusterer.targeting import FLEET, aimed, matters
from decnet_workers.campaign_clusterer.weighing import CAP, common_order, feature_bits


def profile(
    number: int, *hosts: str, day: float = 0, deckies: tuple[str, ...] = ("a", "b"), until: float = 1
) -> Profile:
    features = frozenset(("host", host) for host in hosts)
    seen = START + int(day * DAY)
    return Profile(identity(number), features, frozenset(deckies), (), seen, seen + int(until * DAY))


def groups(*profiles: Profile, decided: Decided | None = None) -> list[set[int]]:
    subjects = Counter(feature for one in profiles for feature in one.features)
    numbers = {identity(number): number for number in range(100)}
    found = partition({one.identity: one for one in profiles}, subjects, decided or Decided())
    return [{numbers[each] for each in group} for group in found]


def pair(one: int, other: int) -> tuple[UUID, UUID]:
    return identity(one), identity(other)


def test_a_shared_host_joins_who_came_at_the_same_time_with_the_same_targets() -> None:
    assert groups(profile(1, "c2"), profile(2, "c2"), profile(3, "other")) == [{1, 2}]


def test_a_host_that_is_shared_at_other_times_and_against_other_targets_joins_nobody() -> None:
    late = profile(2, "loader", day=50, deckies=("x", "y"))
    assert groups(profile(1, "loader"), late) == []


def test_rare_commands_join_only_those_with_the_same_targets() -> None:
    def typed(number: int, *deckies: str) -> Profile:
        features = frozenset({("command", "./xmr --pool deep.example --rig 7"), ("command", "mkdir /var/.cache/rig7")})
        return Profile(identity(number), features, frozenset(deckies), (), START, START + DAY)

    assert groups(typed(1, "a", "b"), typed(2, "a", "b")) == [{1, 2}]
    assert groups(typed(1, "a", "b"), typed(2, "x", "y")) == []


def test_a_host_of_very_many_joins_nobody() -> None:
    assert feature_bits("host", CAP + 1) == 0
    assert groups(*(profile(number, "free host") for number in range(CAP + 1))) == []


def test_one_who_copies_the_marks_of_two_campaigns_does_not_make_them_one() -> None:
    first = [profile(number, "c2", deckies=("a", "b")) for number in (1, 2, 3)]
    second = [profile(number, "c3", deckies=("x", "y")) for number in (4, 5, 6)]
    copycat = profile(7, "c2", "c3", deckies=("a", "b", "x", "y"))
    found = groups(*first, *second, copycat)
    assert {1, 2, 3} <= next(group for group in found if 1 in group)
    assert not any({1, 4} <= group for group in found)


def aiming(number: int, *deckies: str, host: str = "", first: int = START) -> Profile:
    weeks = frozenset((2900, 2901))
    features = {(TARGET, f"{decky} {week}") for decky in deckies for week in weeks} | (
        {("host", host)} if host else set()
    )
    return Profile(
        identity(number), frozenset(features), frozenset(deckies), (), first, START + DAY, dict.fromkeys(deckies, weeks)
    )


def aiming_together(*some: Profile) -> list[set[UUID]]:
    """Return the groups in a large fleet in which nobody else aims at anything."""
    aims = {(AIMING, str(week)): len(some) for week in (2900, 2901)}
    subjects = Counter(feature for one in some for feature in one.features) | aims | {FLEET: 64}
    return [set(group) for group in partition({one.identity: one for one in some}, subjects)]


def test_groups_whose_members_aimed_at_the_same_deckies_are_one_campaign_by_one_link() -> None:
    found = aiming_together(
        profile(2, "c2", deckies=("a", "b", "c")),
        aiming(1, "a", "b", "c", host="c2"),
        aiming(3, "a", "b", "c", host="c3"),
        aiming(4, "a", "b", "c", host="c3"),
    )
    assert [len(group) for group in found] == [4]


TARGETS = st.dictionaries(st.sampled_from("abcde"), st.frozensets(st.integers(2900, 2904), min_size=1), max_size=4)


@given(one=TARGETS, other=TARGETS)
def test_nobody_is_passed_over_who_aimed_at_the_same_deckies(
    one: dict[str, frozenset[int]], other: dict[str, frozenset[int]]
) -> None:
    """Most pairs share a decky at which both aimed, and nothing else: those cost a look, and nobody else may."""
    first, second = (
        Profile(
            identity(number),
            frozenset((TARGET, f"{decky} {week}") for decky, weeks in targets.items() for week in weeks),
            frozenset(targets), (), START, START + DAY, targets,
        )
        for number, targets in enumerate((one, other))
    )  # fmt: skip
    subjects = {**dict.fromkeys(first.features | second.features, 2), FLEET: 64}
    holders = dict.fromkeys(second.features, (1,))
    assert (candidates(first, holders) == {1}) is (aimed(first, second, subjects) is not None)


@given(
    before=st.integers(0, 70),
    after=st.integers(0, 70),
    aiming=st.sampled_from((64, 256, 2048)),
    one=TARGETS,
    other=TARGETS,
)
def test_a_number_that_does_not_matter_changes_nothing(
    before: int, after: int, aiming: int, one: dict[str, frozenset[int]], other: dict[str, frozenset[int]]
) -> None:
    """Nobody is looked at again for it."""
    first, second = (
        Profile(identity(number), frozenset(), frozenset(targets), (), START, START + DAY, targets)
        for number, targets in enumerate((one, other))
    )
    others = {feature: 9 for one in (first, second) for feature in one.aims() if feature[0] == TARGET}
    crowds = {(AIMING, str(week)): aiming for week in range(2900, 2905)}
    same = [
        aimed(first, second, {**others, **crowds, FLEET: 60, (TARGET, "a 2902"): number}) for number in (before, after)
    ]
    assert matters(before, after, aiming, 60) or same[0] == same[1]


def test_one_decky_at_which_both_aimed_is_not_weighed(monkeypatch: pytest.MonkeyPatch) -> None:
    def weighed(*_: object) -> list[Reason]:
        raise AssertionError("weighed")

    monkeypatch.setattr(weighing, "shared", weighed)
    assert aiming_together(aiming(1, "a", "b"), aiming(2, "b", "c"), aiming(3, "c", "d")) == []


@pytest.mark.parametrize("members", [1, 2, 4])
def test_one_who_aims_at_the_deckies_of_two_crews_does_not_make_them_one(members: int) -> None:
    ours, theirs = ("a", "b", "c"), ("x", "y", "z")
    crew = [aiming(number, *theirs) for number in range(2, 2 + members)]
    found = aiming_together(aiming(1, *ours), *crew, aiming(9, *ours, *theirs, first=START + 1))
    assert not any({identity(1), identity(2)} <= group for group in found)


def test_a_campaign_that_moves_from_host_to_host_stays_one() -> None:
    members = [profile(1, "c2"), profile(2, "c2", "c3"), profile(3, "c2", "c3"), profile(4, "c3"), profile(5, "c3")]
    assert groups(*members) == [{1, 2, 3, 4, 5}]


def test_decisions_overrule_evidence_and_the_latest_overrules_earlier_ones() -> None:
    both = profile(1, "c2"), profile(2, "c2")
    apart, together = Ruling(pair(1, 2), together=False), Ruling(pair(1, 2), together=True)
    assert groups(*both, decided=Decided((apart,))) == []
    assert groups(*both, decided=Decided((apart, together))) == []
    assert groups(*both, decided=Decided((together, apart))) == [{1, 2}]


def test_a_pinned_identity_follows_the_decision_and_no_evidence() -> None:
    members = profile(1, "c2"), profile(2, "c2"), profile(3, "other")
    pinned = Decided((Ruling(pair(2, 3), together=True),), frozenset({identity(2)}))
    assert groups(*members, decided=pinned) == [{2, 3}]


PROFILES = st.lists(
    st.builds(
        lambda hosts, day, deckies: (tuple(sorted(hosts)), day, tuple(sorted(deckies))),
        st.frozensets(st.sampled_from("pqrs"), max_size=3),
        st.integers(0, 40),
        st.frozensets(st.sampled_from("abcde"), max_size=3),
    ),
    max_size=12,
)


@given(PROFILES, st.randoms(use_true_random=False))
def test_the_order_of_profiles_does_not_matter(
    drawn: list[tuple[tuple[str, ...], int, tuple[str, ...]]], dice: Random
) -> None:
    profiles = [profile(n, *hosts, day=day, deckies=deckies) for n, (hosts, day, deckies) in enumerate(drawn)]
    assert groups(*profiles) == groups(*dice.sample(profiles, len(profiles)))


@given(st.lists(st.sampled_from("abcd"), max_size=8), st.lists(st.sampled_from("abcd"), max_size=8))
def test_common_order_is_the_longest_common_subsequence(one: list[str], other: list[str]) -> None:
    def slow(left: list[str], right: list[str]) -> int:
        if not left or not right:
            return 0
        if left[-1] == right[-1]:
            return slow(left[:-1], right[:-1]) + 1
        return max(slow(left[:-1], right), slow(left, right[:-1]))

    assert common_order(tuple(one), tuple(other)) == slow(one, other)


def _device(number: int, *features: tuple[str, str]) -> Profile:
    applet = any(kind == "applet" for kind, _ in features)
    at = START + number * DAY // 2
    return Profile(identity(number), frozenset(features), frozenset(("a",)), (), at, at + DAY, infected=applet)


def test_a_botnet_is_a_campaign_though_it_is_large_and_its_hosts_move() -> None:
    hosts = [("host", f"198.51.100.{number // 4}") for number in range(40)]
    devices = [_device(number, host, ("applet", "KIVI")) for number, host in enumerate(hosts)]
    assert groups(*devices) == [set(range(40))]
    assert len(groups(*(_device(number, host) for number, host in enumerate(hosts)))) == 10


def test_those_who_mine_for_different_wallets_do_not_act_together() -> None:
    def mines(number: int, wallet: str) -> Profile:
        features = frozenset({("url", "http://c2/x"), ("wallet", wallet)})
        deckies, wallets = frozenset(("a", f"b{number}")), frozenset((wallet,))
        return Profile(identity(number), features, deckies, (), START, START + DAY, wallets=wallets)

    assert groups(mines(1, "4a"), mines(2, "4a"), mines(3, "4a")) == [{1, 2, 3}]
    assert groups(mines(1, "4a"), mines(2, "4b"), mines(3, "4c")) == []
