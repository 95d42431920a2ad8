# SPDX-License-Identifier: MIT
"""The systemd journal: real journal files, the real journalctl, and a collector that is killed in between."""

from __future__ import annotations

import itertools
import json
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.decnet_sniff.collect.collect_harness import (
    collecting,
    events_in,
    messages,
    process,
    settings_of,
    spooled,
    until,
    until_spooled,
    wait_until,
)

from decnet_core.events.catalogue import CommandRun, SyslogMessage

MAKER = shutil.which("systemd-journal-remote", path="/lib/systemd:/usr/lib/systemd") or ""
NOW = 1_795_429_230_000_000
BOOT = "0123456789abcdef0123456789abcdef"

pytestmark = pytest.mark.skipif(
    not (MAKER and shutil.which("journalctl")), reason="needs journalctl, and systemd-journal-remote to make journals"
)


class Journal:
    """A directory of journal files that a test writes entries to, as journald would."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.place.mkdir()
        self.said: list[str] = []
        self._number = itertools.count()
        self.file = "system"

    def write(self, *texts: str, boot: str = BOOT, **fields: str) -> None:
        """Append entries, one after the other in time."""
        entries = []
        for text in texts:
            number = next(self._number)
            entry = {
                "__REALTIME_TIMESTAMP": NOW + number * 1000,
                "__MONOTONIC_TIMESTAMP": 1000 + number,
                "_BOOT_ID": boot,
                "_HOSTNAME": "web",
                "PRIORITY": 4,
                "SYSLOG_FACILITY": 10,
                "SYSLOG_IDENTIFIER": "sshd",
                "_PID": 99,
                **fields,
                "MESSAGE": text,
            }
            entries.append("\n".join(f"{name}={value}" for name, value in entry.items()) + "\n\n")
            self.said.append(text)
        command = [MAKER, f"--output={self.place / self.file}.journal", "-"]
        subprocess.run(command, input="".join(entries).encode(), check=True, capture_output=True, timeout=60)

    def rotate(self) -> None:
        """Begin another file, as journald does when one is full."""
        (self.place / "system.journal").rename(self.place / f"system@{next(self._number):08}.journal")

    def vacuum(self) -> None:
        """Remove what was rotated."""
        for file in self.place.glob("system@*"):
            file.unlink()


@pytest.fixture
def entries(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "journal")


def source(entries: Journal, **more: Any) -> dict[str, Any]:
    return {"name": "j", "input": "journal", "format": "plain", "path": str(entries.place), **more}


async def test_entries_of_all_boots_become_messages_as_they_come(tmp_path: Path, entries: Journal) -> None:
    entries.write("before", boot=BOOT[::-1])
    async with collecting(settings_of(tmp_path / "state", source(entries))) as ctx:
        await until(lambda: ctx.counters.snapshot().get("collect_events") == 1)
        entries.write("after")
        await until(lambda: ctx.counters.snapshot().get("collect_events") == 2)
    first, second = events_in(tmp_path / "state")
    assert first.payload == SyslogMessage(10, 4, "before", host="web", app="sshd", process="99")
    assert (first.ts, first.decky, first.src_ip) == (NOW * 1000, "web", None)
    assert second.ts > first.ts


async def test_message_of_a_honeypot_is_read_as_its_format(tmp_path: Path, entries: Journal) -> None:
    fields = {"eventid": "cowrie.command.input", "timestamp": "2026-11-23T10:20:30Z"}
    line = json.dumps({**fields, "src_ip": "192.0.2.7", "input": "id"})
    entries.write("unrelated", _SYSTEMD_UNIT="cron.service")
    entries.write(line, _SYSTEMD_UNIT="cowrie.service")
    matching = source(entries, format="cowrie", matches=["_SYSTEMD_UNIT=cowrie.service"])
    async with collecting(settings_of(tmp_path / "state", matching)) as ctx:
        await until(lambda: ctx.counters.snapshot().get("collect_events") == 1)
        assert ctx.counters.snapshot()["collect_lines"] == 1
    assert events_in(tmp_path / "state")[0].payload == CommandRun("ssh", "id")


async def test_restart_rotation_and_vacuum_lose_and_double_nothing(tmp_path: Path, entries: Journal) -> None:
    def remove() -> None:
        entries.rotate()
        entries.vacuum()  # the entry of the cursor is gone

    steps: list[Callable[[], None]] = [lambda: None, entries.rotate, remove]
    for step in steps:
        entries.write(f"a{len(entries.said)}", f"b{len(entries.said)}")
        wanted = len(entries.said)
        async with collecting(settings_of(tmp_path / "state", source(entries))) as ctx:
            await until_spooled(tmp_path / "state", wanted)
            assert ctx.counters.snapshot()["collect_events"] == 2
        step()
    entries.write("last")
    async with collecting(settings_of(tmp_path / "state", source(entries))):
        await until(lambda: len(messages(tmp_path / "state")) == len(entries.said))
    assert [getattr(event.payload, "message", "") for event in events_in(tmp_path / "state")] == entries.said


async def test_without_history_only_what_comes_is_read(tmp_path: Path, entries: Journal) -> None:
    entries.write("old")
    async with collecting(settings_of(tmp_path / "state", source(entries, history=False))) as ctx:
        entries.write("new", __REALTIME_TIMESTAMP=str((time.time_ns() // 1000) + 1_000_000))
        await until(lambda: ctx.counters.snapshot().get("collect_events") == 1)
    assert messages(tmp_path / "state") == ["new"]


async def test_position_that_journalctl_refuses_costs_nothing(tmp_path: Path, entries: Journal) -> None:
    entries.write("one", "two")
    positions = tmp_path / "state" / "positions" / "collect-streams.json"
    positions.parent.mkdir(parents=True)
    positions.write_text(json.dumps({"j": {"cursor": "nonsense", "realtime_us": NOW + 1000}}))
    async with collecting(settings_of(tmp_path / "state", source(entries))) as ctx:
        await until(lambda: ctx.counters.snapshot().get("collect_events") == 1)
        assert ctx.counters.snapshot()["collect_journal_cursor_lost"] == 1
    assert messages(tmp_path / "state") == ["two"]


@pytest.mark.fault
def test_kills_while_entries_come_give_each_one_event(tmp_path: Path, entries: Journal) -> None:
    state, config = tmp_path / "state", tmp_path / "decnet.toml"
    config.write_text(
        f'[state]\ndir = "{state}"\nsensor = "here"\n'
        f'[[collect.source]]\nname = "j"\ninput = "journal"\nformat = "plain"\npath = "{entries.place}"\n'
    )
    for turn in range(4):
        enough = (spooled(state) if state.exists() else 0) + 100  # some of what this turn writes
        with process(config) as running:
            for piece in range(10):
                entries.write(*(f"{turn} {piece} {number}" for number in range(40)))
            if turn == 1:
                entries.rotate()
            if turn < 3:
                wait_until(lambda enough=enough: spooled(state) >= enough, running)  # type: ignore[misc]
            else:
                wait_until(lambda: len(messages(state)) == len(entries.said), running)
    assert sorted(messages(state)) == sorted(entries.said)


def test_journalctl_ends_with_a_collector_that_is_killed(tmp_path: Path, entries: Journal) -> None:
    state, config = tmp_path / "state", tmp_path / "decnet.toml"
    config.write_text(
        f'[state]\ndir = "{state}"\n[[collect.source]]\nname = "j"\ninput = "journal"\nformat = "plain"\n'
        f'path = "{entries.place}"\n'
    )
    entries.write("one")
    with process(config) as running:
        wait_until(lambda: spooled(state) == 1, running)
        (child,) = Path(f"/proc/{running.pid}/task/{running.pid}/children").read_text().split()
    deadline = time.monotonic() + 120
    while Path(f"/proc/{child}").exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)
