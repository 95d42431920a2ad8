# SPDX-License-Identifier: MIT
"""`decnet footprint` says what /proc says, of every process of the fleet or of none."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from tests.decnet.command_result import Run

from decnet.fleet import footprint
from decnet.fleet.deployment import Deployment
from decnet.up import figures
from decnet_core.footprint import children_of, measure
from decnet_core.runtime.restarts.policy import Phase
from decnet_core.supervise.lifecycle import Status
from decnet_core.supervise.status_file import SupervisorStatus

LOOK = ("footprint", "--seconds", "0.1", "--json")


@pytest.fixture
def sleeper(deployment: Deployment) -> Iterator[int]:
    """A process that a supervisor, this one, takes for worker canary."""
    with subprocess.Popen(["/bin/sleep", "600"]) as process:
        statuses = (Status("canary", Phase.READY, process.pid), Status("ttp", Phase.CRASH_LOOP))
        report = SupervisorStatus(os.getpid(), "fork", statuses)
        (deployment.state.supervisors / "supervisor.all.json").write_bytes(msgspec.json.encode(report))
        yield process.pid
        process.kill()


def test_every_process_is_measured_as_proc_has_it(run: Run, sleeper: int) -> None:
    found = run(*LOOK).document
    rows = {row["name"]: row for row in found["workers"]}
    assert {name: row["pid"] for name, row in rows.items()} == {"(supervisor)": os.getpid(), "canary": sleeper}
    lines = Path(f"/proc/{sleeper}/smaps_rollup").read_text().splitlines()[1:]
    proc = {name: int(words.split()[0]) * 1024 for name, _, words in (line.partition(":") for line in lines)}
    for name, field in (("rss", "Rss"), ("private_clean", "Private_Clean"), ("private_dirty", "Private_Dirty")):
        assert rows["canary"][name] == pytest.approx(proc[field], abs=64 << 10)  # who shares a page comes and goes
    assert rows["canary"]["uss"] == rows["canary"]["private_clean"] + rows["canary"]["private_dirty"]
    assert rows["canary"]["uss"] <= rows["canary"]["pss"] <= rows["canary"]["rss"]
    assert rows["canary"]["wakeups_per_second"] == 0
    assert rows["canary"]["threads"] == 1
    for name in ("pss", "uss", "threads"):
        assert found["total"][name] == sum(row[name] for row in rows.values())
    assert found["total"]["shared"] == found["total"]["pss"] - found["total"]["uss"]


def test_an_unreadable_process_is_reported_and_not_omitted_from_the_sum(
    run: Run, sleeper: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(footprint, "measure", lambda pid: None if pid == sleeper else measure(pid))
    said = run(*LOOK)
    assert said.code != 0
    assert "only root may inspect canary" in said.err


def test_a_fleet_that_does_not_run_is_reported(run: Run, deployment: Deployment) -> None:
    said = run(*LOOK)
    assert said.code != 0
    assert f"no fleet runs in {deployment.state.root}" in said.err


def test_processes_that_a_worker_forked_are_measured(run: Run, deployment: Deployment) -> None:
    with subprocess.Popen(["/bin/sh", "-c", "sleep 600 & echo ready; wait"], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        (child,) = children_of(process.pid)
        try:
            report = SupervisorStatus(os.getpid(), "fork", (Status("decoys", Phase.READY, process.pid),))
            (deployment.state.supervisors / "supervisor.all.json").write_bytes(msgspec.json.encode(report))
            found = run(*LOOK).document
            assert {row["name"]: row["pid"] for row in found["workers"]} == {
                "(supervisor)": os.getpid(),
                "decoys": process.pid,
                f"decoys {child}": child,
            }
            whole, alone = figures.memory_of(process.pid), measure(process.pid)
            assert whole is not None
            assert alone is not None
            assert whole > alone.pss
        finally:
            os.kill(child, signal.SIGKILL)
            process.kill()
