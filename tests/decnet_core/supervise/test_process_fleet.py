# SPDX-License-Identifier: MIT
"""A fleet of real processes: readiness, restarts, stops, and that nothing is left behind."""

import asyncio
import contextlib
import itertools
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from decnet_core.exits import Exit
from decnet_core.runtime.restarts.policy import Phase
from decnet_core.supervise.fork.supervised_process import _Child
from decnet_core.supervise.lifecycle import Status
from decnet_core.supervise.logfile import StandardError
from decnet_core.supervise.process_fleet import ProcessFleet
from decnet_core.supervise.settings import SuperviseSettings

pytestmark = pytest.mark.usefixtures("forked_zygotes")

HERE = Path(__file__).parent
QUICK = SuperviseSettings(
    first_delay_seconds=0.01,
    crash_limit=3,
    start_seconds=60,
    stop_seconds=20,
    watchdog_seconds=60,
    log_bytes=4096,
    log_files=2,
)
"""Restarts at once; how long a worker may take is for a machine that is ten times as busy as usual."""


def place(name: str) -> str:
    return "supervised_workers:" + "".join(part.capitalize() for part in name.split("-"))


def environment(state: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": f"{HERE}:{state}",
        "DECNET_STATE_DIR": str(state),
        "DECNET_RUNTIME_STOP_SECONDS": "1",
        "DECNET_SUPERVISE_SHARE_MEMORY": "false",  # a fifth of a zygote's start; the fleets of `test_drill` have it
    }


HOSTING = {"forking": False}


@pytest.fixture(params=["forks", pytest.param("interpreters", marks=pytest.mark.fault)], autouse=True)
def hosting(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every behaviour here holds for forked workers and for those with interpreters of their own."""
    monkeypatch.setitem(HOSTING, "forking", request.param == "forks")


def fleet_in(state: Path, settings: SuperviseSettings = QUICK) -> ProcessFleet:
    return ProcessFleet(
        settings, logs=state / "log", environment=environment(state), place=place, forking=HOSTING["forking"]
    )


@contextlib.asynccontextmanager
async def running(state: Path, *names: str, settings: SuperviseSettings = QUICK) -> AsyncIterator[ProcessFleet]:
    fleet = fleet_in(state, settings)
    try:
        await fleet.start(names)
        yield fleet
    finally:
        await fleet.stop()


def one(fleet: ProcessFleet, name: str) -> Status:
    return next(status for status in fleet.status() if status.name == name)


async def until(condition: Callable[[], bool], seconds: float = 100) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "did not happen in time"
        await asyncio.sleep(0.01)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


async def test_start_returns_when_all_are_ready(tmp_path: Path) -> None:
    async with running(tmp_path, "steady", "parent") as fleet:
        assert [(s.name, s.phase) for s in fleet.status()] == [
            ("steady", Phase.READY),
            ("parent", Phase.READY),
        ]
        pids = [s.pid for s in fleet.status()]
    assert not any(alive(pid) for pid in pids if pid)
    assert [s.phase for s in fleet.status()] == [Phase.STOPPED, Phase.STOPPED]


async def test_worker_that_is_ready_before_it_is_known_is_ready(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer of the zygote may be read after the child's own READY."""
    make = ProcessFleet._make

    async def late(self: ProcessFleet, *arguments: Any) -> Any:
        child = await make(self, *arguments)
        await until(lambda: len(self._early) == 1)
        return child

    monkeypatch.setattr(ProcessFleet, "_make", late)
    async with running(tmp_path, "steady") as fleet:
        assert one(fleet, "steady").phase is Phase.READY
        assert len(fleet._early) == 0


async def test_what_a_worker_said_before_it_was_known_is_heard_before_what_it_says_later(tmp_path: Path) -> None:
    """A message may be read between the moment when the process is known and the one when the earlier are delivered."""
    async with running(tmp_path, "steady") as fleet:
        process = fleet._processes["steady"]
        ours = next(pid for pid in itertools.count(1 << 22) if not process.knows(pid))  # the kernel's are smaller
        fleet._on_notify(ours, {"STATUS": "first"})
        process._children[ours] = child = _Child(StandardError())
        fleet._on_notify(ours, {"STATUS": "second"})
        assert child.reason(Exit.STARTUP_FAILED) == "second"
        fleet._deliver_early(ours)
        assert child.reason(Exit.STARTUP_FAILED) == "second"
        del process._children[ours]


async def test_children_of_a_worker_end_with_it(tmp_path: Path) -> None:
    async with running(tmp_path, "parent"):
        grandchild = int((tmp_path / "grandchild").read_text())
        assert alive(grandchild)
    await until(lambda: not alive(grandchild))


async def test_no_zombie_is_left(tmp_path: Path) -> None:
    async with running(tmp_path, "crashing") as fleet:
        await until(lambda: one(fleet, "crashing").phase is Phase.CRASH_LOOP)
        pids = {status.pid for status in fleet.status()}
    children = Path("/proc/self/task").glob("*/children")
    left = {int(pid) for file in children for pid in file.read_text().split()}
    states = {pid: Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] for pid in left}
    assert "Z" not in states.values(), (states, pids)


async def test_startup_failure_is_shown_as_what_it_is_and_the_others_go_on(tmp_path: Path) -> None:
    async with running(tmp_path, "refusing", "steady") as fleet:
        refused = one(fleet, "refusing")
        assert (refused.phase, refused.restarts) == (Phase.REFUSED, 0)
        assert "port 2222 of 127.77.0.10 is busy" in refused.reason
        assert one(fleet, "steady").phase is Phase.READY


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("import no_such_module", "No module named 'no_such_module'"),
        ("class Worker: pass", "has no attribute 'Broken'"),
        ("class Broken(", "SyntaxError"),
        ("import sys; sys.exit(3)", "SystemExit: 3"),
    ],
)
async def test_a_worker_that_cannot_be_imported_fails_alone(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "half_installed.py").write_text(text + "\n")
    fleet = ProcessFleet(
        QUICK,
        logs=tmp_path / "log",
        environment=environment(tmp_path),
        place=lambda name: "half_installed:Broken" if name == "broken" else place(name),
        forking=HOSTING["forking"],
    )
    try:
        await fleet.start(["broken", "steady"])
        broken = one(fleet, "broken")
        assert (broken.phase, broken.restarts) == (Phase.REFUSED, 0)
        assert broken.reason.startswith("cannot import half_installed:Broken: ")
        assert said in broken.reason
        assert one(fleet, "steady").phase is Phase.READY
        assert "Traceback" not in (tmp_path / "log" / "broken.log").read_text()
    finally:
        await fleet.stop()


async def test_which_zygote_forks_a_worker_is_looked_up_once_until_a_reload(tmp_path: Path) -> None:
    asked: list[str] = []
    fleet = ProcessFleet(
        QUICK,
        logs=tmp_path / "log",
        environment=environment(tmp_path),
        place=place,
        zygote_of=lambda name: asked.append(name) or "",  # type: ignore[func-returns-value]  # append returns None
        forking=HOSTING["forking"],
    )
    try:
        await fleet.start(["crashing-once"])
        await until(lambda: one(fleet, "crashing-once").restarts == 1)
        await until(lambda: one(fleet, "crashing-once").phase is Phase.READY)
        before = list(asked)
        await fleet.reload()
    finally:
        await fleet.stop()
    once = ["crashing-once"] * HOSTING["forking"]
    assert before == once
    assert asked == once * 2


async def test_refused_worker_can_be_started_again_by_the_operator(tmp_path: Path) -> None:
    async with running(tmp_path, "refusing") as fleet:
        (tmp_path / "allowed").touch()
        await fleet.restart("refusing")
        assert one(fleet, "refusing").phase is Phase.READY


async def test_a_worker_that_has_worked_is_started_again_until_what_hinders_it_has_passed(tmp_path: Path) -> None:
    (tmp_path / "allowed").touch()
    async with running(tmp_path, "refusing") as fleet:
        (tmp_path / "allowed").unlink()
        os.kill(one(fleet, "refusing").pid or 0, signal.SIGKILL)
        await until(lambda: "port 2222 of 127.77.0.10 is busy" in one(fleet, "refusing").reason)
        assert one(fleet, "refusing").phase is not Phase.REFUSED
        (tmp_path / "allowed").touch()
        await until(lambda: one(fleet, "refusing").phase is Phase.READY)


async def test_restart_gives_a_new_process(tmp_path: Path) -> None:
    async with running(tmp_path, "steady") as fleet:
        before = one(fleet, "steady").pid
        await fleet.restart("steady")
        after = one(fleet, "steady")
        assert after.phase is Phase.READY
        assert after.pid != before
        assert after.restarts == 1


async def test_crash_is_repaired(tmp_path: Path) -> None:
    async with running(tmp_path, "crashing-once") as fleet:
        await until(lambda: one(fleet, "crashing-once").restarts == 1)
        await until(lambda: one(fleet, "crashing-once").phase is Phase.READY)


async def test_killed_worker_comes_back_and_the_reason_names_the_signal(tmp_path: Path) -> None:
    async with running(tmp_path, "steady") as fleet:
        seen: list[Status] = []
        fleet.on_change(seen.append)
        pid = one(fleet, "steady").pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        await until(lambda: one(fleet, "steady").pid not in (None, pid))
        await until(lambda: one(fleet, "steady").phase is Phase.READY)
        assert "killed by SIGKILL" in [status.reason for status in seen]


async def test_crash_loop_is_given_up_with_the_workers_own_words(tmp_path: Path) -> None:
    async with running(tmp_path, "crashing", "steady") as fleet:
        await until(lambda: one(fleet, "crashing").phase is Phase.CRASH_LOOP)
        crashed = one(fleet, "crashing")
        assert "the disk of crashing is on fire" in crashed.reason
        assert crashed.restarts == QUICK.crash_limit - 1
        assert one(fleet, "steady").phase is Phase.READY


async def test_a_crash_loop_ends_when_what_made_it_crash_is_over(tmp_path: Path) -> None:
    soon = SuperviseSettings(crash_limit=1, longest_delay_seconds=0.1)
    async with running(tmp_path, "crashing-once", settings=soon) as fleet:
        seen: list[Status] = []
        fleet.on_change(seen.append)
        await until(
            lambda: one(fleet, "crashing-once").phase is Phase.READY and one(fleet, "crashing-once").restarts > 0
        )
        assert (tmp_path / "crashed").exists()


async def test_a_worker_that_attackers_can_reach_is_restarted_for_ever(tmp_path: Path) -> None:
    async with running(tmp_path, "crashing-exposed") as fleet:
        seen: list[Status] = []
        fleet.on_change(seen.append)
        await until(lambda: one(fleet, "crashing-exposed").restarts > QUICK.crash_limit)
        assert Phase.CRASH_LOOP not in [status.phase for status in seen]


async def test_worker_that_never_becomes_ready_is_killed(tmp_path: Path) -> None:
    impatient = SuperviseSettings(start_seconds=0.3, crash_limit=1)
    async with running(tmp_path, "mute", settings=impatient) as fleet:
        assert one(fleet, "mute").phase is Phase.CRASH_LOOP
        assert one(fleet, "mute").reason == "not ready after 0.3 s, killed"


async def test_hung_worker_is_killed_by_the_watchdog(tmp_path: Path) -> None:
    watchful = SuperviseSettings(watchdog_seconds=0.5, crash_limit=1)
    async with running(tmp_path, "stuck", settings=watchful) as fleet:
        await until(lambda: one(fleet, "stuck").phase is Phase.CRASH_LOOP)
        assert one(fleet, "stuck").reason == "no heartbeat for 0.5 s, killed"


async def test_worker_that_ignores_sigterm_is_killed_at_the_deadline(tmp_path: Path) -> None:
    async with running(tmp_path, "stuck", settings=SuperviseSettings(stop_seconds=0.3)) as fleet:
        pid = one(fleet, "stuck").pid
    assert pid
    assert not alive(pid)


async def test_output_is_kept_within_bounds(tmp_path: Path) -> None:
    async with running(tmp_path, "chatty"):
        await until((tmp_path / "said").exists)
    logs = list((tmp_path / "log").glob("chatty.log*"))
    assert sum(path.stat().st_size for path in logs) <= QUICK.log_bytes * QUICK.log_files
    assert any("line 4999" in path.read_text() for path in logs), "the newest lines are the ones to keep"


async def test_workers_stop_when_their_parent_is_killed(tmp_path: Path) -> None:
    """The parent is a process of its own here, killed without a chance to clean up."""
    script = (
        "import asyncio, pathlib, sys\n"
        "import test_process_fleet as t\n"
        "t.HOSTING['forking'] = sys.argv[2] == 'True'\n"
        "async def main():\n"
        "    fleet = t.fleet_in(pathlib.Path(sys.argv[1]))\n"
        "    await fleet.start(['steady'])\n"
        "    print(fleet.status()[0].pid, flush=True)\n"
        "    await asyncio.sleep(600)\n"
        "asyncio.run(main())\n"
    )
    env = {**os.environ, "PYTHONPATH": str(HERE)}
    parent = subprocess.Popen(  # starts in a millisecond
        [sys.executable, "-c", script, str(tmp_path), str(HOSTING["forking"])], stdout=subprocess.PIPE, env=env
    )
    try:
        assert parent.stdout is not None
        worker = int(await asyncio.to_thread(parent.stdout.readline))
        assert alive(worker)
    finally:
        parent.kill()
        parent.communicate()
    await until(lambda: not alive(worker))


async def test_a_worker_over_its_budget_is_replaced_gracefully(tmp_path: Path) -> None:
    watchful = msgspec.structs.replace(QUICK, budget_check_seconds=0.2)
    async with running(tmp_path, "steady", "hungry", settings=watchful) as fleet:
        first, sibling = one(fleet, "hungry").pid, one(fleet, "steady")
        await until(lambda: one(fleet, "hungry").recycled >= 1 and one(fleet, "hungry").phase is Phase.READY)
        assert one(fleet, "hungry").pid != first
        assert one(fleet, "steady") == sibling
    assert "stopped" in (tmp_path / "log" / "hungry.log").read_text(), "the old one was not asked, it was killed"


async def test_reload_replaces_every_worker_and_counts_no_crash(tmp_path: Path) -> None:
    async with running(tmp_path, "steady", "parent") as fleet:
        before = {status.name: status.pid for status in fleet.status()}
        await fleet.reload()
        for status in fleet.status():
            assert status.phase is Phase.READY
            assert status.pid != before[status.name]


async def test_a_successor_that_does_not_come_up_leaves_the_old_one_in_place(tmp_path: Path) -> None:
    async with running(tmp_path, "steady") as fleet:
        before = one(fleet, "steady")
        (tmp_path / "broken.toml").write_text("[runtime\n")
        fleet._environment["DECNET_SETTINGS"] = str(tmp_path / "broken.toml")
        await fleet.reload()
        assert one(fleet, "steady") == before


@pytest.mark.parametrize("ends", ["by itself", "by a reload"])
async def test_a_worker_of_a_zygote_of_its_own_stays_too_until_a_successor_comes_up(tmp_path: Path, ends: str) -> None:
    fleet = ProcessFleet(
        QUICK,
        logs=tmp_path / "log",
        environment=environment(tmp_path),
        place=place,
        zygote_of=lambda _: "other",
        forking=HOSTING["forking"],
    )
    try:
        await fleet.start(["steady"])
        before = one(fleet, "steady")
        (tmp_path / "broken.toml").write_text("[runtime\n")
        fleet._environment["DECNET_SETTINGS"] = str(tmp_path / "broken.toml")
        await fleet.reload()
        assert one(fleet, "steady") == before
        assert before.pid is not None
        os.kill(before.pid, 0)
        former = list(fleet._former)
        assert len(former) == HOSTING["forking"]
        del fleet._environment["DECNET_SETTINGS"]
        if ends == "by itself":
            os.kill(before.pid, signal.SIGKILL)
            await until(lambda: not fleet._former)
            await until(lambda: one(fleet, "steady").phase is Phase.READY)
            assert [zygote.pid for zygote in former] == [None] * len(former)
            return
        await fleet.reload()
        assert (one(fleet, "steady").phase, one(fleet, "steady").restarts) == (Phase.READY, 0)
        assert one(fleet, "steady").pid != before.pid
        assert not fleet._former
    finally:
        await fleet.stop()
