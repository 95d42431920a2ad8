# SPDX-License-Identifier: MIT
"""The operator's fleet from outside: it comes up, tells everything, refuses a second one, leaves nothing behind."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.decnet_decoys.host_key_files import give_host_keys
from tests.decnet_models.migrated import migrated_database
from tests.fleet.arena import DECKIES
from tests.fleet.refusal import refusing_to_block
from tests.forked_program import decnet

from decnet.drill.private import free_block, settings_text
from decnet_core.state import State

DECNET = [sys.executable, "-m", "decnet"]


def until(condition: Callable[[], bool], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.05)


def processes_of(mark: str) -> list[int]:
    """Pids of processes that have `mark` (a path of their fleet) in their environment."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and int(entry.name) != os.getpid():
            try:
                holds = mark.encode() in (entry / "environ").read_bytes()
            except OSError:
                continue
            found += [int(entry.name)] if holds else []
    return found


@pytest.fixture
def short_path() -> Iterator[Path]:
    """A directory for temporary ones: the path of a UNIX socket has 107 bytes at most, pytest's takes 80 of them."""
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A fleet of its own: state directory with a database, free addresses."""
    (tmp_path / "state").mkdir()
    give_host_keys(State(tmp_path / "state"), *DECKIES)
    migrated_database(tmp_path / "state" / "decnet.db")
    settings = tmp_path / "decnet.toml"
    settings.write_text(settings_text(free_block()))
    outer = {name: value for name, value in os.environ.items() if not name.startswith("DECNET_")}
    return {**outer, "DECNET_STATE_DIR": str(tmp_path / "state"), "DECNET_SETTINGS": str(settings)}


@pytest.fixture
def fleet(
    request: pytest.FixtureRequest, tmp_path: Path, environment: dict[str, str]
) -> Iterator[subprocess.Popen[str]]:
    """`decnet up --json`, ready, hosted as a parameter says; killed if a test left it running."""
    hosting = getattr(request, "param", "fork")
    with (tmp_path / "up.out").open("w") as out:
        process = subprocess.Popen(
            [*DECNET, "up", "--json", "--host", hosting, "--ready-file", str(tmp_path / "ready")],
            stdout=out,
            stderr=subprocess.STDOUT,
            text=True,
            env=environment,
        )
    try:
        until(lambda: (tmp_path / "ready").exists() or process.poll() is not None, 60)
        assert process.poll() is None, (tmp_path / "up.out").read_text()
        yield process
    finally:
        process.kill()
        process.wait()
        until(lambda: not processes_of(str(tmp_path)))


def drilled(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [*DECNET, "drill", "--private", "--deadline", "60", "--json", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=250)


def shown(tmp_path: Path, type_: str) -> list[dict[str, object]]:
    lines = [json.loads(line) for line in (tmp_path / "up.out").read_text().splitlines()]
    return [line for line in lines if line["type"] == type_]


@pytest.mark.parametrize(
    "hosting", ["fork", *(pytest.param(name, marks=pytest.mark.fault) for name in ("tasks", "units"))]
)
def test_private_drill_holds_in_each_hosting_and_leaves_nothing(tmp_path: Path, short_path: Path, hosting: str) -> None:
    """Workers that share an event loop, being tasks, are refused whatever blocks it (test_blocking.py says what)."""
    blocked = tmp_path / "blocked"
    outer = {name: value for name, value in os.environ.items() if not name.startswith("DECNET_")}
    outer |= refusing_to_block(blocked) if hosting == "tasks" else {}
    done = drilled({**outer, "TMPDIR": str(short_path)}, "--host", hosting)
    assert not blocked.exists(), blocked.read_text()
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(done.stdout)
    assert report["holds"]
    assert len(report["outcomes"]) == 16
    assert all(outcome["holds"] for outcome in report["outcomes"])
    assert list(short_path.iterdir()) == []
    assert processes_of(str(short_path)) == []


@pytest.mark.torture
def test_drill_needs_neither_ssh_nor_curl(tmp_path: Path) -> None:
    """Its own clients take their place."""
    empty = tmp_path / "bin"
    empty.mkdir()
    outer = {name: value for name, value in os.environ.items() if not name.startswith("DECNET_")}
    done = drilled({**outer, "PATH": str(empty)})
    report = json.loads(done.stdout)
    assert report["ssh_client"] == "asyncssh"
    assert done.returncode == 0, done.stdout


def test_fleet_is_reported_refuses_a_second_and_stops_cleanly(
    tmp_path: Path, environment: dict[str, str], fleet: subprocess.Popen[str]
) -> None:
    status = decnet(environment, "status", "--json")
    assert status.returncode == 0, status.stdout
    assert json.loads(status.stdout)["down"] == []

    second = decnet(environment, "up", "--plain")
    assert second.returncode == 78
    assert second.stderr.count("\n") == 1
    assert f"pid {fleet.pid}" in second.stderr

    until(lambda: bool(shown(tmp_path, "guide")), 60)
    (guide,) = shown(tmp_path, "guide")
    canary = next(place for place in guide["canaries"] if place.startswith("http"))  # type: ignore[attr-defined]
    before = time.monotonic()
    assert decnet(environment, "canary", "list").returncode == 0
    subprocess.run(["curl", "-s", "-o", "/dev/null", canary], check=True)
    until(lambda: bool(shown(tmp_path, "event")), 1 + time.monotonic() - before)

    fleet.send_signal(signal.SIGTERM)
    assert fleet.wait(100) == 0
    assert processes_of(str(tmp_path)) == []
    last = {line["name"]: line["phase"] for line in shown(tmp_path, "worker")}
    assert set(last.values()) == {"stopped"}

    refused = decnet(environment, "drill")
    assert (refused.returncode, refused.stdout, "--state DIR" in refused.stderr) == (78, "", True)


@pytest.mark.parametrize("fleet", ["tasks"], indirect=True)
def test_fleet_of_tasks_is_one_process_with_one_log(
    tmp_path: Path, environment: dict[str, str], fleet: subprocess.Popen[str]
) -> None:
    assert processes_of(str(tmp_path)) == [fleet.pid]
    footprint = json.loads(decnet(environment, "footprint", "--seconds", "0.1", "--json").stdout)
    assert [row["pid"] for row in footprint["workers"]] == [fleet.pid]
    assert json.loads(decnet(environment, "status", "--json").stdout)["down"] == []
    assert "deckies open" in (tmp_path / "state" / "log" / "fleet.log").read_text()
    fleet.send_signal(signal.SIGTERM)
    assert fleet.wait(100) == 0


def test_hosting_is_for_a_private_fleet() -> None:
    done = decnet(dict(os.environ), "drill", "--host", "tasks")
    assert done.returncode == 2
    assert "--private" in done.stderr


@pytest.mark.fault
def test_killed_fleet_leaves_no_child_and_its_directory_can_be_used_again(
    tmp_path: Path, environment: dict[str, str], fleet: subprocess.Popen[str]
) -> None:
    assert len(processes_of(str(tmp_path))) > 5
    fleet.kill()
    fleet.wait()
    until(lambda: not processes_of(str(tmp_path)))
    again = decnet(environment, "up", "--plain", "--for", "0")
    assert again.returncode == 0, again.stdout + again.stderr


def test_terminal_shows_the_fleet_without_a_worker_whose_port_is_busy_and_ctrl_c_stops_it(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    """A real terminal: the live page, and the interrupt character instead of a signal of ours."""
    listen = tomllib.loads(Path(environment["DECNET_SETTINGS"]).read_text())["canary"]["http_listen"]
    host, _, port = listen.partition(":")
    spawn = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))"
    with (tmp_path / "screen").open("wb") as screen, socket.create_server((host, int(port))):
        terminal = subprocess.Popen(
            [sys.executable, "-c", spawn, *DECNET, "up", "--ready-file", str(tmp_path / "ready")],
            stdin=subprocess.PIPE,
            stdout=screen,
            env={**environment, "TERM": "xterm", "COLUMNS": "150", "LINES": "50"},
        )
        try:
            until(lambda: (tmp_path / "ready").exists() or terminal.poll() is not None, 60)
            assert terminal.stdin is not None
            terminal.stdin.write(b"\x03")
            terminal.stdin.flush()
            assert terminal.wait(100) == 1  # a worker was given up
        finally:
            terminal.kill()
            terminal.communicate()
    shown = (tmp_path / "screen").read_bytes()
    for text in (
        b"decoys",
        b"ready",
        b"cannot start",
        listen.encode(),
        b"ssh -p 2222 root@127.77.",
        b"Ctrl-C stops",
    ):
        assert text in shown
    assert shown.rstrip().endswith(b"stopped")
    kept = (tmp_path / "state" / "log" / "fleet.log").read_text()  # when the page has gone
    assert re.search(rf"canary: cannot start \(.*{re.escape(listen)}", kept), kept
    until(lambda: not processes_of(str(tmp_path)))


@pytest.mark.skipif(shutil.which("ssh") is None, reason="no ssh(1) here")
def test_ssh_is_the_systems_own_when_there_is_one(tmp_path: Path) -> None:
    from decnet.drill.ssh import Ssh

    assert Ssh(tmp_path).name == shutil.which("ssh")
