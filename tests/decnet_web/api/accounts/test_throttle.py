# SPDX-License-Identifier: MIT
"""Guessing: by one address at many names, by many at one name, in parallel, with an account of one's own."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

import pytest
from argon2 import PasswordHasher
from sqlalchemy import update
from tests.decnet_web.api.accounts.people import PASSWORD, audited, browser, hash_quickly, person
from tests.decnet_web.api.served import Served, serving

from decnet.fleet.deployment import transaction
from decnet_models.accounts.tables import login_throttle
from decnet_web.api.accounts import throttle
from decnet_web.api.accounts.factors.passwords import AT_ONCE, WAITING, Hasher
from decnet_web.api.accounts.throttle import BY_ADDRESS, BY_NAME, MINUTE, SECOND
from decnet_web.api.fleet import Fleet
from decnet_web.api.problems import Problem


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("fleet")) as served:
        hash_quickly(served)
        yield served


def forget(served: Served) -> None:
    with transaction(served.deployment, write=True) as connection:
        connection.execute(login_throttle.delete())


async def test_a_spray_from_one_address_is_stopped(served: Served) -> None:
    person(served, "sprayed")
    async with browser(served, "198.51.100.1") as attacker, browser(served, "198.51.100.2") as other:
        statuses = [
            (await attacker.log_in(f"user-{number}", "Summer2026 Summer2026")).status_code for number in range(25)
        ]
        assert statuses == [401] * BY_ADDRESS.free + [429] * (25 - BY_ADDRESS.free)
        refused = await attacker.log_in("sprayed", PASSWORD)
        assert refused.status_code == 429, "not even with the right password"
        assert 1 <= int(refused.headers["retry-after"]) == refused.json()["retry_after"] <= 30
        assert (await other.log_in("sprayed")).status_code == 200, "others are not concerned"
    forget(served)


async def test_an_ipv6_network_counts_as_one_address(served: Served) -> None:
    statuses = []
    for number in range(BY_ADDRESS.free + 1):
        async with browser(served, f"2001:db8:1:2::{number + 1:x}") as one:
            statuses.append((await one.log_in(f"user-{number}", "x")).status_code)
    assert statuses == [401] * BY_ADDRESS.free + [429]
    async with browser(served, "2001:db8:1:3::1") as other:
        assert (await other.log_in("user-0", "x")).status_code == 401
    forget(served)


async def test_many_addresses_at_one_name_are_stopped_for_minutes(served: Served) -> None:
    person(served, "targeted")
    statuses = []
    for number in range(BY_NAME.free + 2):
        async with browser(served, f"203.0.113.{number}") as one:
            statuses.append((await one.log_in("Targeted", "wrong")).status_code)
    assert statuses == [401] * BY_NAME.free + [429, 429]
    async with browser(served, "203.0.113.200") as owner:
        assert (await owner.log_in("targeted")).status_code == 429
        with transaction(served.deployment, write=True) as connection:
            past = time.time_ns() - SECOND
            connection.execute(update(login_throttle).values(blocked_until=past))
        assert (await owner.log_in("targeted")).status_code == 200
        assert (await owner.log_in("targeted", "wrong")).status_code == 401, "the count began anew"
    forget(served)


async def test_attempts_in_parallel_do_not_pass_each_other(served: Served) -> None:
    async with browser(served, "198.51.100.7") as one:
        tries = [one.post("/session", name=f"p{n}", password="x") for n in range(BY_ADDRESS.free + 10)]
        statuses = [answer.status_code for answer in await asyncio.gather(*tries)]
    assert sum(status != 429 for status in statuses) <= BY_ADDRESS.free
    forget(served)


async def test_an_account_of_ones_own_buys_no_further_guesses(served: Served) -> None:
    person(served, "insider")
    async with browser(served, "198.51.100.9") as one:
        guesses = 0
        for _ in range(4):
            guesses += sum([(await one.log_in(f"x{n}", "x")).status_code == 401 for n in range(8)])
            await one.log_in("insider")
    assert guesses <= BY_ADDRESS.free
    forget(served)


async def test_guessing_codes_and_links_counts_too(served: Served) -> None:
    async with browser(served, "198.51.100.11") as one:
        statuses = [(await one.post("/session/link", secret=f"{n}" * 43)).status_code for n in range(22)]
    assert statuses[BY_ADDRESS.free :] == [429] * (22 - BY_ADDRESS.free)
    assert "link" in {entry.detail["by"] for entry in audited(served, "session.refuse")}
    forget(served)


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8::1:2:3:4", "2001:db8::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("nonsense", "address:nonsense"),
    ],
)
def test_what_an_address_is_counted_as(address: str, counted: str) -> None:
    assert throttle.network_of(address) == counted


def test_blocks_grow_to_a_limit() -> None:
    assert [BY_NAME.blocked_ns(n) // SECOND for n in (9, 10, 11, 12, 100, 10_000)] == [0, 15, 30, 60, 300, 300]
    assert BY_ADDRESS.blocked_ns(1000) == 60 * MINUTE


async def test_too_many_hashes_at_once_are_put_off(served: Served) -> None:
    fleet: Fleet = served.application.state.fleet
    hasher = Hasher(memory_kib=1024, passes=1)
    tries = [hasher.matches(fleet, None, "x") for _ in range(AT_ONCE + WAITING + 5)]
    done = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(one, Problem) and one.status == 503 for one in done) == 5
    assert sum(one is False for one in done) == AT_ONCE + WAITING


async def test_an_unknown_name_costs_a_verification(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    fleet: Fleet = served.application.state.fleet
    hasher = Hasher(memory_kib=64, passes=1)
    stored = await hasher.hash(fleet, PASSWORD)
    asked: list[str] = []
    verify = PasswordHasher.verify

    def counted(self: PasswordHasher, given: str, password: str) -> bool:
        asked.append(given.split("$")[3])
        return verify(self, given, password)

    monkeypatch.setattr(PasswordHasher, "verify", counted)
    assert await hasher.matches(fleet, stored, PASSWORD)
    assert not await hasher.matches(fleet, None, PASSWORD)
    assert not await hasher.matches(fleet, None, "nobody's password")
    assert asked == ["m=64,t=1,p=1"] * 3
