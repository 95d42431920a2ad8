# SPDX-License-Identifier: MIT
"""An announcement holds for one connection, from the announced place, for a while."""

from decnet_decoys.assigned.expected import MOST, SECONDS, ExpectedConnections

SOURCE = ("10.0.0.7", 40_000)


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_an_announced_connection_is_taken_once() -> None:
    expected = ExpectedConnections()
    expected.expect("web-01", *SOURCE, "s1")
    assert expected.take("web-01", *SOURCE) == "s1"
    assert expected.take("web-01", *SOURCE) is None


def test_other_ports_addresses_and_deckies_are_not_meant() -> None:
    expected = ExpectedConnections()
    expected.expect("web-01", *SOURCE, "s1")
    assert expected.take("web-02", *SOURCE) is None
    assert expected.take("web-01", "10.0.0.8", SOURCE[1]) is None
    assert expected.take("web-01", SOURCE[0], SOURCE[1] + 1) is None
    assert expected.take("web-01", *SOURCE) == "s1"


def test_an_announcement_expires() -> None:
    clock = Clock()
    expected = ExpectedConnections(clock)
    expected.expect("web-01", *SOURCE, "s1")
    clock.now += SECONDS
    assert expected.take("web-01", *SOURCE) is None


def test_of_too_many_announcements_the_oldest_goes() -> None:
    expected = ExpectedConnections()
    for port in range(1, MOST + 2):
        expected.expect("web-01", SOURCE[0], port, f"s{port}")
    assert expected.take("web-01", SOURCE[0], 1) is None
    assert [expected.take("web-01", SOURCE[0], port) for port in (2, MOST + 1)] == ["s2", f"s{MOST + 1}"]


def test_the_last_announcement_of_a_place_counts() -> None:
    expected = ExpectedConnections()
    for session in ("s1", "s2"):
        expected.expect("web-01", *SOURCE, session)
    assert expected.take("web-01", *SOURCE) == "s2"
