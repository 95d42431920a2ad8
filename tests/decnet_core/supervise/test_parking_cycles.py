# SPDX-License-Identifier: MIT
"""A worker is parked and woken thousands of times: nothing of its lives is left, in no process.

`DECNET_PARKING_CYCLES` sets the number of the long form, which is marked `torture`.
"""

from __future__ import annotations

import asyncio
import gc
import os
import sys
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pytest
from tests.decnet_core.supervise.test_parking import Office, opened
from tests.decnet_core.supervise.test_process_fleet import one, until

from decnet_core.footprint import uss_of
from decnet_core.runtime.restarts.policy import Phase

CYCLES = int(os.environ.get("DECNET_PARKING_CYCLES", "10000"))
SETTLED_AFTER = 20
"""Cycles until caches and tables have their size."""
MOST_BLOCKS = 20_000
"""Of Python's allocator: each subscription has a new number, and broker and client remember some hundreds of lines."""
MOST_BYTES = 256 << 10
"""Of the zygote: free lists, and one more pool of each size."""


class Held(NamedTuple):
    """What supervisor, zygote and the kernel hold."""

    descriptors: int
    zygotes_descriptors: int
    children: int
    tasks: int
    blocks: int
    zygotes_bytes: int


def held(zygote: int) -> Held:
    gc.collect()
    return Held(
        len(os.listdir("/proc/self/fd")),
        len(os.listdir(f"/proc/{zygote}/fd")),
        len(Path(f"/proc/{zygote}/task/{zygote}/children").read_text().split()),
        len(asyncio.all_tasks()),
        sys.getallocatedblocks(),
        uss_of(zygote),
    )


async def cycle(office: Office) -> None:
    """Wake the worker, and wait until it is parked again."""
    wakes = one(office.fleet, "hasty").wakes
    office.client.publish("hasty.work")
    await until(partial(lambda before: one(office.fleet, "hasty").wakes > before, wakes))
    await until(lambda: one(office.fleet, "hasty").phase is Phase.PARKED)


@pytest.mark.parametrize(
    "cycles",
    [
        pytest.param(100, marks=pytest.mark.scale),
        pytest.param(CYCLES, marks=[pytest.mark.torture, pytest.mark.timeout(7200)]),
    ],
)
async def test_no_descriptor_zombie_or_byte_grows_with_the_lives_of_a_worker(tmp_path: Path, cycles: int) -> None:
    async with opened(tmp_path, "hasty", DECNET_RUNTIME_PARK_SECONDS="0.001") as office:
        await until(lambda: one(office.fleet, "hasty").phase is Phase.PARKED)
        zygote = office.fleet.zygotes[""]
        for _ in range(SETTLED_AFTER):
            await cycle(office)
        before = held(zygote)
        for _ in range(cycles):
            await cycle(office)
        after = held(zygote)
        print(f"{cycles} cycles: before {before}, after {after}")  # noqa: T201  # for who runs the long form
        assert after[:4] == before[:4]
        assert after.children == 0
        assert after.blocks - before.blocks < MOST_BLOCKS
        assert after.zygotes_bytes - before.zygotes_bytes < MOST_BYTES
        assert one(office.fleet, "hasty").restarts == 0
        assert one(office.fleet, "hasty").wakes == SETTLED_AFTER + cycles
