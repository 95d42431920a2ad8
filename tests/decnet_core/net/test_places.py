# SPDX-License-Identifier: MIT
"""Whose connection is ended for a newcomer when all places are taken."""

from __future__ import annotations

from decnet_core.net.places import Place, Places


def taken(places: Places, ended: list[str], name: str, source: str, *, evictable: bool = True) -> Place:
    place = places.take(source, evictable=evictable)
    assert place is not None
    place.evict = lambda: ended.append(name)
    return place


def test_the_source_with_most_loses_what_has_owed_a_request_for_longest() -> None:
    places, ended = Places(4, 3), list[str]()
    taken(places, ended, "one", "a")
    first, second = taken(places, ended, "first", "b"), taken(places, ended, "second", "b")
    taken(places, ended, "third", "b")
    for place in (first, second):  # `second` has had its answer last
        place.busy()
        place.idle()
    taken(places, ended, "new", "c")
    assert ended == ["third"]
    assert (places.open, places.of("b"), places.evicted) == (4, 2, 1)
    taken(places, ended, "newer", "d")
    assert ended == ["third", "first"]


def test_among_sources_with_as_many_the_longest_silent_goes() -> None:
    places, ended = Places(2, 2), list[str]()
    for name in "abcd":
        taken(places, ended, name, name)
    assert ended == ["a", "b"]


def test_whose_request_is_complete_stays() -> None:
    places, ended = Places(2, 2), list[str]()
    listeners = [taken(places, ended, name, name) for name in "ab"]
    for listener in listeners:
        listener.busy()
    assert places.take("c") is None
    listeners[0].idle()
    assert places.take("c") is not None
    assert ended == ["a"]


def test_who_does_not_take_its_answer_loses_its_place() -> None:
    places, ended = Places(2, 2), list[str]()
    for name, moves in (("a", True), ("b", False)):
        place = taken(places, ended, name, name)
        place.busy()
        place.stalls()
        place.busy()  # the next one of those that it sent at once
        if moves:
            place.moves()
    taken(places, ended, "c", "c").busy()
    assert ended == ["b"]
    assert places.take("d") is None


def test_who_owes_a_request_goes_on_owing_it_when_it_takes_its_answer() -> None:
    places = Places(2, 2)
    place = places.take("a")
    assert place is not None
    place.stalls()
    place.moves()
    assert list(places.owing) == [place]


def test_no_source_gets_more_by_evicting() -> None:
    places, ended = Places(3, 9), list[str]()
    for name in ("a", "b", "b"):
        taken(places, ended, name, name)
    assert places.take("a") is None  # each would have as many as the other before
    assert places.take("b") is None
    assert not ended


def test_who_has_as_many_as_it_may_ends_nobody() -> None:
    places, ended = Places(3, 1), list[str]()
    for name in "abc":
        taken(places, ended, name, name)
    assert places.take("c") is None
    assert not ended


def test_a_proxy_is_not_evicted() -> None:
    places, ended = Places(2, 2), list[str]()
    proxy = taken(places, ended, "proxy", "proxy", evictable=False)
    proxy.busy()
    proxy.idle()
    taken(places, ended, "a", "a")
    taken(places, ended, "b", "b")
    assert ended == ["a"]


def test_a_place_is_freed_once() -> None:
    places = Places(2, 2)
    first, second = places.take("a"), places.take("a")
    assert first is not None
    assert second is not None
    for _ in range(2):
        first.free()
        first.idle()  # whoever says so when it is gone already
    assert (places.open, places.of("a"), list(places.owing)) == (1, 1, [second])
