# SPDX-License-Identifier: MIT
"""`decnet bus` on a real broker process."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.decnet.command_result import Run

from decnet.show import busline, traffic
from decnet_core.bus.interface import Message
from decnet_core.bus.subjects import Health
from decnet_core.state import State

SOON = 60.0
BROKER = "from decnet_core.bus.worker import Bus; import sys; sys.argv[1:] = []; sys.exit(Bus.main())"
COMMAND = "from decnet.command import main; import sys; sys.exit(main())"


@contextlib.contextmanager
def running_broker(directory: Path) -> Iterator[Path]:
    """Run a broker in a state directory."""
    given = {"DECNET_STATE_DIR": str(directory), "DECNET_RUNTIME_HEARTBEAT_SECONDS": "0.05"}
    outer = {name: value for name, value in os.environ.items() if not name.startswith("DECNET_")}
    process = subprocess.Popen([sys.executable, "-c", BROKER], stderr=subprocess.DEVNULL, env={**outer, **given})
    try:
        deadline = time.monotonic() + SOON
        while not State(directory).bus_socket.exists():
            assert time.monotonic() < deadline
            time.sleep(0.01)
        yield directory
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def shared_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with running_broker(tmp_path_factory.mktemp("bus")) as directory:
        yield directory


@pytest.fixture
def broker(shared_broker: Path) -> Path:
    """The state directory of a broker that runs for all tests, which the command finds."""
    os.environ["DECNET_STATE_DIR"] = str(shared_broker)
    return shared_broker


@pytest.fixture
def own_broker(tmp_path: Path) -> Iterator[Path]:
    """The same for one test: nobody else has connected, and it may be killed."""
    os.environ["DECNET_STATE_DIR"] = str(tmp_path)
    with running_broker(tmp_path) as directory:
        yield directory


def test_messages_are_printed_as_they_come(broker: Path, run: Run) -> None:
    command = [sys.executable, "-c", COMMAND, "bus", "sub", "events.>", "--count", "2", "--json"]
    listening = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        deadline = time.monotonic() + SOON
        while listening.poll() is None:
            assert time.monotonic() < deadline
            assert run("bus", "pub", "events.ingested", '{"last_seq": 7}', "-H", "Trace=x").code == 0
            time.sleep(0.05)  # or a busy machine never starts the listener
    finally:
        listening.kill()
    printed = [json.loads(line) for line in listening.communicate()[0].splitlines()]
    assert listening.returncode == 0
    assert len(printed) == 2
    assert printed[0]["subject"] == "events.ingested"
    assert printed[0]["payload"] == '{"last_seq": 7}'
    assert printed[0]["headers"] == [["Trace", "x"]]


def test_a_subscriber_learns_that_the_bus_was_lost(own_broker: Path, run: Run) -> None:
    command = [sys.executable, "-c", COMMAND, "bus", "sub", "system.*.health"]
    listening = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert listening.stdout is not None
        assert listening.stderr is not None
        assert "system.bus.health" in listening.stdout.readline()
        os.kill(run("bus", "top", "--count", "1", "--json").document["health"]["pid"], signal.SIGKILL)
        assert "is unreachable; messages are missed" in listening.stderr.readline()
    finally:
        listening.kill()
        listening.communicate()


def test_listening_ends_after_its_time(broker: Path, run: Run) -> None:
    said = run("bus", "sub", "system.*.health", "--for", "0.5")
    assert said.code == 0
    assert said.err == ""
    assert "system.bus.health" in said.out
    assert '"worker":"bus"' in said.out


def test_a_question_is_answered(broker: Path, run: Run) -> None:
    run("bus", "sub", "system.bus.health", "--count", "1")
    said = run("bus", "pub", "system.bus.control", '{"op": "report"}', "--ask", "--json")
    assert json.loads(said.document["payload"])["worker"] == "bus"


def test_a_request_without_a_reply_is_an_error(broker: Path, run: Run) -> None:
    said = run("bus", "pub", "nobody.home", "--ask")
    assert said.code == 1
    assert "no subscriber for nobody.home" in said.err


def test_top_shows_levels_counts_and_rates(own_broker: Path, run: Run) -> None:
    run("bus", "sub", "system.bus.health", "--count", "1")
    said = run("bus", "top", "--count", "2", "--interval", "0.2")
    assert said.code == 0
    assert "connections" in said.out
    assert "per second" in said.out
    found = run("bus", "top", "--count", "2", "--interval", "0.2", "--json").lines
    assert found[0]["per_second"] == {}
    assert found[1]["per_second"]["in_messages"] > 0
    assert found[1]["health"]["counters"]["connections"] == 2


@pytest.mark.parametrize("arguments", [("sub",), ("pub", "a"), ("top",)])
def test_an_absent_bus_is_reported(tmp_path: Path, run: Run, arguments: tuple[str, ...]) -> None:
    said = run("--state", str(tmp_path), "bus", *arguments)
    assert said.code == 1
    assert "cannot be reached" in said.err
    assert "decnet up" in said.err


def test_passwords_of_a_bus_are_not_shown(tmp_path: Path, run: Run) -> None:
    os.environ["DECNET_BUS_URL"] = "nats://user:hunter2@127.0.0.1:1"
    said = run("--state", str(tmp_path), "bus", "pub", "a")
    assert "127.0.0.1:1" in said.err
    assert "hunter2" not in said.out + said.err


def test_top_is_for_the_embedded_broker(tmp_path: Path, run: Run) -> None:
    os.environ["DECNET_BUS_URL"] = "nats://127.0.0.1:1"
    said = run("--state", str(tmp_path), "bus", "top")
    assert (said.code, "monitoring" in said.err) == (1, True)


@pytest.mark.parametrize("arguments", [("pub", "a b"), ("pub", "a", "-H", "novalue"), ("sub", "a..b")])
def test_an_impossible_option_is_reported(broker: Path, run: Run, arguments: tuple[str, ...]) -> None:
    assert run("bus", *arguments).code == 1


def test_a_message_cannot_move_the_cursor() -> None:
    message = Message("a", b"\x1b[2J\r\n\xff", "b", (("N", "\x1b"),))
    shown = busline.text(message, 0)
    assert shown == "00:00:00  a  [answer to b]  N=\\x1b  \\x1b[2J\\x0d\\x0a\\xff"
    assert json.loads(busline.document(message, 0))["payload_base64"] == "G1sySg0K/w=="


def look(at: float, pid: int = 1, **counters: float) -> traffic.Look:
    return traffic.Look(at, Health("bus", "running", pid, at, 1 << 20, counters))


def test_rates_are_growth_by_time() -> None:
    now, before = look(12.0, in_messages=110, in_bytes=4096), look(10.0, in_messages=10)
    assert traffic.rates(now, before)["in_messages"] == 50
    assert traffic.rates(now, before)["in_bytes"] == 2048
    assert traffic.rates(now, None) == {}
    assert traffic.rates(now, look(10.0, pid=2, in_messages=10**6)) == {}


def test_clients_are_listed_by_lost_messages() -> None:
    now = look(1.0, **{"dropped.web": 3, "dropped.canary": 40, "dropped": 43})
    assert list(traffic.drops(now.health)) == ["canary", "web"]
    assert traffic.page(now, None).index("canary") < traffic.page(now, None).index("web ")
