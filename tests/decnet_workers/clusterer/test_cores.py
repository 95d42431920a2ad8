# SPDX-License-Identifier: MIT
"""Whether those who show a feature are several actors, and which features can belong together."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.examples import examples

from decnet_workers.clusterer.cores import (
    SAMPLE,
    Shown,
    are_linked,
    could_link,
    in_order,
    is_mixed,
    own_marks,
    profile,
    size_of,
)
from decnet_workers.clusterer.kinds import JOIN
from decnet_workers.commodity.limits import Key

URL = ("url", "bought")


Marks = frozenset[tuple[str, str]]


def shown(*marks: tuple[str, str]) -> Marks:
    found = own_marks([URL, *marks])
    assert found is not None
    return frozenset(found)


def test_those_who_show_marks_of_three_or_more_are_several() -> None:
    buyers = [shown(("ssh_key", name), ("host", "of the loader")) for name in "aabbccd"]
    assert is_mixed(URL, buyers)
    assert not is_mixed(URL, buyers[:4])  # two may be one actor's, who replaced the key
    assert not is_mixed(URL, [shown(("host", "of the loader"))] * 7)


def test_marks_that_one_attacker_joins_are_one_actors() -> None:
    replaced = [shown(*(("host", host) for host in hosts)) for hosts in ("a", "ab", "bc", "c", "cd", "d")]
    assert not is_mixed(URL, replaced)


def test_a_key_that_most_show_makes_them_one_actors() -> None:
    servers = [shown(("host", host), ("ssh_key", "one")) for host in "aabbcc"]
    assert not is_mixed(URL, [*servers, shown(("host", "d")), shown(("host", "d"))])


def test_of_an_address_that_several_people_share_nothing_is_learnt() -> None:
    buyers = [shown(("ssh_key", name)) for name in "aabbcc"]
    assert is_mixed(URL, buyers)
    assert own_marks([*(("ssh_key", name) for name in "abc"), ("hassh", "x"), ("hassh", "y")]) is None


KEYS = [("ssh_key", "a"), ("ssh_key", "b"), ("url", "a"), ("hassh", "a"), ("command", "a")]
COUNTS = st.integers(2, 8) | st.integers(55, 70) | st.integers(100, 400)


@settings(max_examples=examples(300), deadline=None)
@given(
    keys=st.permutations(KEYS),
    attackers=st.tuples(COUNTS, COUNTS),
    weights=st.tuples(st.sampled_from((6.0, 20.0)), st.sampled_from((6.0, 20.0))),
    data=st.data(),
)
def test_no_two_features_that_belong_together_are_passed_over(
    keys: list[Key], attackers: tuple[int, int], weights: tuple[float, float], data: st.DataObject
) -> None:
    one, other = keys[:2]
    least = min(*attackers, SAMPLE)
    both = data.draw(st.integers(0, least))
    seen = (both, both) if max(attackers) <= SAMPLE else (both, data.draw(st.integers(0, least)))
    shown = [Shown({other: seen[0]}, {other[0]: seen[0]}), Shown({one: seen[1]}, {one[0]: seen[1]})]
    profiles = {key: profile(number, of) for key, number, of in zip((one, other), attackers, shown, strict=True)}
    bits = dict(zip((one, other), weights, strict=True))
    rarer, commoner = in_order(one, other, profiles)
    if are_linked(rarer, commoner, profiles, bits):
        sizes = (profiles[rarer].attackers, profiles[commoner].attackers)
        weak = min(weights) < JOIN
        assert could_link(profiles[rarer].together[commoner], sizes, weak)
        if profiles[commoner].together[rarer]:
            assert could_link(profiles[commoner].together[rarer], sizes[::-1], weak)


def test_a_weak_feature_of_many_is_no_candidate_of_a_rare_one_whose_attackers_are_all_known() -> None:
    assert not could_link(30, (40, size_of(200)), weak=True)
    assert not could_link(30, (size_of(200), 40), weak=True)
    assert could_link(30, (40, 45), weak=True)
    assert could_link(30, (size_of(200), size_of(130)), weak=True)
