# SPDX-License-Identifier: MIT
"""The worker from files to events: nothing lost, nothing doubled, bad lines set aside, whatever happens to it."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.decnet_sniff.collect.collect_harness import (
    collecting,
    command,
    events_in,
    settings_of,
    spooled,
    until,
    until_counted,
)

from decnet_core.bus.memory import MemoryBus
from decnet_core.events.catalogue import CommandRun
from decnet_core.exits import StartupError
from decnet_core.runtime.host import open_context
from decnet_core.settings import SettingsError
from decnet_core.spool import segments
from decnet_core.spool.quarantine import QuarantinedLine
from decnet_sniff.collect.settings import CollectSettings
from decnet_sniff.collect.worker import Collect

DATA = Path(__file__).parent / "data"


def quarantined(state: Path) -> list[QuarantinedLine]:
    place = state / "quarantine" / "collect"
    return [
        msgspec.json.decode(line, type=QuarantinedLine)
        for number in segments.sizes(place)
        for line in segments.path_of(place, number).read_bytes().splitlines()
    ]


async def test_sources_of_every_format_become_events(tmp_path: Path) -> None:
    auth = tmp_path / "auth.log"
    auth.write_bytes(b"Nov 23 10:20:30 web sshd[9]: hello\n")
    settings = settings_of(
        tmp_path / "state",
        {"name": "cowrie", "format": "cowrie", "path": str(DATA / "cowrie.json"), "host": "decky-3"},
        {"name": "canary", "format": "opencanary", "path": str(DATA / "opencanary.json")},
        {"name": "auth", "format": "syslog", "path": str(auth)},
    )
    lines = sum(len(path.read_bytes().splitlines()) for path in (auth, *DATA.glob("*.json")))
    async with collecting(settings) as ctx:
        await until(lambda: ctx.counters.snapshot().get("collect_lines") == lines)
        counters = ctx.counters.snapshot()
    events = events_in(tmp_path / "state")
    assert counters["collect_events"] == len(events) == len({event.id for event in events})
    assert counters.get("collect_rejected", 0) == 0
    assert {event.decky for event in events} == {"decky-3", "canary-7", None}
    assert {event.sensor for event in events} == {"here"}
    assert [event.kind for event in events if event.decky is None] == ["syslog.message"]


async def test_bad_lines_are_quarantined_and_the_rest_goes_on(tmp_path: Path) -> None:
    log = tmp_path / "cowrie.json"
    bad = [b"\x1b[2J{", b"\xff\xfe", b"\0\0", b'{"eventid": "cowrie.unheard.of"}', b"x" * 2_000_000]
    log.write_bytes(command(1) + b"\n".join(bad) + b"\n" + command(2))
    settings = settings_of(tmp_path / "state", {"name": "c", "format": "cowrie", "path": str(log)})
    async with collecting(settings) as ctx:
        await until(lambda: ctx.counters.snapshot().get("collect_events") == 2)
        assert ctx.counters.snapshot()["collect_rejected"] == ctx.counters.snapshot()["quarantined"] == len(bad)
    records = quarantined(tmp_path / "state")
    assert [record.reason.partition(":")[0] for record in records] == [
        "not JSON", "not JSON", "not JSON", "unknown eventid", "the line has 2000000 bytes",
    ]  # fmt: skip
    assert records[0].source == f"{log}:{len(command(1))}"
    assert len(records[-1].line) == 4096


async def test_event_from_the_future_is_kept_and_counted(tmp_path: Path) -> None:
    log = tmp_path / "cowrie.json"
    log.write_bytes(command(1) + command(2).replace(b"2026-11", b"2126-11"))
    settings = settings_of(tmp_path / "state", {"name": "c", "format": "cowrie", "path": str(log)})
    async with collecting(settings) as ctx:
        await until(lambda: ctx.counters.snapshot().get("collect_events") == 2)
        assert ctx.counters.snapshot()["collect_future"] == 1
    assert events_in(tmp_path / "state")[1].ts > 2 * events_in(tmp_path / "state")[0].ts


async def test_lost_positions_give_the_same_ids_again(tmp_path: Path) -> None:
    log = tmp_path / "cowrie.json"
    log.write_bytes(b"".join(command(number) for number in range(20)))
    settings = settings_of(tmp_path / "state", {"name": "c", "format": "cowrie", "path": str(log)})
    async with collecting(settings) as ctx:
        await until(lambda: ctx.counters.snapshot().get("collect_events") == 20)
    async with collecting(settings) as ctx:
        with log.open("ab") as file:
            file.write(command(20))
        await until(lambda: ctx.counters.snapshot().get("collect_events") == 1)
    (tmp_path / "state" / "positions" / "collect.json").unlink()
    async with collecting(settings) as ctx:
        await until(lambda: ctx.counters.snapshot().get("collect_events") == 21)
    ids = [event.id for event in events_in(tmp_path / "state")]
    assert len(ids) == 42
    assert ids[:21] == ids[21:]
    assert len(set(ids)) == 21


async def test_lines_read_but_not_emitted_are_read_again(tmp_path: Path) -> None:
    """The job may be cancelled in between, when it does not stop in time."""
    log = tmp_path / "cowrie.json"
    log.write_bytes(command(1))
    settings = settings_of(tmp_path / "state", {"name": "c", "format": "cowrie", "path": str(log)})
    ctx = await open_context(Collect, settings, MemoryBus())
    worker = Collect(settings.section("collect", CollectSettings))
    await worker.start(ctx)
    assert worker._files is not None
    assert await ctx.in_thread(worker._files.look_and_read, ctx, worker._quarantine) is not None
    await worker.stop(ctx)
    await ctx.close()
    async with collecting(settings) as ctx:
        await until(lambda: ctx.counters.snapshot().get("collect_events") == 1)


async def test_no_source_is_no_error(tmp_path: Path) -> None:
    async with collecting(settings_of(tmp_path / "state")) as ctx:
        assert ctx.counters.snapshot()["collect_lag_bytes"] == 0


async def test_paused_worker_reads_nothing(tmp_path: Path) -> None:
    log = tmp_path / "cowrie.json"
    settings = settings_of(tmp_path / "state", {"name": "c", "format": "cowrie", "path": str(log)})
    async with collecting(settings) as ctx:
        ctx.unpaused.clear()
        await ctx.in_thread(lambda: None)  # the look that may be under way has ended
        log.write_bytes(command(1))
        await asyncio.sleep(0.1)  # many looks long: nothing is the state that is asked for
        assert "collect_lines" not in ctx.counters.snapshot()
        ctx.unpaused.set()
        await until(lambda: ctx.counters.snapshot().get("collect_events") == 1)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ({"name": "a", "format": "apache", "path": "/x"}, "format"),
        ({"name": "a", "format": "syslog", "path": "/x", "zone": "Atlantis"}, "no time zone 'Atlantis'"),
        ({"name": "../a", "format": "syslog", "path": "/x"}, "name"),
        ({"name": "a", "format": "syslog", "path": "/x", "hots": "h"}, "hots"),
    ],
)
def test_wrong_source_is_refused_with_its_name(tmp_path: Path, source: dict[str, str], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        settings_of(tmp_path, source).section("collect", CollectSettings)


def test_two_sources_of_one_name_are_refused(tmp_path: Path) -> None:
    source = {"name": "a", "format": "syslog", "path": "/x"}
    with pytest.raises(SettingsError, match="two sources are called 'a'"):
        settings_of(tmp_path, source, source).section("collect", CollectSettings)


@pytest.fixture
def small_state(tmp_path: Path) -> Iterator[Path]:
    """A state directory on a disk of 256 KiB."""
    if os.getuid() != 0:
        pytest.skip("mounting a tmpfs needs root")
    place = tmp_path / "state"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(place)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("cannot mount a tmpfs here")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


async def test_full_disk_stops_the_reading_and_loses_nothing(tmp_path: Path, small_state: Path) -> None:
    ballast = small_state / "ballast"
    ballast.write_bytes(b"x" * 200_000)
    log = tmp_path / "cowrie.json"
    log.write_bytes(b"".join(command(number) for number in range(600)))
    settings = settings_of(small_state, {"name": "c", "format": "cowrie", "path": str(log)})
    async with collecting(settings) as ctx:
        await until(lambda: ctx.counters.snapshot()["spool_backlog"] > 0)
        ballast.unlink()
        await until(
            lambda: (
                ctx.counters.snapshot().get("collect_events") == 600 and ctx.counters.snapshot()["spool_backlog"] == 0
            )
        )
        assert ctx.counters.snapshot()["spool_dropped"] == 0
    events = events_in(small_state)
    assert [event.payload for event in events] == [CommandRun("ssh", f"echo {number}") for number in range(600)]


def test_kills_and_rotations_lose_nothing_and_double_no_id(tmp_path: Path) -> None:
    """A real process is killed again and again while its log is written and rotated."""
    state, log = tmp_path / "state", tmp_path / "cowrie.json"
    config = tmp_path / "decnet.toml"
    config.write_text(
        f'[state]\ndir = "{state}"\nsensor = "here"\n[collect]\nbusy_ms = 10\nidle_ms = 10\n'
        f'[[collect.source]]\nname = "c"\nformat = "cowrie"\npath = "{log}"\n'
    )
    environ = {**os.environ, "DECNET_SETTINGS": str(config)}
    program = "import sys; from decnet_sniff.collect.worker import Collect; sys.exit(Collect.main())"
    log.touch()
    written = 0
    for turn in range(4):
        process = subprocess.Popen([sys.executable, "-c", program], env=environ, stderr=subprocess.DEVNULL)
        try:
            goal, deadline = spooled(state) + 600 if turn < 3 else written, time.monotonic() + 100
            while (there := spooled(state)) < goal or (turn == 3 and len(unique(state)) < written):
                assert process.poll() is None
                assert time.monotonic() < deadline, (len(unique(state)), written)
                if turn < 3 and written < there + 1000 and (state / "positions" / "collect.json").exists():
                    written = write_on(log, written)  # it knows the log, and is not far behind
                time.sleep(0.005)
        finally:
            process.kill()
            process.wait()
    assert sorted(unique(state).values()) == sorted(f"echo {number}" for number in range(written))


def write_on(log: Path, written: int) -> int:
    """Write 50 more lines; now and then rotate first."""
    if written % 500 == 450:
        log.rename(f"{log}.{written:06}")
    with log.open("ab") as file:
        file.write(b"".join(command(number) for number in range(written, written + 50)))
    return written + 50


def unique(state: Path) -> dict[Any, str]:
    """Return the commands by event id: what ingest keeps."""
    return {event.id: event.payload.command for event in events_in(state) if isinstance(event.payload, CommandRun)}


async def test_nobody_else_can_know_the_id_that_a_line_will_get(tmp_path: Path) -> None:
    log = tmp_path / "cowrie.json"
    log.write_bytes(command(1))
    source = {"name": "cowrie", "format": "cowrie", "path": str(log)}
    ids = []
    for host in ("one", "other"):
        async with collecting(settings_of(tmp_path / host, source)) as ctx:
            await until_counted(ctx, "events", 1)
        ids += [event.id for event in events_in(tmp_path / host)]
        assert (tmp_path / host / "positions" / "collect.key").stat().st_mode & 0o777 == 0o600
    assert len(ids) == len(set(ids)) == 2


async def test_a_key_that_is_none_is_refused_by_name(tmp_path: Path) -> None:
    key = tmp_path / "positions" / "collect.key"
    key.parent.mkdir()
    key.write_bytes(b"short")
    ctx = await open_context(Collect, settings_of(tmp_path), MemoryBus())
    with pytest.raises(StartupError, match="has 5 bytes, a key has 32"):
        await Collect(CollectSettings()).start(ctx)
    await ctx.close()
