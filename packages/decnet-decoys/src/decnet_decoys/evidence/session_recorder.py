# SPDX-License-Identifier: MIT
"""Records one session on a decky, from SessionOpened to exactly one SessionClosed."""

import hashlib
import time
from collections.abc import Generator

from decnet_core.events.catalogue import BaitRead, CommandRun, FileCaptured, ServiceRequest, SessionOpened
from decnet_decoys.decky_context import DeckyContext
from decnet_decoys.evidence.artifact_store import outcome
from decnet_decoys.evidence.connection_recorder import ConnectionRecorder, text
from decnet_decoys.evidence.journal import Ending, OpenSession
from decnet_decoys.evidence.recording import Recording

Steps = Generator[None, None, None]
"""Work that yields after each of its steps, a few milliseconds apart."""

MAX_CAPTURES = 200
"""Files one session may leave in the artifact store."""


class SessionRecorder:
    """The events, recording and captured files of one session."""

    def __init__(self, context: DeckyContext, connection: ConnectionRecorder, username: str) -> None:
        self.context = context
        self.connection = connection
        self.username = username
        self._entry: OpenSession | None = None
        self._recording: Recording | None = None
        self._commands = 0
        self._captures = 0
        self._limited = False
        self._growing: tuple[str, bytes] | None = None

    def begin(self, terminal: str | None, columns: int, rows: int) -> Recording | None:
        """Report that the session begins and open its recording; None if it is synthetic or the disk refuses one."""
        connection, journal = self.connection, self.context.fleet.journal
        started = time.time_ns()
        info = connection.info
        self._entry = OpenSession(
            connection.session, info.decky, info.service, info.src, info.dst, started, synthetic=info.synthetic
        )
        journal.begin(self._entry)
        if not info.synthetic:
            self._recording = self._opened_recording(terminal, columns, rows, started // 1_000_000_000)
        connection.emit(
            SessionOpened(
                service=self.connection.service, username=text(self.username), terminal=terminal and text(terminal)
            )
        )
        connection.counters.add("decoys_synthetic_sessions" if info.synthetic else "decoys_sessions")
        return self._recording

    def _opened_recording(self, terminal: str | None, columns: int, rows: int, started: int) -> Recording | None:
        try:
            return Recording(
                self.context.fleet.journal.recording(self.connection.session),
                columns=columns,
                rows=rows,
                started=started,
                terminal=terminal,
                limit_bytes=self.context.settings.limits.recording_bytes,
            )
        except OSError:
            self.connection.counters.add("decoys_recordings_failed")
            return None

    def command(self, line: str, *, known: bool, moment: float) -> None:
        self._commands += 1
        if self._recording is not None:
            self._recording.command(moment, line)  # first: after a kill its marks are counted, no fewer than the events
        self.connection.emit(CommandRun(service=self.connection.service, command=text(line), known=known))

    def captured(self, path: str, data: bytes, *, partial: bool = False) -> None:
        """Store a file at once, as `capturing` does; meant for little."""
        outcome(self.capturing(path, data, partial=partial))

    def capturing(self, path: str, data: bytes, *, partial: bool = False) -> Steps:
        """Store a file that the attacker wrote; a `partial` one is stored when it has stopped growing."""
        if self._growing is not None and self._growing[0] != path:
            yield from self.keeping_grown()
        if partial:
            self._growing = (path, data)
        else:
            self._growing = None
            yield from self._keeping(path, data, len(data))

    def keeping_grown(self) -> Steps:
        """Store the file that was growing, if there is one."""
        if self._growing is not None:
            (path, data), self._growing = self._growing, None
            yield from self._keeping(path, data, len(data))

    def _keeping(self, path: str, data: bytes, size: int) -> Steps:
        self._captures += 1
        if self._captures > MAX_CAPTURES:
            self.connection.counters.add("decoys_captures_refused")
            return
        digest = yield from self.context.fleet.artifacts.storing(data)
        self.connection.emit(FileCaptured(service=self.connection.service, sha256=digest, size=size, name=text(path)))

    def uploaded(self, path: str, data: bytes, size: int) -> None:
        """Store an uploaded file at once, as `uploading` does; meant for little."""
        outcome(self.uploading(path, data, size))

    def uploading(self, path: str, data: bytes, size: int) -> Steps:
        """Store an uploaded file of `size` bytes, of which `data` was kept."""
        if len(data) == size:
            if self._growing is not None and self._growing[0] != path:
                yield from self.keeping_grown()
            self._growing = None
            yield from self._keeping(path, data, size)
            return
        self.connection.counters.add("decoys_uploads_cut")
        digest = hashlib.sha256().hexdigest()
        if data:
            digest = yield from self.context.fleet.artifacts.storing(data)
        self.connection.emit(FileCaptured(service=self.connection.service, sha256=digest, size=size, name=text(path)))

    def requested(self, action: str, detail: dict[str, str]) -> None:
        """Report a network request of the attacker; nothing was sent."""
        self.connection.emit(
            ServiceRequest(
                service=self.connection.service, action=action, detail={k: text(v) for k, v in detail.items()}
            )
        )

    def bait_read(self, path: str, token: str) -> None:
        """Report that a planted file was read."""
        self.connection.emit(BaitRead(service=self.connection.service, path=text(path), token=token))

    def limited(self, *, session: bool) -> None:
        self.connection.counters.add("decoys_sessions_limited" if session else "decoys_lines_killed")
        if not self._limited:
            self._limited = True
            self.requested("processor-time", {"limit": "session" if session else "line"})

    def command_failed(self) -> None:
        self.connection.counters.add("decoys_command_errors")

    def end(self) -> None:
        """Report that the session ended; does nothing the second time, or if it never began."""
        if self._entry is None:
            return
        entry, self._entry = self._entry, None
        outcome(self.keeping_grown())
        typing = None
        if self._recording is not None:
            self._recording.close()
            typing = self._recording.rhythm.digest()
        self.context.fleet.journal.close(entry, Ending(time.time_ns(), self._commands, typing), self.connection)
