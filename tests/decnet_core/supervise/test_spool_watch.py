# SPDX-License-Identifier: MIT
"""What wakes the parked readers of spools: real files, the real inotify(7)."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from decnet_core import inotify
from decnet_core.supervise.parked.spool_watch import SpoolWatch


class Reader:
    """How often one parked reader was woken."""

    def __init__(self) -> None:
        self.woken = 0

    def wake(self) -> None:
        self.woken += 1

    async def until_woken(self, times: int = 1) -> None:
        async with asyncio.timeout(120):
            while self.woken < times:
                await asyncio.sleep(0.001)


def append(spools: Path, worker: str = "decoys", name: str = "0000000001.jsonl") -> None:
    with (spools / worker / name).open("a") as segment:
        segment.write("{}\n")


def spools_in(tmp_path: Path, *workers: str) -> Path:
    for worker in workers:
        (tmp_path / "spool" / worker).mkdir(parents=True)
    return tmp_path / "spool"


async def test_an_event_wakes_every_reader_once_and_ends_the_watch(tmp_path: Path) -> None:
    spools, first, second = spools_in(tmp_path, "decoys", "sniff"), Reader(), Reader()
    before = len(os.listdir("/proc/self/fd"))
    watch = SpoolWatch(spools)
    watch.add(first.wake)
    watch.add(second.wake)
    append(spools, "sniff")
    await first.until_woken()
    await second.until_woken()
    for _ in range(100):
        append(spools)
    await asyncio.sleep(0)
    assert (first.woken, second.woken, watch.open) == (1, 1, False)
    assert len(os.listdir("/proc/self/fd")) == before
    watch.add(first.wake)
    append(spools)
    await first.until_woken(2)


async def test_only_lines_wake_not_what_else_lies_in_a_spool(tmp_path: Path) -> None:
    spools, reader = spools_in(tmp_path, "decoys", ".readers"), Reader()
    watch = SpoolWatch(spools)
    watch.add(reader.wake)
    append(spools, name="folding.0")
    append(spools, ".readers", "decoys.json")
    append(spools, ".readers", "0000000001.jsonl")
    (spools / "decoys" / "0000000002.jsonl").touch()  # begun, and nothing in it yet
    await asyncio.sleep(0.05)
    assert (reader.woken, watch.open) == (0, True)
    append(spools, name="0000000002.jsonl")
    await reader.until_woken()
    watch.close()


@pytest.mark.parametrize("made", ["spool", "spool/decoys", "state/spool"])
async def test_a_spool_that_is_made_later_wakes_too(tmp_path: Path, made: str) -> None:
    spools, reader = tmp_path / (made if made.endswith("spool") else "spool"), Reader()
    if made == "spool/decoys":
        spools.mkdir()
    watch = SpoolWatch(spools)
    watch.add(reader.wake)
    (tmp_path / made).mkdir(parents=True)
    await reader.until_woken()


async def test_who_is_not_parked_any_more_is_not_woken(tmp_path: Path) -> None:
    spools, gone, parked = spools_in(tmp_path, "decoys"), Reader(), Reader()
    watch = SpoolWatch(spools)
    watch.add(gone.wake)
    watch.add(parked.wake)
    watch.discard(gone.wake)
    append(spools)
    await parked.until_woken()
    assert gone.woken == 0
    watch.add(gone.wake)
    watch.discard(gone.wake)
    watch.discard(gone.wake)
    assert not watch.open


async def test_a_kernel_without_room_for_it_leaves_the_readers_to_the_bus(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(_: int) -> int:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(inotify, "_checked", refuse)
    watch = SpoolWatch(tmp_path)
    for _ in range(3):
        watch.add(lambda: None)
    assert not watch.open
    assert caplog.text.count("Too many open files") == 1
