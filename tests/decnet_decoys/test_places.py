# SPDX-License-Identifier: MIT
from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from decnet_decoys.places import Place, Places

PORTS = ("web-01 ssh", "web-01 http", "db-01 ssh", "db-01 http")


class Crowd:
    """Places, and who was evicted from them."""

    def __init__(self, most: int = 16, per_source: int = 24, ports: tuple[str, ...] = PORTS) -> None:
        self.places = Places(most, per_source, ports)
        self.evicted: list[Place] = []
        self.clock = 0.0

    def come(self, address: str, port: str = PORTS[0], active_at: float | None = None) -> Place | None:
        place = Place(port, address)
        self.clock += 1
        moment = self.clock if active_at is None else active_at
        place.active_at = lambda: moment
        place.evict = lambda: self.evicted.append(place)
        return place if self.places.take(place) else None


def test_a_newcomer_takes_the_place_that_the_greediest_left_idle_longest() -> None:
    crowd = Crowd(4, ports=PORTS[:1])
    modest = crowd.come("198.51.100.1", active_at=0.0)
    greedy = [crowd.come("192.0.2.1", active_at=moment) for moment in (5.0, 3.0, 4.0)]
    assert crowd.come("203.0.113.1") is not None
    assert crowd.evicted == [greedy[1]]
    assert modest is not None
    assert (crowd.places.open, crowd.places.evicted) == (4, 1)


def test_one_who_has_as_many_as_anybody_gets_no_more() -> None:
    crowd = Crowd(4, ports=PORTS[:1])
    for address in ("192.0.2.1", "198.51.100.1") * 2:
        assert crowd.come(address)
    assert crowd.come("192.0.2.1") is None
    assert crowd.evicted == []


def test_a_newcomer_gets_in_where_all_have_one_place() -> None:
    crowd = Crowd(4, ports=PORTS[:1])
    first = [crowd.come(f"192.0.{number}.1") for number in range(4)]
    assert crowd.come("198.51.100.1") is not None
    assert crowd.evicted == first[:1]


def test_one_source_has_a_limit_of_its_own_while_there_is_room() -> None:
    crowd = Crowd(16, per_source=2)
    assert [bool(crowd.come("192.0.2.1")) for _ in range(3)] == [True, True, False]
    assert bool(crowd.come("192.0.2.2"))
    assert crowd.evicted == []


def test_addresses_of_one_64_are_one_source() -> None:
    crowd = Crowd(16, per_source=2)
    assert [bool(crowd.come(f"2001:db8::{number}")) for number in range(3)] == [True, True, False]


def test_neighbours_together_have_more_than_one_alone() -> None:
    crowd = Crowd(12, ports=PORTS[:1])
    for _ in range(2):
        crowd.come("198.51.100.1", active_at=0.0)
    for number in range(10):
        crowd.come(f"192.0.2.{number}")
    crowd.come("203.0.113.1")
    assert crowd.evicted[0].prefix == "192.0.2.0/24"  # ten of one network weigh more than two of one source


def test_a_crowd_at_one_port_leaves_room_at_the_others() -> None:
    crowd = Crowd(16)
    came = [crowd.come(f"192.0.{number}.1", PORTS[0]) for number in range(40)]
    assert all(came)
    assert crowd.places.open == 10  # 16 places, of which 2 are reserved for each other port
    for port in PORTS[1:]:
        before = len(crowd.evicted)
        assert crowd.come("198.51.100.1", port)
        assert crowd.come("198.51.100.1", port)
        assert len(crowd.evicted) == before


def test_what_was_taken_away_is_not_given_back_twice() -> None:
    crowd = Crowd(1, ports=PORTS[:1])
    first = crowd.come("192.0.2.1")
    second = crowd.come("198.51.100.1")
    assert first is not None
    assert second is not None
    crowd.places.release(first)
    assert crowd.places.open == 1
    crowd.places.release(second)
    assert crowd.places.open == 0


@given(st.lists(st.tuples(st.integers(0, 60), st.sampled_from(PORTS), st.booleans()), max_size=120))
def test_limits_hold_and_a_newcomer_always_gets_in(visits: list[tuple[int, str, bool]]) -> None:
    crowd, inside = Crowd(16, per_source=4), list[Place]()
    for number, port, leaves in visits:
        if leaves and inside:
            crowd.places.release(inside.pop(number % len(inside)))
            continue
        address = f"10.0.{number % 7}.{number}"
        new = all(place.source != address for place in inside)
        place = crowd.come(address, port)
        inside = [one for one in inside if one not in crowd.evicted]
        assert place is not None or not new
        if place is not None:
            inside.append(place)
        assert crowd.places.open == len(inside) <= 16
        assert all(sum(one.source == each.source for one in inside) <= 4 for each in inside)
