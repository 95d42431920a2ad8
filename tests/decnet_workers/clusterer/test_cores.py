# SPDX-License-Identifier: MIT
"""Which features can belong together."""

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
    profile,
    size_of,
)
from decnet_workers.clusterer.kinds import JOIN
from decnet_workers.commodity.limits import Key

URL = ("url", "bought")


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
