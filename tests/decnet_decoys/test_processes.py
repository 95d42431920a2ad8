# SPDX-License-Identifier: MIT
"""The worker `decoys` in several processes: each plays its deckies, journals and recovers its own sessions."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from tests.decnet_decoys.decky_host import DeckyHost
from tests.ports import own_address

from decnet_core.footprint import children_of
from decnet_core.runtime.shares.share import Share
from decnet_core.spool.positions import START
from decnet_core.spool.reader import look
from decnet_core.state import State
from decnet_decoys.evidence.artifact_store import ArtifactStore
from decnet_decoys.settings import DeckySettings, DecoysSettings
from decnet_decoys.worker import Decoys

SOON = 120.0
NAMES = ("a-01", "b-01", "c-01")


def fleet(processes: int) -> DecoysSettings:
    services = {"http": 18080}
    deckies = tuple(
        DeckySettings(name=name, address=own_address(60 + place), persona="debian-web", services=services)
        for place, name in enumerate(NAMES)
    )
    return DecoysSettings(decky=deckies, processes=processes)


def test_there_are_as_many_processes_as_the_settings_say_for_deckies_may_come_later() -> None:
    assert Decoys.shares(fleet(2)) == 2
    assert Decoys.shares(fleet(64)) == 64
    assert Decoys.shares(DecoysSettings()) == 1


@pytest.mark.parametrize("index", [0, 1])
async def test_process_plays_its_deckies_and_recovers_their_sessions_only(tmp_path: Path, index: int) -> None:
    host = DeckyHost(tmp_path, fleet(2))
    sessions = host.state.root / "decoys" / "sessions"
    sessions.mkdir(parents=True)
    for name in (*NAMES, "gone-01"):
        entry = {"session": f"s-{name}", "decky": name, "service": "ssh", "src": ["192.0.2.1", 1], "started": 1}
        (sessions / f"s-{name}.json").write_bytes(msgspec.json.encode({**entry, "dst": ["127.0.0.1", 22]}))
    host.worker.share = Share("decoys", index, 2)
    await host.worker.start(host.ctx)
    try:
        own = {NAMES[1]} if index else {NAMES[0], NAMES[2]}
        for place, name in enumerate(NAMES):
            assert reaches(own_address(60 + place)) == (name in own)
        recovered = own if index else {*own, "gone-01"}
        assert {file.stem for file in sessions.glob("*.json")} == {
            f"s-{name}" for name in {*NAMES, "gone-01"} - recovered
        }
    finally:
        await host.worker.stop(host.ctx)
        await host.ctx.close()


async def test_processes_divide_memory_equally(tmp_path: Path) -> None:
    host = DeckyHost(tmp_path, fleet(2))
    host.worker.divide(2)
    host.worker.share = Share("decoys", 0, 2, restarts=4)
    await host.worker.start(host.ctx)
    try:
        counters = host.ctx.counters.snapshot()
        assert counters["decoys_memory_left"] == host.settings.limits.memory_bytes // 2
        assert counters["decoys_process_restarts"] == 4
    finally:
        await host.worker.stop(host.ctx)
        await host.ctx.close()


def test_process_stores_files_in_its_part_of_what_is_left(tmp_path: Path) -> None:
    ArtifactStore(tmp_path, 100).keep(b"x" * 40)
    store = ArtifactStore(tmp_path, 100, shares=2)
    store.keep(b"y" * 30)
    store.keep(b"z")
    assert store.counters() == {"artifacts_bytes": 70, "artifacts_refused": 1}


def reaches(address: str) -> bool:
    with contextlib.suppress(ConnectionRefusedError), socket.create_connection((address, 18080), timeout=SOON):
        return True
    return False


@pytest.fixture
def decoys(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The worker as a supervisor starts it, three deckies in two processes, two connections per source."""
    lines = ["[decoys]", "processes = 2", "[decoys.limits]", "connections_per_source = 2"]
    for one in fleet(2).decky:
        lines += ["[[decoys.decky]]", f'name = "{one.name}"', f'address = "{one.address}"', 'persona = "debian-web"']
        lines += ["services = { http = 18080 }"]
    (tmp_path / "decnet.toml").write_text("\n".join(lines))
    given = {"DECNET_STATE_DIR": str(tmp_path / "state"), "DECNET_SETTINGS": str(tmp_path / "decnet.toml")}
    command = [sys.executable, "-m", "decnet_core.supervise.fork.child_main", "decoys", "decnet_decoys.worker:Decoys"]
    process = subprocess.Popen(command, env={**os.environ, **given})
    try:
        yield process
    finally:
        process.terminate()
        assert process.wait(SOON) == 0


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SOON
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def get(address: str, source: str) -> bytes:
    """Return the beginning of the answer; nothing from a decky that refuses the source."""
    with contextlib.suppress(ConnectionError), connected(address, source) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        return client.recv(12)
    return b""


def answer(client: socket.socket) -> bytes:
    """Ask for a page; return the beginning of the answer."""
    client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    return client.recv(12)


def connected(address: str, source: str) -> socket.socket:
    return socket.create_connection((address, 18080), timeout=SOON, source_address=(source, 0))


def test_source_has_its_limit_over_all_processes(decoys: subprocess.Popen[bytes]) -> None:
    first, second, _ = (one.address for one in fleet(2).decky)
    until(lambda: reaches(first) and reaches(second))
    source = own_address(90)
    with connected(first, source) as one, connected(first, source) as two:
        assert answer(one) == answer(two) == b"HTTP/1.1 200"  # both have been admitted
        assert get(second, source) == b""
        assert get(second, own_address(91)) == b"HTTP/1.1 200"
        one.close()
        two.close()
        until(lambda: get(second, source) == b"HTTP/1.1 200")


def test_deckies_of_other_processes_are_open_while_one_is_down(decoys: subprocess.Popen[bytes], tmp_path: Path) -> None:
    first, second, _ = (one.address for one in fleet(2).decky)
    until(lambda: reaches(first) and reaches(second))
    victim = next(
        pid for pid in children_of(decoys.pid) if Path(f"/proc/{pid}/comm").read_text() == "decnet-decoys.2\n"
    )
    with connected(first, own_address(92)) as held:
        os.kill(victim, signal.SIGKILL)
        assert answer(held) == b"HTTP/1.1 200"
    until(lambda: victim not in children_of(decoys.pid))
    until(lambda: get(second, own_address(93)) == b"HTTP/1.1 200")
    spools = State(tmp_path / "state").spool
    assert all(look(spools / name, START).lines for name in ("decoys", "decoys.2"))
