# SPDX-License-Identifier: MIT
"""Whether those who show a feature are several actors."""

from __future__ import annotations

from decnet_workers.clusterer.cores import is_mixed, own_marks

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
