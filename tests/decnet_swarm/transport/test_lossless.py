# SPDX-License-Identifier: MIT
"""Two hosts and a bad cable: whatever breaks between them, each event is at the master once, and in order.

The hosts are network namespaces and their workers real processes; the sensor's disk is a tmpfs that is too small.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from tests.decnet_swarm.swarm_pki import master, sensor
from tests.decnet_swarm.swarm_workers import NAME, numbers

from decnet_swarm.pki import files

HERE = Path(__file__).parent
PROGRAMS = Path(sys.executable).parent
SERVER = "10.77.0.1:6514"
DISK = 6 << 20
DEADLINE = 120.0

SIZES = [
    pytest.param(2_100, 1_000, id="quick"),
    pytest.param(20_000, 2_000, marks=pytest.mark.torture, id="ci"),
    pytest.param(200_000, 4_000, marks=pytest.mark.torture, id="full"),
]
pytestmark = [
    pytest.mark.skipif(os.getuid() != 0, reason="network namespaces and a tmpfs need root"),
    pytest.mark.skipif(shutil.which("ip") is None, reason="iproute2 is not installed"),
    pytest.mark.skipif(not Path("/dev/net/tun").exists(), reason="there is no tun(4) here"),
    pytest.mark.timeout(900),
]


def run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode:
        pytest.skip(f"{' '.join(command)}: {done.stderr.decode()}")


TROUBLES = ("rough", "cut", "listener", "fill", "forwarder", "renew", "both", "again")


class Arena:
    """Two hosts and what runs on them."""

    def __init__(self, place: Path, stack: contextlib.ExitStack) -> None:
        tag = f"{os.getpid()}"
        self._stack = stack
        self._spaces = {"master": f"dm{tag}", "sensor": f"ds{tag}"}
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self.above, self.below = place / "master", place / "sensor"
        self._logs = place
        self._join(tag)
        self._disk()
        master(self.above)
        sensor(self.above, files.forwarder_folder(self.below), NAME, server=SERVER)
        (place / "master.toml").write_text(
            f'[state]\ndir = "{self.above}"\nsensor = "master"\n[listener]\nlisten = "{SERVER}"\n'
        )
        (place / "sensor.toml").write_text(
            f'[state]\ndir = "{self.below}"\nsensor = "{NAME}"\n[forwarder]\nserver = "{SERVER}"\n'
            "poll_seconds = 0.1\ndial_seconds = 5\nfirst_retry_seconds = 0.05\nmax_retry_seconds = 0.3\n"
        )

    def _join(self, tag: str) -> None:
        for space in self._spaces.values():
            run("ip", "netns", "add", space)
            self._stack.callback(subprocess.run, ["ip", "netns", "del", space], check=False)
        ends = {"master": (f"dma{tag}", "10.77.0.1/24"), "sensor": (f"dsa{tag}", "10.77.0.2/24")}
        self.wire = self._process(
            "wire", [sys.executable, str(HERE / "wire_process.py"), *(name for name, _ in ends.values())], piped=True
        )
        assert self.wire.stdout is not None
        assert self.wire.stdout.readline() == b"up\n"
        for host, (device, address) in ends.items():
            space = self._spaces[host]
            run("ip", "link", "set", device, "netns", space)
            run("ip", "-n", space, "link", "set", "lo", "up")
            run("ip", "-n", space, "addr", "add", address, "dev", device)
            run("ip", "-n", space, "link", "set", device, "up")

    def _disk(self) -> None:
        self.below.mkdir()
        run("mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", str(self.below))
        self._stack.callback(subprocess.run, ["umount", "-l", str(self.below)], check=False)

    def cable(self, order: str) -> None:
        assert self.wire.stdin is not None
        self.wire.stdin.write(order.encode() + b"\n")
        self.wire.stdin.flush()

    def start(self, worker: str) -> None:
        host = "master" if worker == "listener" else "sensor"
        environment = {**os.environ, "DECNET_SETTINGS": str(self._logs / f"{host}.toml")}
        self._running[worker] = self._process(worker, self._on(host, f"{PROGRAMS}/decnet-{worker}"), environment)

    def kill(self, worker: str) -> None:
        """SIGKILL; `ip netns exec` has become the worker itself."""
        self._running[worker].kill()
        self._running[worker].wait()

    def feed(self, count: int, rate: int) -> subprocess.Popen[bytes]:
        environment = {**os.environ, "PYTHONPATH": str(HERE.parents[2])}
        spool = str(self.below / "spool" / "decoys")
        command = [sys.executable, str(HERE / "feeder_process.py"), spool, NAME, str(count), str(rate)]
        return self._process("feeder", command, environment, piped=True)

    def renew(self) -> None:
        command = (
            sys.executable,
            "-P",
            "-m",
            "decnet_swarm.enrolment.renewal_child",
            str(files.forwarder_folder(self.below)),
            SERVER,
        )
        subprocess.run(self._on("sensor", *command), check=True, timeout=120)

    def arrived(self) -> int:
        """How many events there are at the master; to read them takes too long to do it often."""
        return sum(file.read_bytes().count(b"\n") for file in (self.above / "spool" / "listener").glob("*.jsonl"))

    def listening(self) -> int:
        """How often a listener has begun to listen."""
        return (self._logs / "listener.log").read_text().count("listening port=")

    def _on(self, host: str, *command: str) -> list[str]:
        return ["ip", "netns", "exec", self._spaces[host], *command]

    def _process(
        self, name: str, command: list[str], environment: dict[str, str] | None = None, *, piped: bool = False
    ) -> subprocess.Popen[bytes]:
        ends = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE} if piped else {}
        with (self._logs / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(command, env=environment, stderr=log, **ends)  # type: ignore[call-overload]  # dict
        self._stack.callback(ended, process)
        return process  # type: ignore[no-any-return]  # see above


def ended(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.communicate()


def until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline, f"not in time: {what}"
        time.sleep(0.05)


@pytest.fixture
def arena(tmp_path: Path) -> Iterator[Arena]:
    with contextlib.ExitStack() as stack:
        yield Arena(tmp_path, stack)


@pytest.mark.parametrize(("count", "rate"), SIZES)
def test_every_event_is_at_the_master_once_and_in_order(arena: Arena, count: int, rate: int) -> None:
    arena.start("listener")
    feeder = arena.feed(count, rate)
    assert feeder.stdout is not None
    os.set_blocking(feeder.stdout.fileno(), False)
    arena.start("forwarder")
    said, trouble = b"", Counter[str]()
    rounds = len(TROUBLES) * max(1, count // 20_000)
    share = count // rounds
    for turn in range(rounds):
        assert feeder.poll() in {None, 0}
        step = TROUBLES[turn % len(TROUBLES)]
        if step == "fill":
            said += filled(arena, feeder, share)
        else:
            allow(feeder, share if turn + 1 < rounds else count)
            until(partial(has_arrived, arena, share * turn + 1), "the first events of a share")
            make(arena, step, share * turn + share // 2)
        trouble[step] += 1
        arena.cable("pass 0 0 0")
        until(partial(has_arrived, arena, share * (turn + 1)), f"the events after {step}")
        said += feeder.stdout.read() or b""
    until(partial(has_arrived, arena, count), "the last events")
    found = numbers(arena.above)
    doubled = [number for number, times in Counter(found).items() if times > 1]
    assert not doubled, (trouble, doubled[:9])
    assert found == list(range(count)), trouble
    assert set(trouble) == set(TROUBLES)
    assert b"full" in said


def allow(feeder: subprocess.Popen[bytes], events: int) -> None:
    assert feeder.stdin is not None
    with contextlib.suppress(BrokenPipeError):  # it is done
        feeder.stdin.write(b"%d\n" % events)
        feeder.stdin.flush()


def has_arrived(arena: Arena, least: int) -> bool:
    return arena.arrived() >= least


def make(arena: Arena, step: str, half: int) -> None:
    """Make one trouble and mend it, but for the cable; `half` of the share have arrived soon."""
    match step:
        case "rough":
            arena.cable("pass 5 20 1")
            time.sleep(1)  # the trouble itself, not a wait for a state
        case "cut":
            arena.cable("cut")
            time.sleep(0.7)
        case "listener" | "forwarder":
            arena.kill(step)
            arena.start(step)
        case "both":
            arena.kill("forwarder")
            arena.kill("listener")
            arena.start("forwarder")
            arena.start("listener")
        case "again":
            until(partial(has_arrived, arena, half), "half of a share")
            killed_again(arena)
        case "renew":
            arena.cable("pass 1 1 0")
            arena.renew()


def killed_again(arena: Arena) -> None:
    """Kill both, and the next listener before the sensor has come back to it."""
    arena.kill("forwarder")
    arena.kill("listener")
    before = arena.listening()
    arena.start("listener")
    until(lambda: arena.listening() > before, "the next listener")
    arena.kill("listener")
    arena.start("listener")
    arena.start("forwarder")


def filled(arena: Arena, feeder: subprocess.Popen[bytes], share: int) -> bytes:
    """Cut the cable until the sensor's disk is full; return what the feeder said meanwhile."""
    assert feeder.stdout is not None
    arena.cable("cut")
    allow(feeder, share)
    said = b""
    deadline = time.monotonic() + DEADLINE
    while b"full" not in said:
        assert time.monotonic() < deadline, "the disk was not filled"
        top_up(arena.below)  # each time, for what was acknowledged is still being freed
        said += feeder.stdout.read() or b""
        time.sleep(0.02)
    (arena.below / "ballast").unlink()
    return said


def top_up(disk: Path) -> None:
    """Leave no room on `disk`."""
    with contextlib.suppress(OSError), (disk / "ballast").open("ab", buffering=0) as ballast:
        ballast.write(b"x" * os.statvfs(disk).f_bavail * 4096)
