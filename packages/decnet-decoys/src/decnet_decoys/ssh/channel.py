# SPDX-License-Identifier: MIT
"""One SSH session channel (RFC 4254 §6): shell, exec, SFTP or scp, each recorded as a session.

Adapts asyncssh's channel to `terminal`, which knows nothing of SSH.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator
from typing import Any, SupportsIndex

from decnet_decoys.evidence.session_recorder import SessionRecorder
from decnet_decoys.memory_budget import MemoryLease
from decnet_decoys.processor import turn
from decnet_decoys.shell.encoding import decode
from decnet_decoys.shell.environment.origin import Origin
from decnet_decoys.shell.login import logged_in
from decnet_decoys.shell.state import ShellState
from decnet_decoys.ssh.engine import asyncssh
from decnet_decoys.ssh.pacing import UnsentOutput
from decnet_decoys.ssh.transfers import scp, sftp
from decnet_decoys.ssh.transfers.sftp_packets import BadPacketError
from decnet_decoys.terminal.session import ShellSession
from decnet_decoys.terminal.terminal import ClientGoneError, Terminal, shown_size

log = logging.getLogger(__name__)

SERVER_PORT = 22
"""The port that the decoy claims inside, wherever it listens."""
STDERR = 1
"""SSH_EXTENDED_DATA_STDERR (RFC 4254 §5.2)."""


class ChannelOutput:
    """An asyncssh channel as `terminal.ByteChannel`."""

    def __init__(self, channel: asyncssh.SSHServerChannel[bytes], unsent: UnsentOutput) -> None:
        self.pause_reading = channel.pause_reading
        self.resume_reading = channel.resume_reading
        self._channel = channel
        self._unsent = unsent

    def write(self, data: bytes, *, error: bool = False) -> None:
        self._channel.write(data, STDERR if error else None)
        self._unsent.count()  # asyncssh keeps what the client's window has no room for


class Unread(list[tuple[bytearray, Any]]):
    """What asyncssh keeps of a channel that does not read: joined, for a client may send it byte by byte.

    asyncssh keeps each packet's data in a list of its own and takes them from the front, which a hundred thousand make
    slow enough to stop everybody.
    """

    def __init__(self, on_change: Callable[[int], None]) -> None:
        """`on_change` is told by how many bytes it has grown."""
        super().__init__()
        self._on_change = on_change

    def pop(self, index: SupportsIndex = -1) -> tuple[bytearray, Any]:
        """Take data out."""
        taken = super().pop(index)
        self._on_change(-len(taken[0]))
        return taken

    def append(self, item: tuple[Any, Any]) -> None:
        """Keep data of a type, joined to what is there if that is of the same type."""
        data, kind = item
        self._on_change(len(data))
        if self and self[-1][1] == kind:
            self[-1][0].extend(data)
        else:
            super().append((bytearray(data), kind))


class Channel(asyncssh.SSHServerSession[bytes]):
    """What asyncssh calls for one channel."""

    def __init__(
        self,
        recorder: SessionRecorder,
        on_close: Callable[[], None],
        lease: MemoryLease,
        unsent: UnsentOutput,
        on_excess: Callable[[], None],
    ) -> None:
        """What was sent and waits to be read is held under `lease`; `on_excess` is called when that has no room."""
        self._recorder = recorder
        self._on_close = on_close
        self._lease = lease
        self._unsent = unsent
        self._full = False
        self._on_excess = on_excess
        self._held = 0
        self._undelivered = 0
        self._unread = 0
        self._command: str | None = None
        self._subsystem: str | None = None
        self._term: str | None = None
        self._size = (80, 24)
        self._shell: ShellState | None = None

    def connection_made(self, chan: asyncssh.SSHServerChannel[bytes]) -> None:
        self._chan = chan
        vars(chan)["_recv_buf"] = Unread(self._grown)
        chan.set_write_buffer_limits(0)  # the session waits as soon as the client's window is full
        idle_seconds = self._recorder.context.settings.limits.idle_seconds
        self._terminal = Terminal(
            ChannelOutput(chan, self._unsent), pty=False, idle_seconds=idle_seconds, on_waiting=self._waiting_changed
        )

        self._unsent.on_change.append(self._output_changed)
        self._output_changed()

    def _grown(self, size: int) -> None:
        """Note that asyncssh keeps `size` more bytes."""
        self._undelivered += size
        self._hold(self._undelivered + self._unread)

    def _waiting_changed(self, size: int) -> None:
        """Note that the terminal keeps `size` bytes."""
        self._unread = size
        self._hold(self._undelivered + self._unread)

    def _hold(self, size: int) -> None:
        if self._lease.hold(size - self._held):
            self._held = size
        else:
            self._on_excess()

    def pty_requested(self, term_type: str, term_size: tuple[int, int, int, int], _modes: object) -> bool:
        self._terminal.pty, self._term = True, term_type[:64]
        self._size = shown_size(*term_size[:2])
        return True

    def terminal_size_changed(self, width: int, height: int, _pixwidth: int, _pixheight: int) -> None:
        self._size = shown_size(width, height)  # lines already shown stay as they are
        if self._shell is not None:
            self._shell.columns, self._shell.rows = self._size

    def shell_requested(self) -> bool:
        return True

    def exec_requested(self, command: str) -> bool:
        self._command = command
        return True

    def command_cut(self, whole: str) -> None:
        """Record a command of which the server takes what stands before a NUL."""
        self._recorder.requested("exec", {"command": whole})

    def subsystem_requested(self, subsystem: str) -> bool:
        """Accept SFTP; refuse and record anything else."""
        self._subsystem = subsystem
        if subsystem != "sftp":
            self._recorder.requested("subsystem", {"name": subsystem})
        return subsystem == "sftp"

    def session_started(self) -> None:
        self._recorder.context.runtime.spawn(self._serve(), name="ssh-session", may_end=True)

    def data_received(self, data: bytes, _datatype: int | None) -> None:
        self._terminal.data_received(data)

    def eof_received(self) -> bool:
        self._terminal.eof_received()
        return True  # the channel stays open for output

    def signal_received(self, _signal: str) -> None:
        self._terminal.interrupt()

    def pause_writing(self) -> None:
        self._full = True
        self._output_changed()

    def resume_writing(self) -> None:
        self._full = False
        self._output_changed()

    def _output_changed(self) -> None:
        """Let the session write while its channel, and the connection, have room."""
        if self._full or self._unsent.blocked:
            self._terminal.pause_writing()
        else:
            self._terminal.resume_writing()

    def connection_lost(self, _exc: Exception | None) -> None:
        if self._output_changed in self._unsent.on_change:
            self._unsent.on_change.remove(self._output_changed)
        self._terminal.connection_lost()
        vars(self._chan)["_recv_buf"] = []  # it leads back here
        self._undelivered = self._unread = 0
        self._hold(0)
        self._on_close()

    async def _serve(self) -> None:
        """Serve the session to its end; whatever goes wrong, also at its end, ends this session only."""
        try:
            try:
                await self._served()
            finally:
                self._recorder.end()
        except asyncio.CancelledError:
            self._chan.abort()
            raise
        except Exception:
            connection = self._recorder.connection
            connection.counters.add("decoys_session_errors")
            log.exception("session failed session=%s", connection.session)
            self._chan.abort()

    async def _served(self) -> None:
        try:
            status = await self._status()
            self._recorder.end()
            self._chan.exit(status & 255)
        except BadPacketError as error:
            self._chan.exit(error.exit_status)
        except (ClientGoneError, OSError, asyncssh.Error):
            self._chan.close()

    async def _status(self) -> int:
        """Open the shell, serve what was requested, return the exit status."""
        recorder, context = self._recorder, self._recorder.context
        await context.prepare_machine()
        with logged_in(
            context.machine,
            context.fleet.overlays,
            context.fleet.budget,
            recorder.username,
            self._origin(),
            terminal=self._term,
            columns=self._size[0],
            command=self._command,
            changes=context.changes,
        ) as shell:
            self._terminal.recording = recorder.begin(self._term, *self._size)
            shell.on_bait = recorder.bait_read
            shell.rows, self._shell = self._size[1], shell
            try:
                return await self._requested(shell)
            finally:
                self._shell = None
                for _ in recorder.keeping_grown():
                    await turn.give_way()

    def _origin(self) -> Origin:
        machine, username = self._recorder.context.machine, self._recorder.username
        address, port = self._recorder.connection.info.src
        client = f"{address} {port}"
        environment = {
            "SSH_CLIENT": f"{client} {SERVER_PORT}",
            "SSH_CONNECTION": f"{client} {machine.address} {SERVER_PORT}",
        }
        return Origin(
            address,
            port,
            SERVER_PORT,
            daemon="sshd",
            daemon_title=f"sshd: {username} [priv]",
            login_message=f"Accepted password for {username} from {address} port {port} ssh2",
            session=self._recorder.connection.session,
            environment=self._variables() | environment | ({"SSH_TTY": "/dev/pts/0"} if self._term else {}),
        )

    def _variables(self) -> dict[str, str]:
        """Return what the client has set that the server takes."""
        return {decode(name): decode(value) for name, value in self._chan.get_environment_bytes().items()}

    async def _requested(self, shell: ShellState) -> int:
        limit = self._recorder.context.settings.limits.upload_bytes
        if self._subsystem == "sftp":
            return await self._transfer(sftp.Sftp(shell, limit, self._uploaded))
        target = scp.target_of(self._command or "")
        if target is not None and self._command is not None:
            self._recorder.command(self._command, known=True, moment=0.0)
            await self._terminal.write_raw(b"\0")
            return await self._transfer(scp.Sink(shell, target, limit, self._uploaded))
        session = ShellSession(shell, self._terminal, self._recorder)
        return await (session.interactive() if self._command is None else session.run(self._command))

    def _uploaded(self, upload: sftp.Upload) -> Iterator[None]:
        return self._recorder.uploading(upload.path, upload.data, upload.size)

    async def _transfer(self, protocol: sftp.Sftp | scp.Sink) -> int:
        """Feed a transfer protocol until the client is done; its bytes are not part of the recording."""
        self._terminal.recording = None
        try:
            while data := await self._terminal.read():
                for reply in protocol.feed(data):
                    if reply:
                        await self._terminal.write_raw(reply)
                    await turn.give_way()
                if isinstance(protocol, scp.Sink) and protocol.finished:
                    return 1
        finally:
            for _ in protocol.closing():
                await turn.give_way()
        return 0
