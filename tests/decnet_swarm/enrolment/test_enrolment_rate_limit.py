# SPDX-License-Identifier: MIT
"""How often somebody may knock."""

from __future__ import annotations

from decnet_swarm.enrolment.rate_limit import SOURCES, EnrolmentRates, Rate

EACH, ALL = Rate(burst=3, per_minute=6), Rate(burst=5, per_minute=60)


def test_a_source_may_connect_so_often_and_then_waits_its_share_of_a_minute() -> None:
    rates = EnrolmentRates(EACH, ALL)
    assert [rates.allows("192.0.2.1", 0) for _ in range(4)] == [True, True, True, False]
    assert not rates.allows("192.0.2.1", 9)
    assert rates.allows("192.0.2.1", 20)


def test_impatient_source_takes_nothing_from_the_others() -> None:
    rates = EnrolmentRates(EACH, ALL)
    for _ in range(100):
        rates.allows("192.0.2.1", 0)
    assert rates.allows("192.0.2.2", 0)


def test_many_sources_together_are_limited() -> None:
    rates = EnrolmentRates(EACH, ALL)
    assert sum(rates.allows(f"192.0.2.{n}", 0) for n in range(200)) == ALL.burst


def test_an_ipv6_host_cannot_connect_under_other_addresses() -> None:
    rates = EnrolmentRates(EACH, Rate(1000, 1000))
    assert sum(rates.allows(f"2001:db8::{n:x}", 0) for n in range(1, 50)) == EACH.burst
    assert rates.allows("2001:db8:0:1::1", 0)
    assert rates.allows("fe80::1%eth0", 0)
    assert [rates.allows(a, 0) for a in ("::ffff:192.0.2.9", "192.0.2.9", "192.0.2.9", "192.0.2.9")][-1] is False


def test_memory_of_sources_is_bounded() -> None:
    rates = EnrolmentRates(EACH, Rate(1e9, 1))
    for number in range(3 * SOURCES):
        rates.allows(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}", 0)
    assert len(rates._sources) == SOURCES
