# SPDX-License-Identifier: MIT
"""Workers are parked and woken thousands of times: nothing of their lives is left, in no process.

`DECNET_PARKING_CYCLES` sets the number of the long form, which is marked `torture`: ten thousand, of four workers
beside each other, which takes a fifth of the time.
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
HASTY = ("hasty", "hasty-second", "hasty-third", "hasty-fourth")
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


def parked(office: Office) -> bool:
    return all(one(office.fleet, name).phase is Phase.PARKED for name in HASTY)


def woken(office: Office, lives: int) -> bool:
    """Return whether each worker has been woken so often and is parked again."""
    return parked(office) and all(one(office.fleet, name).wakes >= lives for name in HASTY)


async def cycles_until(office: Office, lives: int) -> None:
    """Wake all workers together, and wait until they are parked again, until each has been woken so often.

    On a busy machine one may be parked before it has its message, and is woken for that once more.
    """
    for life in range(min(one(office.fleet, name).wakes for name in HASTY) + 1, lives + 1):
        office.client.publish("hasty.work")
        await until(partial(woken, office, life))


@pytest.mark.parametrize(
    "cycles",
    [
        pytest.param(100, marks=pytest.mark.scale),
        pytest.param(CYCLES, marks=[pytest.mark.torture, pytest.mark.timeout(7200)]),
    ],
)
async def test_no_descriptor_zombie_or_byte_grows_with_the_lives_of_workers(tmp_path: Path, cycles: int) -> None:
    async with opened(tmp_path, *HASTY, DECNET_RUNTIME_PARK_SECONDS="0.001") as office:
        await until(partial(parked, office))
        zygote = office.fleet.zygotes[""]
        await cycles_until(office, SETTLED_AFTER)
        before, lives = held(zygote), SETTLED_AFTER + cycles // len(HASTY)
        await cycles_until(office, lives)
        after = held(zygote)
        print(f"{cycles} cycles: before {before}, after {after}")  # noqa: T201  # for who runs the long form
        assert after[:4] == before[:4]
        assert after.children == 0
        assert after.blocks - before.blocks < MOST_BLOCKS
        assert after.zygotes_bytes - before.zygotes_bytes < MOST_BYTES
        assert [one(office.fleet, name).restarts for name in HASTY] == [0 for _ in HASTY]
        assert all(lives <= one(office.fleet, name).wakes < lives * 1.25 for name in HASTY)
