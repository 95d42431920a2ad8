# SPDX-License-Identifier: MIT
"""The systemd journal, read by `journalctl` as a child process, from a cursor.

A child and not libsystemd in this process: a damaged journal file can then affect only the child, its mapped files do
not count as our memory, and the distribution's journalctl knows the distribution's files. It exits by itself when its
reader is gone.

`--merge` undoes that `--follow` otherwise means "of this boot". The cursor is passed as the first entry to show, not as
the last one to skip: if that entry has been vacuumed meanwhile, journalctl would skip another one in its place.
"""

import asyncio
import contextlib
import logging
import os
import shutil
import subprocess
import time
from typing import IO

import msgspec

from decnet_core.exits import StartupError
from decnet_core.text import for_terminal, from_wire
from decnet_sniff.collect.input_sink import InputSink
from decnet_sniff.collect.journal.export_format import Entry, ExportError, ExportParser
from decnet_sniff.collect.record import Record
from decnet_sniff.collect.settings import SourceSettings

log = logging.getLogger(__name__)

_FIELDS = (
    "MESSAGE", "PRIORITY", "SYSLOG_FACILITY", "SYSLOG_IDENTIFIER", "SYSLOG_PID", "_PID", "_COMM", "_HOSTNAME",
)  # fmt: skip
_READ_BYTES = 65_536
_COMPLAINT_BYTES = 1024
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0


class JournalPosition(msgspec.Struct, frozen=True):
    """The last entry that became events; without a cursor, everything before a time is skipped."""

    cursor: str = ""
    realtime_us: int = 0


class JournalInput:
    def __init__(self, sink: InputSink, position: JournalPosition | None) -> None:
        self._sink = sink
        if position is None:
            position = JournalPosition(realtime_us=0 if sink.settings.history else time.time_ns() // 1000)
        self._position = position
        self._process: subprocess.Popen[bytes] | None = None

    async def open(self) -> None:
        """Check that there is a journalctl; raises StartupError."""
        if shutil.which("journalctl") is None:
            raise StartupError("there is no journalctl on this host; omit input journal or install systemd")
        self._sink.moved()  # a first run that is killed must not begin later the next time

    async def run(self) -> None:
        """Follow the journal; when journalctl ends, start it again from the last entry."""
        pause = _FIRST_PAUSE
        while True:
            before = self._position
            await self._follow()
            self._sink.count("journal_restarts")
            pause = _FIRST_PAUSE if self._position != before else min(2 * pause, _LONGEST_PAUSE)
            await asyncio.sleep(pause)

    def positions(self) -> JournalPosition:
        return self._position

    async def close(self) -> None:
        """There is nothing left: `run` ended the child."""

    async def _follow(self) -> None:
        process = subprocess.Popen(  # noqa: ASYNC220  # vfork and exec, at most once a second
            arguments_of(self._sink.settings, self._position),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},
        )
        with process, contextlib.ExitStack() as opened:
            opened.callback(process.kill)
            complaint = _Tail()
            try:
                await _pipe(process.stderr, complaint, opened)
                entries = asyncio.StreamReader(limit=_READ_BYTES)
                await _pipe(process.stdout, asyncio.StreamReaderProtocol(entries), opened)
                await self._read_entries(entries)
                await complaint.ended.wait()
            except ExportError as error:
                complaint.data_received(f"its output cannot be parsed: {error}".encode())
        self._ended(complaint.text)

    async def _read_entries(self, stdout: asyncio.StreamReader) -> None:
        parser = ExportParser()
        while data := await stdout.read(_READ_BYTES):
            for entry in parser.feed(data):
                self._take(entry)
            await self._sink.room()

    def _take(self, entry: Entry) -> None:
        cursor = entry.get("__CURSOR", b"").decode("ascii", "replace")
        if not cursor or cursor == self._position.cursor:
            return
        record = record_of(entry, self._sink.settings.name)
        self._sink.take(record)
        self._position = JournalPosition(cursor, (record.ts or 0) // 1000)
        self._sink.moved()

    def _ended(self, complaint: str) -> None:
        log.warning("journalctl ended source=%s: %s", self._sink.settings.name, for_terminal(complaint) or "no reason")
        if "cursor" in complaint and self._position.cursor:
            self._sink.count("journal_cursor_lost")
            self._position = JournalPosition(realtime_us=self._position.realtime_us)


def position_of(saved: object) -> JournalPosition | None:
    """Return the position that an earlier run saved; None for invalid data."""
    try:
        return None if saved is None else msgspec.convert(saved, JournalPosition)
    except msgspec.ValidationError:
        return None


def arguments_of(settings: SourceSettings, position: JournalPosition) -> list[str]:
    """Return the command that shows what came after `position`, and follows."""
    command = ["journalctl", "--follow", "--no-tail", "--merge", "--quiet", "--no-pager", "--output=export"]
    command.append(f"--output-fields={','.join(_FIELDS)}")
    if settings.path:
        command.append(f"--directory={settings.path}")
    if position.cursor:
        command.append(f"--cursor={position.cursor}")
    elif position.realtime_us:
        seconds, micro = divmod(position.realtime_us, 1_000_000)
        command.append(f"--since=@{seconds}.{micro:06}")
    return [*command, "--", *settings.matches]


def record_of(entry: Entry, source: str) -> Record:
    """Return an entry as a record; host and time are journald's, not the writer's."""
    return Record(
        text=entry.get("MESSAGE", b""),
        origin=f"journal {source}",
        identity=(b"journal", entry.get("__CURSOR", b"")),
        ts=_number(entry.get("__REALTIME_TIMESTAMP"), 1 << 53, 0) * 1000,
        host=_text(entry.get("_HOSTNAME")),
        app=_text(entry.get("SYSLOG_IDENTIFIER")) or _text(entry.get("_COMM")),
        process=_text(entry.get("_PID")) or _text(entry.get("SYSLOG_PID")),
        facility=_number(entry.get("SYSLOG_FACILITY"), 24, 1),
        severity=_number(entry.get("PRIORITY"), 8, 6),
    )


def _number(value: bytes | None, below: int, otherwise: int) -> int:
    if value is None or len(value) > 20 or not value.isdigit():
        return otherwise
    return int(value) if int(value) < below else otherwise


def _text(value: bytes | None) -> str | None:
    return from_wire(value, 255) if value else None


class _Tail(asyncio.Protocol):
    """The last bytes of stderr."""

    def __init__(self) -> None:
        self._said = b""
        self.ended = asyncio.Event()

    @property
    def text(self) -> str:
        return from_wire(self._said).strip()

    def data_received(self, data: bytes) -> None:
        self._said = (self._said + data)[-_COMPLAINT_BYTES:]

    def connection_lost(self, _error: Exception | None) -> None:
        self.ended.set()


async def _pipe(file: IO[bytes] | None, protocol: asyncio.BaseProtocol, opened: contextlib.ExitStack) -> None:
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, file)
    opened.callback(transport.close)
