# SPDX-License-Identifier: MIT
"""What nobody meant to be read, on a disk that is full, beside a port that is taken: the fleet goes on, and says so.

All tests here disturb one fleet. When they are done, everything that its attackers were told must be there, once; and
no worker may have ended for any of it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import asyncssh
import msgspec
import pytest
import pytest_asyncio
from sqlalchemy import select
from tests import forked_program
from tests.fleet.accepted import assert_each_accepted_mark_is_one_event, settled, until
from tests.fleet.arena import Arena

from decnet.drill.asyncssh_client import log_in
from decnet.drill.private import CANARY_HTTP_PORT, HTTP_PORT, SSH_PORT
from decnet.fleet.bus_access import query_health
from decnet_core.bus.client import connect
from decnet_core.events.catalogue import CommandRun
from decnet_core.events.codec import encode
from decnet_core.events.envelope import Event
from decnet_core.events.ids import uuid7
from decnet_core.runtime.restarts.policy import Phase
from decnet_core.spool.quarantine import QuarantinedLine
from decnet_models.database.engine import open_engine, reading
from decnet_models.events.tables import event

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.fault]

IS_ROOT = os.getuid() == 0
DECNET = (sys.executable, "-m", "decnet")
PATIENCE = 90.0
"""Seconds that a busy machine may take for what an idle one does in three."""
SUPERVISE = (sys.executable, "-m", "decnet_core.supervise.command")
SPOOL_DISK = "24m"
TEN_MEGABYTES = 10_000_000
YEAR_2100_NS = 4_102_444_800 * 10**9
HOSTILE = "\x1b[2J\x1b]0;owned\x07\u202e\r\nfake\0root"
SHOWN = r"\x1b[2J\x1b]0;owned\x07\u202e\x0d\x0afake"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def arena(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Disturbed]:
    """A fleet whose spools are on a disk of their own and whose canary finds its port taken."""
    fleet = Disturbed(tmp_path_factory.mktemp("bad-input"))
    with small_disk(fleet.state / "spool"), fleet.port:
        fleet.port.bind((f"127.77.{fleet.block}.1", CANARY_HTTP_PORT))
        async with fleet.running():
            yield fleet
            await until(lambda: settled(fleet), PATIENCE)
    assert_each_accepted_mark_is_one_event(fleet)


class Disturbed(Arena):
    """An arena that holds a port of its own fleet."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.port = socket.socket()


@contextlib.contextmanager
def small_disk(place: Path) -> Iterator[None]:
    """A tmpfs, where this user may mount one."""
    place.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SPOOL_DISK}", "tmpfs", str(place)]
    mounted = IS_ROOT and subprocess.run(mount, capture_output=True, check=False).returncode == 0
    try:
        yield
    finally:
        if mounted:
            subprocess.run(["umount", str(place)], check=True)


@contextlib.asynccontextmanager
async def unharmed(fleet: Arena) -> AsyncIterator[None]:
    """Whatever is done to the fleet in here, no worker ends for it."""
    before = {name: fleet.pid_of(name) for name in ("bus", "ingest", "collect", "decoys", "profiler", "ttp", "webhook")}
    assert None not in before.values()
    yield
    assert {name: fleet.pid_of(name) for name in before} == before


async def attacked(fleet: Arena, number: int) -> None:
    """One wave that the fleet must answer. (A guess may be let in: decoys do that with who keeps guessing.)"""
    await fleet.attack(number)
    for kind in ("http", "command"):
        assert f"mark-{number}-x" in fleet.accepted[kind], kind


async def counters(fleet: Arena, worker: str) -> dict[str, float]:
    bus = await connect(f"unix://{fleet.state}/run/bus/sock", name="test", wait=5)
    try:
        health = await query_health(bus, worker, 5)
    finally:
        await bus.close()
    assert health is not None, f"{worker} does not answer"
    return health.counters


async def counted(fleet: Arena, worker: str, reached: Callable[[dict[str, float]], bool]) -> None:
    """Wait until the worker's counters are as `reached` wants them."""
    deadline, now = time.monotonic() + 60, await counters(fleet, worker)
    while not reached(now):
        assert time.monotonic() < deadline, now
        await asyncio.sleep(0.1)
        now = await counters(fleet, worker)


async def told(fleet: Arena, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the operator's on the fleet."""
    environment = {name: value for name, value in fleet.environment.items() if name != "NOTIFY_SOCKET"}
    return await asyncio.to_thread(
        subprocess.run, command, env=environment, capture_output=True, text=True, check=False, timeout=60
    )


async def decnet(fleet: Arena, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a short `decnet` command on the fleet."""
    return await asyncio.to_thread(forked_program.decnet, fleet.environment, *arguments)


def quarantined(fleet: Arena, worker: str) -> list[QuarantinedLine]:
    files = sorted((fleet.state / "quarantine" / worker).glob("*.jsonl"))
    return [
        msgspec.json.decode(line, type=QuarantinedLine) for file in files for line in file.read_bytes().splitlines()
    ]


def cowrie(**fields: object) -> bytes:
    """A line of Cowrie's log."""
    line = {
        "eventid": "cowrie.login.failed",
        "username": "root",
        "password": "p",
        "sensor": "cowrie-1",
        "timestamp": "2026-11-23T12:00:00.000000Z",
        "src_ip": "127.66.9.9",
        "session": "00c0ffee0000",
        "protocol": "ssh",
        **fields,
    }
    return json.dumps(line).encode()


def all_replaced(fleet: Arena, pids: set[int | None]) -> bool:
    """Whether every worker is ready in a process that is none of `pids`."""
    report = fleet.report()
    return report is not None and all(
        status.phase is Phase.READY and status.pid not in pids for status in report.workers
    )


BAD_LOG_LINES = {
    "Nov 23 12:00:00 host sshd: a line of another log": "not JSON",
    '{"eventid": "cowrie.login.fai': "not JSON",
    '["eventid"]': "not a JSON object",
    '{"eventid": "cowrie.sold.to.mars"}': "unknown eventid",
    '{"eventid": "cowrie.login.failed", "username": "r\0t"}': "not JSON",
    '{"eventid": "' + TEN_MEGABYTES * "A" + '"}': f"the line has {TEN_MEGABYTES + 15} bytes",
}


async def test_lines_of_a_log_that_nobody_can_read_are_quarantined_with_their_reasons(arena: Arena) -> None:
    before = await counters(arena, "collect")
    kept = len(quarantined(arena, "collect"))
    bad = {line.encode(): reason for line, reason in BAD_LOG_LINES.items()}
    bad[cowrie(username="?").replace(b"?", b"\xff\xfe")] = "not UTF-8"
    async with unharmed(arena):
        with arena.log.open("ab") as log:
            log.write(b"\n".join([*bad, cowrie(timestamp="2100-01-01T00:00:00Z", password="future"), b""]))
        await attacked(arena, 10)  # whose last deed is a good line behind the bad ones
        await until(lambda: settled(arena), PATIENCE)
        await counted(
            arena,
            "collect",
            lambda now: (
                now.get("collect_rejected", 0) == before.get("collect_rejected", 0) + len(bad)
                and now["quarantined"] == before["quarantined"] + len(bad)
                and now.get("collect_future", 0) == before.get("collect_future", 0) + 1
            ),
        )
    reasons = [record.reason for record in quarantined(arena, "collect")[kept:]]
    for found, wanted in zip(reasons, bad.values(), strict=True):
        assert found.startswith(wanted)
    (stored,) = times_of(arena, "future")
    assert stored < YEAR_2100_NS  # as of when it came, or it would never grow old


def times_of(fleet: Arena, mark: str) -> list[int]:
    engine = open_engine(fleet.database, read_only=True)
    with reading(engine) as connection:
        found = list(connection.execute(select(event.c.ts).where(event.c.payload.contains(mark))).scalars())
    engine.dispose()
    return found


def written(mark: str, ts: int) -> bytes:
    """A line as a spool has it."""
    return encode(Event(id=uuid7(ts), ts=ts, sensor="s", payload=CommandRun("ssh", mark), src_ip="127.66.9.10"))


async def test_spool_full_of_garbage_loses_none_of_its_events(arena: Arena) -> None:
    before = await counters(arena, "ingest")
    kept = len(quarantined(arena, "ingest"))
    good = written("spooled-1", time.time_ns())
    bad = [
        b"\0\0\0\0",
        b"{}",
        good.replace(b"session.command", b"session.telepathy"),
        good.replace(b"spooled-1", b"\xff\xfe"),
        good.replace(b"spooled-1", b"\0"),
        good.replace(b"spooled-1", TEN_MEGABYTES * b"A"),
        good.replace(b'"ts":', b'"ts":-'),
    ]
    lines = [good, *bad, written("spooled-2", YEAR_2100_NS), good, b""]
    async with unharmed(arena):
        spool = arena.state / "spool" / "stranger"
        spool.mkdir()
        (spool / "0000000001.jsonl").write_bytes(b"\n".join(lines) + b'{"torn')
        await attacked(arena, 15)  # whose events also tell ingest to look
        await counted(arena, "ingest", lambda now: now["quarantined"] == before["quarantined"] + len(bad) + 1)
        await until(lambda: settled(arena), PATIENCE)
    after = await counters(arena, "ingest")
    assert after["events_from_future"] == before["events_from_future"] + 1
    assert after["duplicates"] == before["duplicates"] + 1
    assert len(quarantined(arena, "ingest")) == kept + len(bad) + 1  # the event from the future as it came
    assert len(times_of(arena, "spooled-1")) == 1
    assert len(times_of(arena, "spooled-2")) == 1
    assert times_of(arena, "spooled-2")[0] < YEAR_2100_NS
    shutil.rmtree(spool)


async def test_ten_megabytes_at_a_decoy_are_one_bounded_event(arena: Arena) -> None:
    async with unharmed(arena):
        for port in (HTTP_PORT, SSH_PORT):
            address = (f"127.77.{arena.block}.10", port)
            reader, writer = await asyncio.open_connection(*address, local_addr=("127.66.9.11", 0))
            with contextlib.suppress(OSError):  # it may have hung up long before
                writer.write(b"GET /" + TEN_MEGABYTES * b"A" + b"\r\n")
                await asyncio.wait_for(writer.drain(), 120)
            with contextlib.suppress(OSError):
                await asyncio.wait_for(reader.read(), 120)
            writer.close()
        await attacked(arena, 20)
        await until(lambda: settled(arena), PATIENCE)
        done = await decnet(arena, "events", "--json", "--attacker", "127.66.9.11")
    assert [line for line in done.stdout.splitlines() if "http.request" in line]
    assert len(done.stdout) < 200_000


async def test_escapes_in_user_names_do_not_reach_the_terminal(arena: Arena, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asyncssh.connection, "saslprep", str)  # our client would refuse to send it
    async with unharmed(arena):
        with arena.log.open("ab") as log:
            log.write(cowrie(username=HOSTILE, src_ip="127.66.9.12") + b"\n")
        name = HOSTILE.partition("\0")[0]  # at a zero byte OpenSSH ends the connection, and so do we
        with pytest.raises(asyncssh.PermissionDenied):
            await log_in(f"127.77.{arena.block}.10", SSH_PORT, "127.66.9.12", name, password="guess")
        await attacked(arena, 30)
        await until(lambda: settled(arena) and len(times_of(arena, "owned")) == 2, PATIENCE)
        for command in (["events"], ["attacker", "127.66.9.12"], ["attackers"], ["status"]):
            done = await decnet(arena, *command)
            assert all(character.isprintable() or character == "\n" for character in done.stdout), command
            assert (SHOWN in done.stdout) == (command[0] in ("events", "attacker")), done.stdout


@pytest.mark.skipif(not IS_ROOT, reason="mounting a tmpfs needs root")
async def test_full_disk_is_reported_and_what_was_accepted_waits_for_room(arena: Arena) -> None:
    spool = arena.state / "spool"
    if not spool.is_mount():
        pytest.skip("cannot mount a tmpfs here")
    async with unharmed(arena):
        fill(spool / "filler")
        number = 40
        while not (await counters(arena, "decoys"))["spool_backlog"]:  # what is left of a page still holds a few events
            assert number < 60
            await attacked(arena, number)
            number += 1
        await attacked(arena, number)
        status = await decnet(arena, "status")
        assert "events wait in memory because the disk is full" in status.stdout
        (spool / "filler").unlink()
        await counted(arena, "decoys", lambda now: not now["spool_backlog"])
        await until(lambda: settled(arena), PATIENCE)
    assert (await counters(arena, "decoys"))["spool_dropped"] == 0


def fill(path: Path) -> None:
    with contextlib.suppress(OSError), path.open("wb", buffering=0) as file:
        while file.write(b"\0" * 4096):
            pass


async def test_taken_port_is_named_and_the_worker_starts_once_it_is_free(arena: Disturbed) -> None:
    report = arena.report()
    assert report is not None
    canary = next(status for status in report.workers if status.name == "canary")
    listen = f"127.77.{arena.block}.1:{CANARY_HTTP_PORT}"
    assert canary.phase is Phase.REFUSED
    assert listen in canary.reason
    async with unharmed(arena):
        await attacked(arena, 1)
        status = await decnet(arena, "status")
    assert status.returncode == 1
    assert "down: canary" in status.stdout
    assert listen in status.stdout
    arena.port.close()
    os.kill(arena.supervisor, signal.SIGHUP)
    await until(lambda: all_replaced(arena, {status.pid for status in report.workers}), PATIENCE)
    await attacked(arena, 2)
    assert "mark-2-x" in arena.accepted["url"]


@pytest.mark.parametrize(
    "command",
    [(*DECNET, "up", "--plain", "--for", "0"), (*SUPERVISE, "all"), (*SUPERVISE, "herd")],
    ids=["up", "supervise-all", "supervise-herd"],
)
async def test_second_fleet_on_the_directory_is_refused_and_the_first_goes_on(
    arena: Arena, command: tuple[str, ...]
) -> None:
    before = arena.report()
    assert before is not None
    async with unharmed(arena):
        second = await told(arena, *command)
        assert second.returncode == 78
        assert len(second.stderr.splitlines()) == 1
        assert f"another fleet (pid {before.supervisor}) runs on {arena.state}" in second.stderr
    assert arena.report() == before


async def test_second_worker_on_the_directory_is_refused(arena: Arena) -> None:
    async with unharmed(arena):
        second = await told(arena, sys.executable, "-c", WORKER, "decnet_sniff.collect.worker:Collect")
    assert second.returncode == 78
    assert f"another process writes spool {arena.state / 'spool' / 'collect'}" in second.stderr


WORKER = """
import sys
from importlib import import_module
(module, _, worker), sys.argv[1:] = sys.argv[1].partition(":"), []
sys.exit(getattr(import_module(module), worker).main())
"""


@pytest.mark.parametrize(
    "command",
    [
        (*DECNET, "up", "--plain", "--for", "0"),
        (*DECNET, "status"),
        (*DECNET, "events"),
        (*SUPERVISE, "all"),
        (sys.executable, "-c", WORKER, "decnet_decoys.worker:Decoys"),
    ],
    ids=["up", "status", "events", "supervise", "worker"],
)
async def test_state_directory_of_somebody_else_is_named(tmp_path: Path, command: tuple[str, ...]) -> None:
    state = tmp_path / "state"
    (state / "run").mkdir(parents=True)
    state.chmod(0)
    if IS_ROOT:  # root, but without what lets it pass
        os.chown(state, 65534, 65534)
        command = ("setpriv", "--bounding-set=-dac_override,-dac_read_search", *command)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DECNET_")}
    done = await asyncio.to_thread(
        subprocess.run,
        command,
        env={**environment, "DECNET_STATE_DIR": str(state)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    state.chmod(0o700)
    assert done.returncode == 78, done
    assert len(done.stderr.splitlines()) == 1
    assert str(state) in done.stderr
    assert "Permission denied" in done.stderr
