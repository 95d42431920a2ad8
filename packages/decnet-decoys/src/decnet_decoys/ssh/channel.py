# SPDX-License-Identifier: MIT
"""One SSH session channel (RFC 4254 §6): shell, exec, SFTP or scp, each recorded as a session."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable

from decnet_decoys.evidence.session_recorder import SessionRecorder
from decnet_decoys.memory_budget import MemoryLease
from decnet_decoys.shell.interpreter import Shell, Source
from decnet_decoys.shell.machine.overlays import Disk
from decnet_decoys.ssh import scp, sftp
from decnet_decoys.ssh.engine import asyncssh
from decnet_decoys.ssh.sftp_packets import BadPacketError
from decnet_decoys.terminal.session import Session
from decnet_decoys.terminal.terminal import GoneError, Terminal

log = logging.getLogger(__name__)


class Channel(asyncssh.SSHServerSession[bytes]):
    """What asyncssh calls for one channel."""

    def __init__(self, recorder: SessionRecorder, ended: Callable[[], None]) -> None:
        self._recorder = recorder
        self._told_ended = ended
        self._command: str | None = None
        self._subsystem: str | None = None
        self._pty = False
        self._size = (80, 24)
        self._term: str | None = None
        self._lease: MemoryLease | None = None
        self._disk: Disk | None = None

    def connection_made(self, chan: asyncssh.SSHServerChannel[bytes]) -> None:
        """Take the channel."""
        self._chan = chan
        self._terminal = Terminal(chan, pty=False, idle_seconds=self._recorder.context.settings.limits.idle_seconds)

    def pty_requested(self, term_type: str, term_size: tuple[int, int, int, int], _modes: object) -> bool:
        """Give a terminal."""
        self._pty, self._term = True, term_type[:64]
        self._size = (min(max(term_size[0], 20), 500), min(max(term_size[1], 5), 200))
        return True

    def terminal_size_changed(self, width: int, height: int, _pixwidth: int, _pixheight: int) -> None:
        """Take the new size; lines already shown stay as they are."""
        self._size = (width, height)

    def shell_requested(self) -> bool:
        """Allow a log-in shell."""
        return True

    def exec_requested(self, command: str) -> bool:
        """Allow a command."""
        self._command = command
        return True

    def subsystem_requested(self, subsystem: str) -> bool:
        """Allow SFTP; refuse and record anything else."""
        self._subsystem = subsystem
        if subsystem != "sftp":
            self._recorder.requested("subsystem", {"name": subsystem})
        return subsystem == "sftp"

    def session_started(self) -> None:
        """Begin to play."""
        self._terminal.pty = self._pty
        self._recorder.context.runtime.spawn(self._play(), name="ssh-session", may_end=True)

    def data_received(self, data: bytes, _datatype: int | None) -> None:
        """Take input."""
        self._terminal.received(data)

    def eof_received(self) -> bool:
        """Take the end of input; the channel stays open for output."""
        self._terminal.ended()
        return True

    def signal_received(self, _signal: str) -> None:
        """Take a signal as ^C."""
        self._terminal.interrupt()

    def break_received(self, _msec: int) -> bool:
        """Take a break as ^C."""
        self._terminal.interrupt()
        return True

    def pause_writing(self) -> None:
        """The client does not read."""
        self._terminal.writable(ready=False)

    def resume_writing(self) -> None:
        """The client reads again."""
        self._terminal.writable(ready=True)

    def connection_lost(self, _exc: Exception | None) -> None:
        """Take the end."""
        self._terminal.lost()
        self._told_ended()

    async def _play(self) -> None:
        """Play the session to its end; whatever goes wrong ends this session only."""
        try:
            status = await self._played()
            self._recorder.end()
            self._chan.exit(status & 255)
        except (GoneError, OSError, asyncssh.Error, BadPacketError):
            self._chan.close()
        except asyncio.CancelledError:
            self._chan.abort()
            raise
        except Exception:
            self._recorder.connection.counters.add("decoys_session_errors")
            log.exception("session failed session=%s", self._recorder.connection.session)
            self._chan.abort()
        finally:
            self._recorder.end()
            if self._lease is not None:
                self._lease.close()
            if self._disk is not None:
                self._recorder.context.fleet.disks.unmount(self._disk)

    async def _played(self) -> int:
        recorder = self._recorder
        user = recorder.context.machine.user(recorder.username) or recorder.context.machine.persona.users[0]
        source = Source(*recorder.connection.info.src)
        self._lease = MemoryLease(recorder.context.fleet.budget)
        self._disk = recorder.context.fleet.disks.mount(recorder.context.machine, source.address)
        shell = Shell(
            recorder.context.machine,
            user,
            time.time,
            source,
            terminal=self._term if self._pty else None,
            columns=self._size[0],
            lease=self._lease,
            disk=self._disk,
            command=self._command,
        )
        self._terminal.recording = recorder.begin(self._term if self._pty else None, *self._size)
        if self._subsystem == "sftp":
            return await self._transfer(sftp.Sftp(shell, self._limit, self._uploaded))
        target = scp.target_of(self._command or "")
        if target is not None and self._command is not None:
            recorder.command(self._command, known=True, moment=0.0)
            await self._send(b"\0")
            return await self._transfer(scp.Sink(shell, target, self._limit, self._uploaded))
        session = Session(shell, self._terminal, recorder)
        if self._command is None:
            return await session.interactive()
        return await session.run(self._command)

    @property
    def _limit(self) -> int:
        return self._recorder.context.settings.limits.upload_bytes

    def _uploaded(self, upload: sftp.Upload) -> None:
        self._recorder.uploaded(upload.path, upload.data, upload.size)

    async def _transfer(self, protocol: sftp.Sftp | scp.Sink) -> int:
        """Feed a transfer protocol until the client is done; its bytes are not part of the recording."""
        self._terminal.recording = None
        try:
            while data := await self._terminal.read():
                await self._send(protocol.feed(data))
                if isinstance(protocol, scp.Sink) and protocol.finished:
                    return 1
        finally:
            protocol.close()
        return 0

    async def _send(self, data: bytes) -> None:
        if data:
            pty, self._terminal.pty = self._terminal.pty, False
            recording, self._terminal.recording = self._terminal.recording, None
            await self._terminal.write(data)
            self._terminal.pty, self._terminal.recording = pty, recording
