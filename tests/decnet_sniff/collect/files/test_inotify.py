# SPDX-License-Identifier: MIT
"""Waiting for files without looking at them: what the kernel tells and what not, and that an idle worker sleeps."""

from __future__ import annotations

import asyncio
import os
import select
import time
from pathlib import Path

import pytest
from tests.decnet_sniff.collect.collect_harness import (
    collecting,
    command,
    events_in,
    process,
    settings_of,
    spooled,
    until_counted,
    wait_until,
)

from decnet_core.footprint import measure
from decnet_sniff.collect.files import inotify
from decnet_sniff.collect.files.inotify import InotifyWatch, directories_of

MINUTE = {"busy_ms": 10, "idle_ms": 60_000, "watched_ms": 60_000}


async def told(watched: InotifyWatch, seconds: float = 120) -> bool:
    """Return whether something is told in time."""
    happened = asyncio.Event()
    with watched.notifying(happened.set):
        try:
            await asyncio.wait_for(happened.wait(), seconds)
        except TimeoutError:
            return False
    return True


@pytest.mark.parametrize("change", ["write", "create", "rename", "remove", "truncate"])
async def test_significant_changes_are_reported(tmp_path: Path, change: str) -> None:
    log, watched = tmp_path / "x.log", InotifyWatch()
    log.write_bytes(b"one\n")
    watched.follow([str(tmp_path / "*.log")], [str(log)])
    assert watched.is_complete
    match change:
        case "write":
            with log.open("ab") as file:
                file.write(b"two\n")
        case "create":
            (tmp_path / "y.log").touch()
        case "rename":
            log.rename(tmp_path / "x.log.1")
        case "remove":
            log.unlink()
        case "truncate":
            log.write_bytes(b"")
    assert await told(watched)
    watched.close()


async def test_who_took_the_watch_over_is_told_of_changes_since_the_last_look(tmp_path: Path) -> None:
    log, watched = tmp_path / "x.log", InotifyWatch()
    log.touch()
    files = [str(tmp_path / "*.log")], [str(log)]
    watched.follow(*files)
    log.write_bytes(b"before\n")
    descriptor = watched.hand_over()
    watched.follow(*files)  # another look reads what has happened, but not from that descriptor
    assert watched.is_complete
    try:
        assert select.select([descriptor], [], [], 0)[0]
        log.write_bytes(b"after\n")
        assert await told(watched)
    finally:
        os.close(descriptor)
        watched.close()


async def test_writes_of_others_beside_the_log_and_what_is_past_are_not_reported(tmp_path: Path) -> None:
    log, other, watched = tmp_path / "x.log", tmp_path / "other", InotifyWatch()
    log.write_bytes(b"")
    other.write_bytes(b"")
    watched.follow([str(log)], [str(log)])
    log.write_bytes(b"seen by the look that follows\n")
    watched.follow([str(log)], [str(log)])
    other.write_bytes(b"noise\n")
    assert not await told(watched, 0.2)
    log.write_bytes(b"new\n")
    assert await told(watched)
    watched.close()


async def test_file_that_takes_the_name_of_a_rotated_one_is_watched_in_its_place(tmp_path: Path) -> None:
    log, watched = tmp_path / "x.log", InotifyWatch()
    log.write_bytes(b"")
    watched.follow([str(log)], [str(log)])
    log.rename(tmp_path / "x.log.1")
    log.write_bytes(b"")
    for _ in range(2):  # the first also clears what the change of watches itself tells
        watched.follow([str(log)], [str(log)])
    log.write_bytes(b"new\n")
    assert await told(watched)
    watched.close()


def test_directories_that_can_change_what_a_pattern_matches(tmp_path: Path) -> None:
    for host in ("a", "b"):
        (tmp_path / "remote" / host).mkdir(parents=True)
    assert directories_of(str(tmp_path / "x.log")) == [str(tmp_path)]
    assert directories_of(str(tmp_path / "remote" / "*" / "auth.log")) == [
        str(tmp_path / "remote"), str(tmp_path / "remote" / "a"), str(tmp_path / "remote" / "b"),
    ]  # fmt: skip
    assert directories_of(str(tmp_path / "none" / "x.log")) == []


def test_what_cannot_be_watched_is_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    watched = InotifyWatch(max_watches=1)
    watched.follow([str(tmp_path / "x")], [str(tmp_path / "x")])
    assert not watched.is_complete  # too many
    watched.close()
    monkeypatch.setattr(inotify, "file_systems", lambda: {"/": "ext4", str(tmp_path): "nfs4"})
    (tmp_path / "y").touch()
    remote = InotifyWatch()
    remote.follow([str(tmp_path / "y")], [str(tmp_path / "y")])
    assert not remote.is_complete
    remote.close()
    missing = InotifyWatch()
    missing.follow(["/does/not/exist/x"], [])
    assert not missing.is_complete
    missing.close()


def test_file_systems_of_this_machine_are_known() -> None:
    assert "/" in inotify.file_systems()
    assert inotify.file_systems()["/proc"] == "proc"


async def test_line_is_read_at_once_though_looks_are_a_minute_apart(tmp_path: Path) -> None:
    """Written, created by a pattern, rotated: none of it waits for the next look."""
    log, state = tmp_path / "logs" / "a" / "cowrie.json", tmp_path / "state"
    log.parent.mkdir(parents=True)
    source = {"name": "c", "format": "cowrie", "path": str(tmp_path / "logs" / "*" / "cowrie.json")}
    async with collecting(settings_of(state, source, **MINUTE)) as ctx:
        for step in range(4):
            await asyncio.sleep(0.2)  # it has looked in vain and sleeps
            if step == 2:
                log.rename(f"{log}.1")
            if step == 3:
                log = tmp_path / "logs" / "b" / "cowrie.json"
                log.parent.mkdir()
            with log.open("ab") as file:
                file.write(command(step))
            await until_counted(ctx, "events", step + 1)
    assert len({event.id for event in events_in(state)}) == 4


def test_idle_collector_sleeps(tmp_path: Path) -> None:
    state, config, log = tmp_path / "state", tmp_path / "decnet.toml", tmp_path / "cowrie.json"
    log.write_bytes(command(1))
    config.write_text(f'[state]\ndir = "{state}"\n[[collect.source]]\nname = "c"\nformat = "cowrie"\npath = "{log}"\n')
    with process(config) as running:
        wait_until(lambda: spooled(state) == 1, running)
        wait_until(lambda: wakeups(running.pid, 5) <= 15, running)  # with a look every two seconds it were more


def wakeups(pid: int, seconds: float) -> int:
    """Return how often a process was woken meanwhile; that its bus is missing wakes it now and then."""
    before = measure(pid)
    time.sleep(seconds)
    after = measure(pid)
    assert before is not None
    assert after is not None
    return after.wakeups - before.wakeups
