# SPDX-License-Identifier: MIT
"""One Telnet connection: BusyBox's login, each attempt recorded before its answer, then a recorded shell."""

import asyncio

from decnet_decoys.decky_context import DeckyContext
from decnet_decoys.evidence.session_recorder import SessionRecorder
from decnet_decoys.processor import turn
from decnet_decoys.services.connection import Connection
from decnet_decoys.services.credential_policy import CredentialPolicy
from decnet_decoys.shell.login import logged_in
from decnet_decoys.shell.state import Origin
from decnet_decoys.telnet.login_line import Entered, LoginLine, typed_ahead
from decnet_decoys.telnet.options import OFFERED, Options, escaped
from decnet_decoys.telnet.profile import TelnetProfile
from decnet_decoys.telnet.socket_channel import READ_AT_ONCE, SocketChannel
from decnet_decoys.terminal.session import ShellSession
from decnet_decoys.terminal.terminal import ClientGoneError

SERVER_PORT = 23
"""The port that the decoy claims inside, wherever it listens."""
LOGIN_SECONDS = 60
"""BusyBox's TIMEOUT of login."""
LATE = b"\nLogin timed out after 60 seconds\n"
TERM = "vt102"
"""What BusyBox's telnetd sets when the client names no terminal."""
MOST_EMPTY = 10
"""Empty names before the connection ends (BusyBox's EMPTY_USERNAME_COUNT)."""
LONGEST_NAME = 61
"""Bytes of a name; with a longer one the connection ends (USERNAME_SIZE)."""


class Dialogue:
    """Plays one connection; until the client says something it takes no terminal and no tasks, but a few KiB."""

    def __init__(
        self, context: DeckyContext, profile: TelnetProfile, credentials: CredentialPolicy, connection: Connection
    ) -> None:
        self._context = context
        self._profile = profile
        self._credentials = credentials
        self._connection = connection

    async def play(self) -> None:
        """Play it to its end."""
        connection, now = self._connection, asyncio.get_running_loop().time
        deadline = now() + LOGIN_SECONDS
        issue = self._profile.issue.encode().replace(b"\n", b"\r\n\r")
        prompt = _prompt(self._context).encode()
        await connection.write(OFFERED + escaped(b"\r\r\n" + issue + prompt))
        try:
            async with asyncio.timeout_at(deadline):  # by no name: it refers to the task, whose end this frame outlives
                first = await connection.read()
        except TimeoutError:
            if now() >= deadline:
                await connection.write(LATE.replace(b"\n", b"\r\n"))
            return
        if first:
            await _Answered(self._context, self._profile, self._credentials, connection, deadline).play(first)


def _prompt(context: DeckyContext) -> str:
    return f"{context.host_name} login: "


class _Answered:
    """The rest of a connection, once its client has answered."""

    def __init__(
        self,
        context: DeckyContext,
        profile: TelnetProfile,
        credentials: CredentialPolicy,
        connection: Connection,
        deadline: float,
    ) -> None:
        self._context = context
        self._profile = profile
        self._credentials = credentials
        self._deadline = deadline
        self._recorder = connection.recorder
        self._options = Options()
        self._channel = SocketChannel(connection, self._options, context.settings.limits.idle_seconds)
        self._terminal = self._channel.terminal

    async def play(self, first: bytes) -> None:
        """Play it to its end; `first` is what the client has said."""
        spawn = self._context.runtime.spawn
        tasks = [
            spawn(work, name=f"telnet-{name}", may_end=True)
            for name, work in (("reading", self._channel.read(first)), ("sending", self._channel.write_out()))
        ]
        try:
            await self._served()
            await self._channel.sent()
        except ClientGoneError:
            pass
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            self._terminal.connection_lost()

    async def _served(self) -> None:
        try:
            async with asyncio.timeout_at(self._deadline):
                username = await self._login()
        except TimeoutError:
            await self._terminal.write(LATE)
            return
        if username is not None:
            await self._session(username)

    async def _login(self) -> str | None:
        """Return who has logged in; None when the connection ends."""
        prompt = ""  # which is there already
        failures = empty = 0
        while failures < self._profile.tries and empty < MOST_EMPTY:
            entered = await self._entered(prompt, echo=True)
            prompt = _prompt(self._context)
            name = entered.text.lstrip()
            if entered.how != "line" or len(name) > LONGEST_NAME:
                return None
            if not name:
                empty += 1
                continue
            given = await self._entered("Password: ", echo=False)
            if given.how == "end":
                return None
            await self._terminal.write(b"\n")
            if given.how == "line" and await self._judged(name, given.text):
                return name.decode("utf-8", "surrogateescape")
            failures += 1
            empty = 0
            await self._terminal.write(b"Login incorrect\n")
        return None

    async def _judged(self, name: bytes, password: bytes) -> bool:
        info = self._recorder.info
        username = name.decode("utf-8", "surrogateescape")
        accepted = info.synthetic or self._credentials.accepts(
            info.src[0], username, password.decode("utf-8", "surrogateescape")
        )
        planted_by = self._credentials.planted_by(username, password.decode("utf-8", "surrogateescape"))
        self._recorder.login(name, success=accepted, password=password, planted_by=planted_by if accepted else "")
        if not accepted:
            await asyncio.sleep(self._context.settings.failure_delay_ms / 1000)
        return accepted

    async def _entered(self, prompt: str, *, echo: bool) -> Entered:
        """Return what was typed; what was typed ahead of a password is dropped, as by TCSAFLUSH (termios(3))."""
        if not echo:
            await self._terminal.write(typed_ahead(self._terminal.take_waiting()[:READ_AT_ONCE]))
        await self._terminal.write(prompt.encode())
        line, entered = LoginLine(echo=echo), None
        while entered is None:
            data = await self._terminal.read()
            taken, following = data[:READ_AT_ONCE], data[READ_AT_ONCE:]
            shown, entered, rest = line.feed(taken) if taken else (b"", Entered("end"), b"")
            if entered is not None and entered.how == "line" and not echo:
                shown = shown[:-1]  # login turns echo off; it ends the line itself
            if entered is not None and entered.how == "interrupt" and echo:
                shown = typed_ahead(b"\x03" + rest)
            self._terminal.unread(rest + following)
            await self._terminal.write(shown)
            await turn.give_way()
        return entered

    async def _session(self, username: str) -> None:
        context = self._context
        recorder = SessionRecorder(context, self._recorder, username)
        await context.prepare_machine()
        columns, rows = self._options.size
        try:
            with logged_in(
                context.machine,
                context.fleet.overlays,
                context.fleet.budget,
                username,
                self._origin(username),
                terminal=TERM,
                columns=columns,
                changes=context.changes,
            ) as shell:
                self._terminal.recording = recorder.begin(TERM, columns, rows)
                shell.on_bait = recorder.bait_read
                try:
                    await ShellSession(shell, self._terminal, recorder).interactive()
                finally:
                    for _ in recorder.keeping_grown():
                        await turn.give_way()
        finally:
            recorder.end()

    def _origin(self, username: str) -> Origin:
        address, port = self._recorder.info.src
        return Origin(
            address,
            port,
            SERVER_PORT,
            daemon="telnetd",
            daemon_title="telnetd",
            login_message=f"login[1]: {username} login on 'pts/0'",
            session=self._recorder.session,
        )
