# SPDX-License-Identifier: MIT
"""A sensor host without a database plays the deckies that the master assigns it: real processes, TLS, SQLite."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Set
from functools import partial
from pathlib import Path

import pytest
from tests.fleet.sensor_pair import NAME, OWN, Pair, answers, pair, spool, until
from tests.ports import own_address

from decnet_core.deckies.orders import assigned_file, reported, standing_file

pytestmark = pytest.mark.usefixtures("forked_zygotes")

FIRST, SECOND = own_address(93), own_address(94)
SHOP = ("decky", "add", "shop", "--persona", "debian-web", "--address", FIRST, "--service", "http")


async def test_decky_of_a_sensor_lives_from_its_order_to_the_revocation(tmp_path: Path) -> None:
    async with pair(tmp_path) as two:
        await two.command(*SHOP, "--sensor", NAME)
        await until(lambda: two.stands("shop", "running", 1))
        assert answers(FIRST)
        await until(lambda: b'"decky":"shop"' in spool(two.master))

        await two.command("decky", "change", "shop", "--address", SECOND)
        await until(lambda: two.stands("shop", "running", 2))
        assert answers(SECOND)
        assert not answers(FIRST)
        assert answers(OWN, 18080), "the decky of the sensor's settings is another one"

        await _is_kept_without_the_master(two)

        await two.command("swarm", "revoke", NAME)
        await until(lambda: not assigned_file(two.sensor).exists() and not answers(SECOND))
        await until(lambda: two.stands("shop", "failed"))
        assert "the sensor berlin-1 was revoked" in await two.command("decky", "list")
        await two.command("decky", "remove", "shop")
        await until(lambda: two.states() == {})


async def _is_kept_without_the_master(two: Pair) -> None:
    """All of the sensor is stopped and started, and what lies there meanwhile is not what was signed."""
    await two.above.stop()
    await two.below.stop()
    assert not answers(SECOND)
    kept = assigned_file(two.sensor).read_bytes()
    assigned_file(two.sensor).write_bytes(kept.replace(b'"signature":"', b'"signature":"AAAA'))
    await two.restart_below()
    await until(lambda: b"is not carried out" in standing_file(two.sensor).read_bytes())
    assert not answers(SECOND)
    assigned_file(two.sensor).write_bytes(kept)
    await two.kill_when_ready("sensor-reconciler")
    await until(lambda: answers(SECOND))
    await two.restart_above()


KILLED = {
    6: ("listener", "forwarder", "sensor-reconciler"),
    4: ("reconciler", "listener", "decoys"),
    2: ("sensor-reconciler", "forwarder", "reconciler"),
}
"""Who is killed as soon as so many deckies are desired; more than two deaths in a moment are a crash loop."""


@pytest.mark.fault
async def test_killed_workers_of_both_hosts_end_with_what_is_desired(tmp_path: Path) -> None:
    addresses = {f"shop-{number}": own_address(100 + number) for number in range(1, 7)}
    async with pair(tmp_path) as two:
        for count, victims in KILLED.items():
            wanted = dict(list(addresses.items())[:count])
            document = tmp_path / "fleet.toml"
            document.write_text("".join(_table(name, address) for name, address in wanted.items()))
            deployed = asyncio.ensure_future(two.command("deploy", str(document), "--yes"))
            await until(partial(_is_committed, two, wanted.keys()))
            for worker in victims:
                await two.kill_when_ready(worker)
            await deployed
            await until(partial(_are_as_desired, two, addresses, wanted.keys()))
        await until(partial(_is_reported, two, wanted.keys()))


def _is_reported(two: Pair, wanted: Set[str]) -> bool:
    report = reported(two.master, NAME)
    return report is not None and {one.name for one in report.deckies} == wanted


def _is_committed(two: Pair, wanted: Set[str]) -> bool:
    return {name for name, (row, _) in two.states().items() if row.wanted} == wanted


def _are_as_desired(two: Pair, addresses: Mapping[str, str], wanted: Set[str]) -> bool:
    if two.states().keys() != wanted or not all(two.stands(name, "running") for name in wanted):
        return False
    return {name for name, address in addresses.items() if answers(address)} == wanted


def _table(name: str, address: str) -> str:
    return (
        f'[[decky]]\nname = "{name}"\naddress = "{address}"\npersona = "debian-web"\n'
        f'services = ["http"]\nsensor = "{NAME}"\n'
    )
