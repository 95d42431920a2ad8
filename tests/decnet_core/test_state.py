# SPDX-License-Identifier: MIT
from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from decnet_core.bus.broker.server import Broker
from decnet_core.bus.settings import BusSettings
from decnet_core.exits import Exit
from decnet_core.state import SUPERVISORS, State, StateError, StateSettings


def test_the_directories_are_made_for_owner_and_group_only(tmp_path: Path) -> None:
    state = State.of(StateSettings(dir=str(tmp_path / "fleet")))
    state.create(SUPERVISORS)
    for directory in (state.run, state.supervisors, state.spool, state.artifacts, state.keys):
        assert directory.stat().st_mode & 0o007 == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="needs a second account")
def test_only_who_has_a_directory_in_run_must_be_able_to_write_to_it(short_path: Path) -> None:
    state = State(short_path)
    state.create("canary")
    short_path.chmod(0o755)
    state.run.chmod(0o755)
    os.seteuid(65534)
    try:
        state.create()  # as the upgrade of the database does
        with pytest.raises(StateError, match="run/canary in the state directory is not writable"):
            state.create("canary")
        with pytest.raises(StateError, match="cannot use state directory"):
            state.create("decoys")
    finally:
        os.seteuid(0)


def test_an_unusable_directory_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StateError, match="choose another with --state"):
        State(tmp_path / "file" / "fleet").create()


def test_the_default_follows_the_xdg_specification(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert State.of(StateSettings()).root == tmp_path / "decnet"


@pytest.fixture
def short_path() -> Iterator[Path]:
    """A directory whose path leaves room to grow to the limit, which `tmp_path` may be near."""
    with tempfile.TemporaryDirectory(prefix="decnet-", dir="/tmp") as directory:
        yield Path(directory)


async def test_every_path_that_has_room_for_the_bus_socket_is_accepted_and_no_other(short_path: Path) -> None:
    longest = short_path / ("é" * 8)
    longest = longest / ("x" * (103 - len(os.fsencode(longest / "x" / "run" / "bus.sock")) + 1))
    state = State(longest)
    state.create("bus")
    broker = Broker(BusSettings(), state.bus_socket)
    await broker.start()
    await broker.stop()
    with pytest.raises(StateError, match=r"1 bytes too long .* shorter one with --state DIR .* \[bus\] url"):
        _ = State(longest.with_name(longest.name + "x")).bus_socket


def test_a_bus_elsewhere_needs_no_socket_in_the_state_directory(tmp_path: Path) -> None:
    state = State(tmp_path / ("x" * 100))
    assert BusSettings(url="nats://127.0.0.1:4222").client_url(state) == "nats://127.0.0.1:4222"


SUPERVISOR = "from decnet_core.supervise.command import main; sys.exit(main(['all']))"
WORKER = "from decnet_core.supervise.fork.child_main import run; sys.exit(run('bus', 'decnet_core.bus.worker:Bus'))"


@pytest.mark.parametrize("program", [SUPERVISOR, WORKER])
def test_a_path_without_room_for_the_bus_socket_is_refused_at_once(tmp_path: Path, program: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; {program}"],
        env={**os.environ, "DECNET_STATE_DIR": str(tmp_path / ("x" * 100))},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == Exit.STARTUP_FAILED
    assert "too long for the bus socket" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_database_is_where_init_made_a_directory_for_it(tmp_path: Path) -> None:
    assert State(tmp_path).database_url == f"sqlite:///{tmp_path}/decnet.db"
    (tmp_path / "database").mkdir()
    assert State(tmp_path).database_url == f"sqlite:///{tmp_path}/database/decnet.db"
