# SPDX-License-Identifier: MIT
"""Which features can belong together."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.examples import examples

from decnet_workers.clusterer.cores import SAMPLE, Shown, are_linked, could_link, followed, in_order, size_of
from decnet_workers.clusterer.kinds import JOIN
from decnet_workers.clusterer.reading.known import KnownFeature, Sample
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
    one, other = (KnownFeature(key, number, 0) for key, number in zip(keys[:2], attackers, strict=True))
    least = min(*attackers, SAMPLE)
    both = data.draw(st.integers(0, least))
    seen = (both, both) if max(attackers) <= SAMPLE else (both, data.draw(st.integers(0, least)))
    for feature, shown, bits, number in zip((one, other), (other, one), weights, seen, strict=True):
        feature.weight, feature.read_sample = bits, Sample(())
        feature.sample.shown = Shown({shown: number}, {shown.kind.name: number})
    rarer, commoner = in_order(one, other)
    if are_linked(rarer, commoner):
        sizes = (size_of(rarer.attackers), size_of(commoner.attackers))
        weak = min(weights) < JOIN
        assert could_link(rarer.sample.shown.together[commoner], sizes, weak)
        if commoner.sample.shown.together[rarer]:
            assert could_link(commoner.sample.shown.together[rarer], sizes[::-1], weak)


def test_a_weak_feature_of_many_is_no_candidate_of_a_rare_one_whose_attackers_are_all_known() -> None:
    assert not could_link(30, (40, size_of(200)), weak=True)
    assert not could_link(30, (size_of(200), 40), weak=True)
    assert could_link(30, (40, 45), weak=True)
    assert could_link(30, (size_of(200), size_of(130)), weak=True)


def test_which_of_two_cores_a_feature_follows_does_not_depend_on_their_names() -> None:
    one, other = KnownFeature(("ssh_key", "a"), 3, 0), KnownFeature(("url", "b"), 3, 0)
    for first, second in ("xy", "yx"):
        found = followed([{first: one, second: other}, {second: other, first: one}])
        assert found is not None
        assert found.feature is one
