# SPDX-License-Identifier: MIT
"""A separated child is another user with exactly its capabilities, in real processes that cannot be undone."""

from __future__ import annotations

import asyncio
import json
import os
import pwd
import subprocess
import sys
import time
from pathlib import Path

import pytest

from decnet_core.supervise.fork import privileges

REPORT = """
import json, os, pathlib, socket, sys
from decnet_core.supervise.fork import privileges
def report():
    status = dict(l.split(":", 1) for l in pathlib.Path("/proc/self/status").read_text().splitlines())
    facts = {name: status[name].split() for name in ("Uid", "Gid", "Groups", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs")}
    facts["oom"] = pathlib.Path("/proc/self/oom_score_adj").read_text().strip()
    try:
        os.setresuid(0, 0, 0)
        facts["back"] = True
    except PermissionError:
        facts["back"] = False
    try:
        socket.socket().bind(("127.77.250.9", 81))
        facts["low port"] = True
    except PermissionError:
        facts["low port"] = False
    print(json.dumps(facts))
"""  # noqa: E501

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


def run(script: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", REPORT + script],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@needs_root
@pytest.mark.parametrize("held", [(), ("CAP_NET_BIND_SERVICE",)])
def test_a_user_holds_exactly_what_it_is_given_and_cannot_come_back(held: tuple[str, ...]) -> None:
    done = run(f"privileges.become_user('nobody', {held!r}); report()")
    assert done.returncode == 0, done.stderr
    facts, nobody = json.loads(done.stdout), pwd.getpwnam("nobody")
    bits = sum(1 << number for number in privileges.numbers(held))
    assert facts["Uid"] == [str(nobody.pw_uid)] * 4
    assert facts["Gid"] == [str(nobody.pw_gid)] * 4
    assert facts["Groups"] == [str(nobody.pw_gid)]
    assert int(facts["CapPrm"][0], 16) == int(facts["CapEff"][0], 16) == bits
    assert int(facts["CapBnd"][0], 16) & ~bits == 0
    assert int(facts["CapAmb"][0], 16) == 0
    assert facts["NoNewPrivs"] == ["1"]
    assert not facts["back"]
    assert facts["low port"] == bool(held)


SEPARATED = """
import pwd
real = pwd.getpwnam
pwd.getpwnam = lambda name: real("nobody") if name == "decnet-bus" else real(name)
os.getgrouplist = lambda name, gid: [gid]
from decnet_core.bus.worker import Bus
from decnet_core.supervise.fork.identity import separate
separate(Bus)
report()
"""


@needs_root
def test_a_worker_becomes_its_own_user_only_where_the_supervisor_wants_it() -> None:
    wanted = run(SEPARATED, DECNET_SEPARATE="1")
    assert wanted.returncode == 0, wanted.stderr
    facts = json.loads(wanted.stdout)
    assert facts["Uid"] == [str(pwd.getpwnam("nobody").pw_uid)] * 4
    assert facts["CapPrm"] == ["0" * 16]
    assert facts["oom"] == "100"
    unwanted = json.loads(run(SEPARATED, DECNET_SEPARATE="0").stdout)
    assert unwanted["Uid"] == ["0"] * 4


def test_a_worker_without_an_account_is_refused_rather_than_run_with_more() -> None:
    script = """
import pwd
def missing(name):
    raise KeyError(name)
pwd.getpwnam = missing
from decnet_core.supervise.fork import child_main
sys.exit(child_main.run("bus", "decnet_core.bus.worker:Bus"))
"""
    done = run(script, DECNET_SEPARATE="1")
    assert done.returncode == 78
    assert "no user decnet-bus" in done.stderr


def test_an_unknown_capability_is_an_error() -> None:
    with pytest.raises(ValueError, match="CAP_FLY"):
        privileges.numbers(["CAP_NET_RAW", "CAP_FLY"])


def test_capabilities_have_the_kernels_numbers() -> None:
    assert privileges.numbers(["CAP_CHOWN", "CAP_NET_RAW", "CAP_SYS_ADMIN", "CAP_CHECKPOINT_RESTORE"]) == {
        0,
        13,
        21,
        40,
    }


async def test_an_unreadable_child_is_measured_by_its_own_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from decnet_core import footprint
    from decnet_core.runtime.restarts.policy import Phase
    from decnet_core.supervise.process_fleet import ProcessFleet
    from decnet_core.supervise.settings import SuperviseSettings

    monkeypatch.setattr(footprint, "uss_of", lambda _pid: 0)
    settings = SuperviseSettings(budget_check_seconds=0.2, watchdog_seconds=1.0)
    environment = {
        **os.environ,
        "DECNET_STATE_DIR": str(tmp_path / "state"),
        "PYTHONPATH": str(Path(__file__).parents[1]),
    }
    fleet = ProcessFleet(
        settings, logs=tmp_path, environment=environment, place=lambda _name: "supervised_workers:Hungry"
    )
    await fleet.start(["hungry"])
    try:
        deadline = time.monotonic() + 120
        while not fleet.status()[0].recycled:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.05)
        assert fleet.status()[0].phase in (Phase.READY, Phase.STARTING)
    finally:
        await fleet.stop()
