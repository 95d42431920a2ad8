# SPDX-License-Identifier: MIT
"""A real zygote: what its children are, and what happens when one of them, or it, dies."""

from __future__ import annotations

import asyncio
import gc
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from decnet_core.exits import Exit
from decnet_core.runtime import worker_registry
from decnet_core.supervise.fork import child_process, zygote_client
from decnet_core.supervise.fork.child_process import ChildProcess
from decnet_core.supervise.fork.popen_child import popen_child
from decnet_core.supervise.fork.zygote import Zygote
from decnet_core.supervise.fork.zygote_client import ZygoteClient

HERE = Path(__file__).parents[1]
PLACE = "supervised_workers:Steady"
BUS = worker_registry.entry_point("bus")


class Forker:
    """A zygote's client with a lifeline, and what its children and its zygote printed."""

    def __init__(self, state: Path, **variables: str) -> None:
        self.environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(HERE),
            "DECNET_STATE_DIR": str(state),
            **variables,
        }
        self.said = bytearray()
        self.lifeline, self.ours = os.pipe()
        self.client = ZygoteClient([PLACE], self.environment, self.said.extend)

    async def fork(self, name: str = "steady") -> ChildProcess:
        return await self.client.fork(name, PLACE, environment={}, lifeline=self.lifeline, write=self.said.extend)

    async def ready(self, *, children: int = 1) -> None:
        """Wait until so many children have said that they are ready."""
        async with asyncio.timeout(60):
            while self.said.count(b"msg=ready") < children:
                await asyncio.sleep(0.01)

    async def close(self) -> None:
        os.close(self.ours)
        os.close(self.lifeline)
        await self.client.close()


@pytest.fixture
async def forker(tmp_path: Path, forked_zygotes: None) -> AsyncIterator[Forker]:
    made = Forker(tmp_path, DECNET_SUPERVISE_SHARE_MEMORY="false")  # a fifth of a zygote's start
    yield made
    await made.close()


@pytest.fixture
async def starter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Forker]:
    """One whose zygote is started, as by a supervisor, with all that it does before it can fork."""
    monkeypatch.setattr(zygote_client, "popen_child", popen_child)
    made = Forker(tmp_path)
    yield made
    await made.close()


async def test_a_child_is_a_named_session_leader_that_shares_the_zygotes_pages(starter: Forker) -> None:
    child = await starter.fork()
    await starter.ready()
    stat = Path(f"/proc/{child.pid}/stat").read_text().rpartition(")")[2].split()
    parent, session = int(stat[1]), int(stat[3])
    assert (parent, session) == (starter.client.pid, child.pid)
    assert Path(f"/proc/{child.pid}/comm").read_text() == "decnet-steady\n"
    assert Path(f"/proc/{child.pid}/cmdline").read_bytes().rstrip(b"\0") == b"decnet-steady"
    zygote = Path(f"/proc/{starter.client.pid}/cmdline").read_bytes()
    assert zygote.split(b"\0")[0] == sys.executable.encode()
    await child.stop(5)


async def test_exit_codes_and_signals_are_reported(forker: Forker) -> None:
    stopped, killed = await forker.fork("one"), await forker.fork("two")
    await forker.ready(children=2)
    await stopped.stop(5)
    killed.kill()
    assert (await stopped.wait(), await killed.wait()) == (0, -signal.SIGKILL)


async def test_children_do_not_share_a_random_state(forker: Forker) -> None:
    for _ in range(3):
        child = await forker.client.fork(
            "dice", "supervised_workers:Dice", environment={}, lifeline=forker.lifeline, write=forker.said.extend
        )
        assert await child.wait() == 1
    rolled = re.findall(r"rolled (\d+)", forker.said.decode())
    assert len(set(rolled)) == 3


async def test_the_zygote_leaves_no_zombie_and_no_descriptor_behind(forker: Forker) -> None:
    first = await forker.fork()
    first.kill()
    await first.wait()
    descriptors = Path(f"/proc/{forker.client.pid}/fd")
    before, ours = len(list(descriptors.iterdir())), len(os.listdir("/proc/self/fd"))
    for _ in range(10):
        child = await forker.fork()
        child.kill()
        await child.wait()
    assert len(list(descriptors.iterdir())) == before
    assert len(os.listdir("/proc/self/fd")) == ours
    assert Path(f"/proc/{forker.client.pid}/task/{forker.client.pid}/children").read_text() == ""


async def test_an_environment_too_large_for_a_request_is_refused_and_the_zygote_lives(forker: Forker) -> None:
    with pytest.raises(OSError, match="environment is too large"):
        await forker.client.fork(
            "steady", PLACE, environment={"A": "x" * 70_000}, lifeline=forker.lifeline, write=forker.said.extend
        )
    child = await forker.fork()
    await forker.ready()
    await child.stop(5)


async def test_the_zygote_has_one_thread_and_so_can_always_fork(starter: Forker) -> None:
    await starter.client.open()
    assert len(list(Path(f"/proc/{starter.client.pid}/task").iterdir())) == 1


async def test_when_the_zygote_dies_its_children_go_and_the_next_has_a_new_one(forker: Forker) -> None:
    child = await forker.fork()
    await forker.ready()
    assert forker.client.pid
    os.kill(forker.client.pid, signal.SIGKILL)
    assert await asyncio.wait_for(child.wait(), 120) == -signal.SIGKILL
    another = await forker.fork()
    await forker.ready(children=2)
    await another.stop(5)


async def test_a_zygote_that_does_not_answer_is_killed_and_the_next_fork_has_a_new_one(
    forker: Forker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(zygote_client, "_REPLY_SECONDS", 0.5)
    monkeypatch.setattr(child_process, "EXIT_CODE_SECONDS", 0.5)
    child = await forker.fork()
    await forker.ready()
    stopped = forker.client.pid
    assert stopped
    os.kill(stopped, signal.SIGSTOP)
    child.kill()
    assert await asyncio.wait_for(child.wait(), 120) == -signal.SIGKILL
    with pytest.raises(OSError, match="did not answer"):
        await forker.fork()
    monkeypatch.undo()
    another = await forker.fork()
    assert forker.client.pid != stopped
    await forker.ready(children=2)
    await another.stop(5)


async def test_a_child_that_nobody_waits_for_any_more_is_killed(forker: Forker) -> None:
    await forker.client.open()
    zygote = forker.client.pid
    assert zygote
    os.kill(zygote, signal.SIGSTOP)
    unwanted = asyncio.ensure_future(forker.fork())
    await asyncio.sleep(0.1)
    unwanted.cancel()
    await asyncio.wait((unwanted,))
    os.kill(zygote, signal.SIGCONT)
    wanted = await forker.fork()
    children = Path(f"/proc/{zygote}/task/{zygote}/children")
    async with asyncio.timeout(60):
        while children.read_text().split() != [str(wanted.pid)]:
            await asyncio.sleep(0.01)
    await wanted.stop(5)


async def test_a_stopped_zygote_does_not_keep_its_supervisor_from_ending(
    forker: Forker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(zygote_client, "_LEAVE_SECONDS", 0.5)
    await forker.client.open()
    assert forker.client.pid
    os.kill(forker.client.pid, signal.SIGSTOP)
    await asyncio.wait_for(forker.client.close(), 120)
    assert not Path(f"/proc/{forker.client.pid}").exists()


async def test_reload_keeps_children_and_still_learns_of_their_exit(forker: Forker) -> None:
    old = await forker.fork()
    await forker.ready()
    zygote = forker.client.pid
    await forker.client.reload()
    assert forker.client.pid == zygote
    new = await forker.fork()
    await forker.ready(children=2)
    await new.stop(5)
    await old.stop(5)
    assert (await old.wait(), await new.wait()) == (0, 0)


async def test_a_place_that_does_not_exist_is_no_matter_for_the_others(forker: Forker) -> None:
    said = bytearray()
    mixed = ZygoteClient(["no_such_module:Worker", PLACE], forker.environment, said.extend)
    lost = await mixed.fork(
        "lost", "no_such_module:Worker", environment={}, lifeline=forker.lifeline, write=said.extend
    )
    assert await lost.wait() == Exit.STARTUP_FAILED
    assert b"cannot start: cannot import no_such_module:Worker: ModuleNotFoundError" in said
    found = await mixed.fork("steady", PLACE, environment={}, lifeline=forker.lifeline, write=forker.said.extend)
    await forker.ready()
    await found.stop(5)
    await mixed.close()


LEADING = """
import asyncio, os, sys
from decnet_core.supervise.fork import zygote
from decnet_core.supervise.fork.zygote_client import ZygoteClient

async def supervise(channel):
    client = ZygoteClient([sys.argv[1]], {}, lambda _: None, channel)
    await client.open()
    print(os.getppid(), flush=True)
    asked = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(1, asked.set)
    for _ in range(2):
        await client.reload()
        print("reloaded", flush=True)
    await asked.wait()
    print("heard", flush=True)
    await client.close()

sys.exit(zygote.run_with_supervisor([sys.argv[1]], lambda channel: asyncio.run(supervise(channel)) or 0))
"""


def test_a_signal_during_a_reload_is_passed_on_by_the_new_image() -> None:
    """Until a new image has handlers, SIGHUP would by default end the zygote and all its children."""
    process = subprocess.Popen(
        [sys.executable, "-c", LEADING, PLACE],
        env={**os.environ, "PYTHONPATH": str(HERE)},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert int(process.stdout.readline()) == process.pid
        assert process.stdout.readline() == "reloaded\n"
        _wait_for_a_new_image(process.pid)
        process.send_signal(signal.SIGHUP)  # the second reload has hardly begun
        assert process.stdout.readline() == "reloaded\n"
        assert process.stdout.readline() == "heard\n"
        assert process.wait(100) == 0
    finally:
        process.kill()
        process.communicate()


def test_a_supervisor_that_was_killed_is_a_crash_and_reported() -> None:
    script = """
import os, sys
from decnet_core.supervise.fork import zygote
sys.exit(zygote.run_with_supervisor([sys.argv[1]], lambda channel: os.kill(os.getpid(), 9)))
"""
    done = subprocess.run(
        [sys.executable, "-c", script, PLACE],
        env={**os.environ, "PYTHONPATH": str(HERE)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == Exit.CRASHED
    assert "the supervisor was killed by signal 9" in done.stderr


def _wait_for_a_new_image(pid: int) -> None:
    """Wait until the process executes: for a moment it has no handlers."""
    deadline = time.monotonic() + 120
    while _caught(pid):
        assert time.monotonic() < deadline


def _caught(pid: int) -> int:
    """The signals that the process handles itself (SigCgt of proc(5))."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("SigCgt:")).split()[1], 16) & (1 << signal.SIGHUP - 1)


def test_what_a_zygote_has_imported_for_its_first_child_can_still_be_prepared_for_sharing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "imported_in_a_hurry.py").write_text("class Unregistered:\n    pass\n")
    monkeypatch.syspath_prepend(tmp_path)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        Zygote(ours, unprepared=["imported_in_a_hurry:Unregistered"])._load_first("imported_in_a_hurry:Unregistered")
    imported = sys.modules["imported_in_a_hurry"].Unregistered
    assert any(one is imported for one in gc.get_objects())  # which lists none of those that are frozen
    assert gc.isenabled()


async def test_a_zygote_of_a_zygote_imports_what_a_child_needs_and_prepares_it_later(forker: Forker) -> None:
    places = [BUS, "supervised_workers:Dice"]
    heavy = ZygoteClient(
        places, forker.environment, forker.said.extend, name="heavy", parent=forker.client, lifeline=forker.lifeline
    )
    await forker.client.open()
    opened = await heavy.open()

    async def fork() -> ChildProcess:
        return await heavy.fork("bus", BUS, environment={}, lifeline=forker.lifeline, write=forker.said.extend)

    early = await fork()
    await forker.ready()
    assert heavy.early == {early.pid}
    await heavy.prepare([BUS])
    prepared = await heavy.open()
    assert prepared.modules > opened.modules
    assert prepared.pid == opened.pid == heavy.pid
    await early.stop(5)
    late = await fork()
    await forker.ready(children=2)
    assert heavy.early == set()
    await late.stop(5)
    await heavy.close()


async def test_a_zygote_of_a_zygote_prepares_a_worker_before_its_first_fork_when_it_is_asked_to(forker: Forker) -> None:
    heavy = ZygoteClient(
        [BUS, PLACE],
        forker.environment,
        forker.said.extend,
        name="heavy",
        parent=forker.client,
        lifeline=forker.lifeline,
    )
    await forker.client.open()
    asking = [asyncio.ensure_future(heavy.prepare([PLACE])) for _ in range(2)]
    await asyncio.sleep(0)
    while_it_prepares = heavy.asked
    await asyncio.gather(*asking)
    assert (while_it_prepares, heavy.asked) == (True, False)  # so that nobody closes it meanwhile

    async def fork(name: str, place: str) -> ChildProcess:
        return await heavy.fork(name, place, environment={}, lifeline=forker.lifeline, write=forker.said.extend)

    prepared, hurried = await fork("steady", PLACE), await fork("bus", BUS)
    await forker.ready(children=2)
    assert heavy.early == {hurried.pid}
    for child in (prepared, hurried):
        await child.stop(5)
    await heavy.close()
