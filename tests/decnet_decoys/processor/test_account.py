# SPDX-License-Identifier: MIT
from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from decnet_decoys.processor.account import (
    FREE_SECONDS,
    HALF_LIFE_SECONDS,
    MAX_USAGES,
    MUCH_SECONDS,
    Account,
    Accounts,
    Usage,
)

SECONDS = st.floats(0.01, 100.0)


def opened(accounts: Accounts, address: str, decky: str = "web-01") -> Account:
    return accounts.open("http", decky, address, 0.0)


def test_half_of_what_was_used_is_forgotten_after_the_half_life() -> None:
    usage = Usage()
    usage.charge(4.0, 100.0)
    assert usage.recent(100.0) == 4.0
    assert usage.recent(100.0 + HALF_LIFE_SECONDS) == 2.0
    usage.charge(1.0, 100.0 + HALF_LIFE_SECONDS)
    assert usage.recent(100.0 + 2 * HALF_LIFE_SECONDS) == 1.5


def test_a_clock_that_was_set_back_forgets_nothing_and_adds_nothing() -> None:
    usage = Usage()
    usage.charge(4.0, 100.0)
    assert usage.recent(50.0) == 4.0


def test_what_one_connection_uses_its_source_has_used() -> None:
    accounts = Accounts()
    busy, idle, stranger = (opened(accounts, address) for address in ("192.0.2.1", "192.0.2.1", "198.51.100.1"))
    busy.charge(1.0, 0.0)
    ranks = [account.rank(0.0) for account in (stranger, idle, busy)]
    assert ranks == sorted(ranks)
    assert len(set(ranks)) == 3
    assert busy.indebted
    assert idle.indebted
    assert not stranger.indebted


def test_a_neighbour_and_another_on_the_same_decky_answer_in_part() -> None:
    accounts = Accounts()
    opened(accounts, "192.0.2.1").charge(1.0, 0.0)
    stranger, visitor, neighbour, same = (
        opened(accounts, "198.51.100.1", "db-01"),
        opened(accounts, "198.51.100.2"),
        opened(accounts, "192.0.2.9", "db-01"),
        opened(accounts, "192.0.2.1", "db-01"),
    )
    ranks = [account.rank(0.0) for account in (stranger, visitor, neighbour, same)]
    assert ranks == sorted(ranks)
    assert len(set(ranks)) == 4
    assert [account.indebted for account in (stranger, visitor, neighbour, same)] == [False, False, False, True]


def test_addresses_of_one_64_are_one_source() -> None:
    accounts = Accounts()
    opened(accounts, "2001:db8::1").charge(1.0, 0.0)
    other = opened(accounts, "2001:db8::2:3")
    other.rank(0.0)
    assert other.indebted


def test_small_charges_add_up() -> None:
    account = opened(Accounts(), "192.0.2.1")
    for _ in range(2000):
        account.charge(FREE_SECONDS / 1000, 0.0)
    assert account.indebted


def test_a_source_that_used_much_is_reported_once_however_many_its_connections() -> None:
    accounts = Accounts()
    first, second = opened(accounts, "192.0.2.1"), opened(accounts, "192.0.2.1")
    first.charge(MUCH_SECONDS / 2, 0.0)
    assert not first.newly_greedy()
    second.charge(MUCH_SECONDS, 0.0)
    assert second.newly_greedy()
    assert not second.newly_greedy()
    assert not first.newly_greedy()
    assert not opened(accounts, "198.51.100.1").newly_greedy()


@given(SECONDS, SECONDS, st.floats(0.0, 60.0))
def test_ranks_of_different_times_compare_as_those_of_one_time(first: float, second: float, later: float) -> None:
    accounts = Accounts()
    one, two = opened(accounts, "192.0.2.1", "web-01"), opened(accounts, "198.51.100.1", "db-01")
    one.charge(first, 0.0)
    two.charge(second, 0.0)
    if abs(first - second) > 0.01 * max(first, second):
        assert (one.rank(0.0) < two.rank(later)) == (one.rank(later) < two.rank(later))


def test_sources_are_remembered_up_to_a_limit() -> None:
    accounts = Accounts()
    for number in range(2 * MAX_USAGES):
        opened(accounts, f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")
    assert len(accounts) == MAX_USAGES
