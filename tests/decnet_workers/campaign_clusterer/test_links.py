# SPDX-License-Identifier: MIT
"""Pairs that are held as numbers are those that have the reasons to be linked, in the order of what they say."""

import tracemalloc
from collections import Counter
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st
from tests.decnet_workers.campaign_clusterer.identity_rows import DAY, START, identity

from decnet_workers.campaign_clusterer.links import by_aim, ends, link, strongest_first
from decnet_workers.campaign_clusterer.partition import partition
from decnet_workers.campaign_clusterer.profile import Profile
from decnet_workers.campaign_clusterer.signals import AIMING, TARGET
from decnet_workers.campaign_clusterer.targeting import FLEET
from decnet_workers.campaign_clusterer.weighing import JOIN

WEEKS = frozenset((2900,))


def profile(number: int, hosts: frozenset[str], targets: frozenset[str]) -> Profile:
    features = {("host", host) for host in hosts} | {(TARGET, f"{decky} 2900") for decky in targets}
    aims = dict.fromkeys(sorted(targets), WEEKS)
    return Profile(identity(number), frozenset(features), targets or frozenset("a"), (), START, START + DAY, aims)


SHOWN = st.tuples(st.frozensets(st.sampled_from(("c2", "c3")), max_size=2), st.frozensets(st.sampled_from("abc")))


@given(shown=st.lists(SHOWN, min_size=2, max_size=8))
def test_pairs_are_those_that_join_strongest_first(shown: list[tuple[frozenset[str], frozenset[str]]]) -> None:
    some = sorted((profile(number, *each) for number, each in enumerate(shown)), key=lambda one: one.identity)
    subjects = Counter(feature for one in some for feature in one.features) | {(AIMING, "2900"): len(some), FLEET: 64}
    wanted = [each for pair in combinations(some, 2) if (each := link(*pair, subjects)).bits >= JOIN]
    wanted.sort(key=lambda each: (-each.bits, each.pair))
    found = strongest_first(some, subjects)
    assert [tuple(some[place].identity for place in ends(each)) for each in found] == [each.pair for each in wanted]
    aimed = [any(kind == TARGET and bits >= 8 for kind, _, bits in each.because) for each in wanted]
    assert [by_aim(each) for each in found] == aimed


def test_a_link_takes_few_bytes_while_it_is_only_compared() -> None:
    """Of attackers who fetch from the same few dozen addresses, nearly all are linked with many."""
    some = [
        profile(number, frozenset(f"h{number * step % 37}" for step in (1, 5)), frozenset()) for number in range(200)
    ]
    subjects = Counter(feature for one in some for feature in one.features)
    linked = len(strongest_first(sorted(some, key=lambda one: one.identity), subjects))
    tracemalloc.start()
    partition({one.identity: one for one in some}, subjects)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert linked > 1_000
    assert peak < 250 * linked
