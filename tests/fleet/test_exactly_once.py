# SPDX-License-Identifier: MIT
"""Laws 2 to 5: kill every worker, again and again, at random moments: at the end everything is there, once."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from tests.fleet.accepted import settled, until
from tests.fleet.arena import DEFAULTS, Arena
from tests.fleet.exactly_once_checks import attack_until_all_is_answered, prove

from decnet_core.runtime import worker_registry

PARKING = {"DECNET_RUNTIME_PARK_SECONDS": "0.05"}
"""So short that workers are parked and woken between the deeds of an attacker."""


async def fight(arena: Arena, seed: int, *, rounds: int, patience: float = 60) -> None:
    """Attack while workers are killed, then wait until all work is done."""
    async with arena.running():
        killing = asyncio.ensure_future(arena.kill_in_turn(seed, rounds=rounds))
        number = 0
        while not killing.done():
            await arena.attack(number)
            number += 1
        await killing
        await arena.all_ready()
        await attack_until_all_is_answered(arena, patience)  # nobody is killed any more
        await until(lambda: settled(arena), patience)


@pytest.mark.fault  # in make test, those of ingest and of webhook prove it of one worker each
async def test_every_worker_killed_in_turn_and_everything_is_there_once(tmp_path: Path) -> None:
    arena = Arena(tmp_path, besides=PARKING)
    await fight(arena, seed=7, rounds=3)
    assert arena.kills == 3 * len(worker_registry.wanted(DEFAULTS))
    prove(arena, tmp_path)


@pytest.mark.fault
async def test_without_a_bus_everything_arrives_only_later(tmp_path: Path) -> None:
    arena = Arena(tmp_path, bus=f"unix://{tmp_path}/nobody.sock")
    await fight(arena, seed=8, rounds=1)
    prove(arena, tmp_path)


@pytest.mark.torture
@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("mode", ["fork", "units"])
async def test_many_seeds(tmp_path: Path, seed: int, mode: str) -> None:
    arena = Arena(tmp_path, mode=mode, besides=PARKING if seed % 2 else None)
    await fight(arena, seed=seed, rounds=6, patience=120)
    prove(arena, tmp_path)
