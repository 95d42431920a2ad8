# SPDX-License-Identifier: MIT
"""Whether those who show a feature are one actor, several, or infected devices."""

from __future__ import annotations

import pytest

from decnet_workers.clusterer.owners import is_mixed, is_shared_address, is_sold, may_be_sold, tells_apart

URL = ("url", "bought")

Marks = frozenset[tuple[str, str]]


def shown(*marks: tuple[str, str]) -> Marks:
    return frozenset(one for one in (URL, *marks) if tells_apart(one))


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
    assert is_shared_address({"ssh_key": 3, "hassh": 2})
    assert not is_shared_address({"ssh_key": 3, "hassh": 1})


@pytest.mark.parametrize("kind", ["ssh_key", "planted_key", "certificate", "wallet"])
def test_what_four_with_keys_of_their_own_show_is_sold(kind: str) -> None:
    buyers = [shown((kind, name)) for name in "aabcd"]
    assert is_sold(URL, buyers)
    assert not is_sold(URL, buyers[:4])  # three keys in a row may be one actor's


def test_keys_that_replace_each_other_or_that_one_has_nearly_alone_are_no_sale() -> None:
    chain = [shown(("ssh_key", one), ("ssh_key", other)) for one, other in ("ab", "bc", "cd", "de", "ef")]
    assert not is_sold(URL, chain)
    assert not is_sold(URL, [*[shown(("ssh_key", "a"))] * 8, *(shown(("ssh_key", name)) for name in "bcd")])
    assert not is_sold(URL, [shown(("host", name)) for name in "abcdef"])  # a server is not a key


def test_a_key_does_not_contradict_itself() -> None:
    assert not is_sold(("certificate", "x"), [frozenset({("certificate", "x"), ("url", name)}) for name in "abcd"])
    assert not may_be_sold(("ssh_key", "x"), 10)
    assert not may_be_sold(URL, 3)
