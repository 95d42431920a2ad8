# SPDX-License-Identifier: MIT
"""The supervisor under torture: at the end the fleet is whole, results are there exactly once, and nothing leaked.

Minutes of SIGKILL, SIGSTOP, memory hogs, forks that fail, workers that cannot start, reloads and clock jumps, all under
attack. DECNET_TORTURE_MINUTES says how many (30 by default), DECNET_TORTURE_SEED repeats a run; the seed is printed.

Forks fail by RLIMIT_NPROC, set on the running parent. Root is exempt from it, so where root runs the tests the fleet
runs as another user, who keeps nothing of root but the way to the files (CAP_DAC_OVERRIDE). Clock jumps are injected in
each process (`tortured/sitecustomize.py`): the wall clock jumps and the monotonic one does not, as in life, and the
machine's own clock is left alone.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from tests.fleet.accepted import settled, until
from tests.fleet.arena import Arena, children_of
from tests.fleet.exactly_once_checks import attack_until_all_is_answered, prove
from tests.fleet.fault_injector import PATIENCE, SUPERVISION, FaultInjector, workers_besides

MINUTES = float(os.environ.get("DECNET_TORTURE_MINUTES", "30"))
SEED = int(os.environ.get("DECNET_TORTURE_SEED", "0")) or secrets.randbelow(1 << 31)
SHORT_SECONDS = 8.0
MOST_WAVES = 1500
REST_SECONDS = 5.0
PREPARED_KIB = 24 << 10
"""What the database's zygote grows by when it is prepared, a minute after its first child, maybe between two looks."""
STRANGER = 64321
"""A user id that nobody has."""

pytestmark = pytest.mark.skipif(os.geteuid() == 0 and not shutil.which("setpriv"), reason="root needs setpriv here")


class Parent(msgspec.Struct, frozen=True):
    """What a parent holds while its fleet is at rest, however many of its workers are parked."""

    descriptors: int
    """Without the two of each process that it watches: the pidfd and the pipe of what the process prints."""
    anonymous_kib: int
    """Its memory, shared with children or not: which of it is shared changes when a child is replaced."""


def look_at(pid: int) -> Parent:
    held = _open(pid)
    return Parent(len(held) - 2 * held.count("anon_inode:[pidfd]"), _anonymous_kib(pid))


def strangers(injector: FaultInjector) -> set[int]:
    """The children of the parents that are no worker's one process: successors that get ready, what was forgotten."""
    parents = injector.parents()
    children = {
        int(child)
        for parent in parents
        for task in Path(f"/proc/{parent}/task").glob("*/children")
        for child in task.read_text().split()
    }
    return children - {*parents, *(status.pid for status in injector.statuses().values())}


def _anonymous_kib(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("RssAnon:")).split()[1])


def is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


async def attack_until(arena: Arena, tormented: asyncio.Task[None], pause: float) -> None:
    number = 0
    while not tormented.done():
        await arena.attack(number)
        await asyncio.sleep(pause)
        number += 1
    await tormented


async def tortured(arena: Arena, seed: int, seconds: float) -> str:
    """Torture a fleet, see that it is whole and has leaked nothing, and say in a line what was done."""
    injector = FaultInjector(arena, seed)
    async with arena.running():
        await injector.torment(0.1)  # one of everything, and a whole reload: the first of each may cost something
        await injector.reload()
        before = await at_rest(injector)
        held_before = [_open(pid) for pid in injector.parents()]
        tormented = asyncio.ensure_future(injector.torment(seconds))
        await attack_until(arena, tormented, seconds / MOST_WAVES)
        await until(injector.whole, PATIENCE)
        await attack_until_all_is_answered(arena, PATIENCE)
        await until(lambda: settled(arena), PATIENCE)
        after = await at_rest(injector)
        held = [_open(pid) for pid in injector.parents()]
        zombies = [pid for parent in injector.parents() for pid in children_of(parent) if is_zombie(pid)]
    assert not zombies
    for number, (then, now) in enumerate(zip(before, after, strict=True)):
        assert now.descriptors <= then.descriptors, "\n".join(("before", *held_before[number], "now", *held[number]))
        assert now.anonymous_kib <= 1.1 * then.anonymous_kib + 2048 + (PREPARED_KIB if number == 2 else 0)
    done = ", ".join(f"{count} {deed}" for deed, count in sorted(injector.done.items()))
    assert injector.done["hog"] >= 2, "the hog was not recycled"
    assert 1 <= injector.refusals() <= 2 + 2 * injector.done["reload"], "a start-up failure was retried"
    said = (arena.root / "supervise.log").read_text()
    assert "hog: restarting" not in said, "the hog did not leave in order"
    assert "supervision failed" not in said
    marks = sum(map(len, arena.accepted.values()))
    return f"seed {seed}, {seconds:g} s: {done}; {marks} marks accepted; parents {before} -> {after}"


def _open(pid: int) -> list[str]:
    """What each descriptor of a process stands for; one that was closed meanwhile is left out."""
    found = []
    for path in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            found.append(str(path.readlink()))
    return sorted(found)


async def at_rest(injector: FaultInjector) -> list[Parent]:
    """Wait until the fleet is whole, without strangers, and nothing changes for a while: a reload takes its time.

    What a parent opens for a moment, to look into a child, is not what it holds.
    """
    looks: list[list[Parent]] = []
    async with asyncio.timeout(PATIENCE):
        since, seen = time.monotonic(), None
        while not looks or time.monotonic() - since < REST_SECONDS:
            looks.append([look_at(pid) for pid in injector.parents()])
            picture = (injector.statuses(), looks[-1][-1].anonymous_kib >> 12)
            if picture != seen or strangers(injector) or not injector.whole():
                since, seen = time.monotonic(), picture
                looks.clear()
            await asyncio.sleep(0.1)
    fewest = [min(parent.descriptors for parent in column) for column in zip(*looks, strict=True)]
    return [msgspec.structs.replace(parent, descriptors=few) for parent, few in zip(looks[-1], fewest, strict=True)]


@pytest.fixture
def ground(tmp_path: Path) -> Iterator[Path]:
    """A directory that the fleet's user can reach; what is left of it is found in `tmp_path` afterwards."""
    if os.geteuid() != 0:
        yield tmp_path
        return
    directory = Path(tempfile.mkdtemp(prefix="decnet-torture-"))
    yield directory
    try:
        directory.rename(tmp_path / "ground")
    except OSError:  # another file system
        shutil.rmtree(directory)


async def torture(ground: Path, mode: str, seconds: float, capsys: pytest.CaptureFixture[str]) -> None:
    _say(capsys, f"torture of {mode}: DECNET_TORTURE_SEED={SEED}")
    user = STRANGER if os.geteuid() == 0 else None
    arena = Arena(ground, mode=mode, user=user, besides=workers_besides(ground), supervision=SUPERVISION)
    _say(capsys, f"torture of {mode}: {await tortured(arena, SEED, seconds)}")
    prove(arena, ground)


def _say(capsys: pytest.CaptureFixture[str], line: str) -> None:
    with capsys.disabled():
        sys.stdout.write(f"\n{line}\n")


@pytest.mark.torture
@pytest.mark.timeout(900)
async def test_a_short_torture_of_forks(ground: Path, capsys: pytest.CaptureFixture[str]) -> None:
    await torture(ground, "fork", SHORT_SECONDS, capsys)


@pytest.mark.torture
@pytest.mark.timeout(60 * MINUTES + 900)
@pytest.mark.parametrize("mode", ["fork", "units"])
async def test_a_long_torture(ground: Path, capsys: pytest.CaptureFixture[str], mode: str) -> None:
    await torture(ground, mode, 60 * MINUTES, capsys)
