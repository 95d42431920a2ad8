# SPDX-License-Identifier: MIT
"""One Telnet connection: a login, each attempt recorded before its answer, then a recorded shell."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from math import inf

from decnet_core.events.catalogue import ServiceRequest
from decnet_decoys.decky_context import DeckyContext
from decnet_decoys.evidence.connection_recorder import text
from decnet_decoys.evidence.session_recorder import SessionRecorder
from decnet_decoys.processor import turn
from decnet_decoys.services.connection import Connection
from decnet_decoys.services.credential_policy import CredentialPolicy
from decnet_decoys.shell.environment.origin import Origin
from decnet_decoys.shell.login import logged_in
from decnet_decoys.telnet.flavour import FLAVOURS, Flavour
from decnet_decoys.telnet.options import escaped
from decnet_decoys.telnet.profile import TelnetProfile
from decnet_decoys.telnet.socket_channel import SocketChannel
from decnet_decoys.terminal.login_line import SIGNAL_OF, SIGNALS, Entered, typed_ahead
from decnet_decoys.terminal.session import ShellSession
from decnet_decoys.terminal.terminal import ClientGoneError

log = logging.getLogger(__name__)

READ_AT_ONCE = 4 << 10
"""Bytes that a line takes before others have their turn."""
SERVER_PORT = 23
"""The port that the decoy claims inside, wherever it listens."""
EXPLOIT = "exploit-login-argument"
"""A user's name in the environment that login would take for an argument (CVE-2026-24061, CVE-2007-0882)."""


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
        flavour = _flavour(self._context, self._profile)
        deadline = None if flavour.negotiates else now() + flavour.login_seconds
        greeting = b"" if flavour.negotiates else escaped(_greeting(self._context, self._profile, flavour))
        await connection.write(flavour.options.opening + greeting)
        try:
            first = await connection.read(inf if deadline is None else max(0.0, deadline - now()))
        except TimeoutError:
            if deadline is not None and now() > deadline - 0.05:  # not the idle limit, which may come before
                await connection.write(flavour.late.replace(b"\n", b"\r\n"))
            return
        if first:
            answered = _Answered(
                self._context,
                self._profile,
                self._credentials,
                connection,
                flavour=flavour,
                deadline=deadline,
            )
            await answered.play(first)


def _flavour(context: DeckyContext, profile: TelnetProfile) -> Flavour:
    return FLAVOURS[profile.flavour or ("inetutils" if context.persona.family == "debian" else "busybox")]


def _greeting(context: DeckyContext, profile: TelnetProfile, flavour: Flavour) -> bytes:
    """Return what the server says of its machine, and login's first prompt."""
    if flavour.negotiates:
        said = f"\r\nLinux {context.persona.kernel} ({context.host_name}) (pts/0)\r\n\r\n"
    else:
        said = "\r\r\n" + profile.issue.replace("\n", "\r\n\r")
    return (said + _prompt(context)).encode()


def _prompt(context: DeckyContext) -> str:
    return f"{context.host_name} login: "


def _overtaken(entered: Entered, rest: bytes, flavour: Flavour) -> tuple[Entered, bytes]:
    """Return what ends the line and what follows: a signal that came with it ends login before that reads the line."""
    for index, key in enumerate(rest):
        if entered.how == "line" and key in flavour.keys_that_end:
            return Entered(SIGNAL_OF[key], rest[index : index + 1]), rest[index + 1 :]
    return entered, rest


class _Answered:
    """The rest of a connection, once its client has answered."""

    def __init__(
        self,
        context: DeckyContext,
        profile: TelnetProfile,
        credentials: CredentialPolicy,
        connection: Connection,
        *,
        flavour: Flavour,
        deadline: float | None,
    ) -> None:
        self._context = context
        self._flavour = flavour
        self._profile = profile
        self._credentials = credentials
        self._deadline = deadline
        self._recorder = connection.recorder
        self._options = flavour.options()
        self._channel = SocketChannel(connection, self._options, context.settings.limits.idle_seconds)
        self._terminal = self._channel.terminal

    async def play(self, first: bytes) -> None:
        """Play it to its end; `first` is what the client has said."""
        spawn = self._context.runtime.spawn
        tasks = [
            spawn(self._guarded(work), name=f"telnet-{name}", may_end=True)
            for name, work in (("reading", partial(self._channel.read, first)), ("sending", self._channel.write_out))
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

    async def _guarded(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do the work; whatever goes wrong in it ends this connection only."""
        try:
            await work()
        except Exception:
            self._recorder.counters.add("decoys_session_errors")
            log.exception("connection failed session=%s", self._recorder.session)
            self._channel.gone()

    async def _served(self) -> None:
        try:
            async with asyncio.timeout(self._context.settings.limits.idle_seconds):  # whatever it says meanwhile
                negotiated = await self._channel.negotiated()
        except TimeoutError:
            return
        self._note_offered()
        if not negotiated:
            return
        deadline = self._deadline
        if deadline is None:  # the prompt was not shown before
            deadline = asyncio.get_running_loop().time() + self._flavour.login_seconds
            self._channel.write(_greeting(self._context, self._profile, self._flavour))
        try:
            async with asyncio.timeout_at(deadline):
                username = await self._login()
        except TimeoutError:
            await self._terminal.write(self._flavour.late)
            return
        if username is not None:
            await self._session(username)

    def _note_offered(self) -> None:
        """Record what the client said of itself; its environment is given to nobody."""
        if not self._options.offered:
            return
        user = self._options.offered.get("environment USER", "")
        detail = {text(name): text(value) for name, value in self._options.offered.items()}
        action = EXPLOIT if user.startswith("-") else "options"
        self._recorder.emit(ServiceRequest(service=self._recorder.service, action=action, detail=detail))

    async def _login(self) -> str | None:
        """Return who has logged in; None when the connection ends."""
        prompt = ""  # which is there already
        failures = empty = 0
        flavour = self._flavour
        tries = self._profile.tries or flavour.tries
        while failures < tries and empty < flavour.most_empty:
            entered = await self._entered(prompt, echo=True)
            prompt = _prompt(self._context)
            name = entered.text.lstrip() if flavour.empty_is_no_name else entered.text
            if entered.how in flavour.ends_name or len(name) > flavour.longest_name:
                return None
            if flavour.nul_ends and b"\0" in name[1:]:
                return None
            if not name and entered.how == "line" and flavour.empty_is_no_name:
                empty += 1
                continue
            is_option = flavour.refuses_options and name.startswith(b"-")
            if entered.how == "line" and not is_option:
                entered = await self._entered("Password: ", echo=False)
            if entered.how in flavour.ends_password:
                return None
            if is_option:
                self._recorder.login(name, success=False, password=b"")
            elif await self._judged(name, entered):
                return name.decode("utf-8", "surrogateescape")
            failures += 1
            empty = 0
            await self._terminal.write(flavour.refused)
        if failures == tries:
            await self._terminal.write(flavour.given_up)
        return None

    async def _judged(self, name: bytes, given: Entered) -> bool:
        await self._terminal.write(b"\n")
        accepted = given.how == "line" and self._accepted(name, given.text)
        if not accepted and (given.how == "line" or self._flavour.end_waits):
            await asyncio.sleep(self._flavour.failure_seconds(self._context.settings.failure_delay_ms))
        return accepted

    def _accepted(self, name: bytes, password: bytes) -> bool:
        info = self._recorder.info
        username = name.decode("utf-8", "surrogateescape")
        accepted = info.synthetic or self._credentials.accepts(
            info.src[0], username, password.decode("utf-8", "surrogateescape")
        )
        planted_by = self._credentials.planted_by(username, password.decode("utf-8", "surrogateescape"))
        self._recorder.login(name, success=accepted, password=password, planted_by=planted_by if accepted else "")
        return accepted

    async def _entered(self, prompt: str, *, echo: bool) -> Entered:
        """Return what was typed; what was typed ahead of a password is dropped, as by TCSAFLUSH (termios(3))."""
        if not echo:
            await self._terminal.write(typed_ahead(self._terminal.take_waiting()[:READ_AT_ONCE]))
        await self._terminal.write(prompt.encode())
        flavour = self._flavour
        line, entered = flavour.line(echo=echo, column=len(_prompt(self._context))), None
        while entered is None:
            data = await self._terminal.read()
            taken, following = data[:READ_AT_ONCE], data[READ_AT_ONCE:]
            shown, entered, rest = line.feed(taken) if taken else (b"", Entered("gone"), b"")
            if entered is not None and entered.how == "line" and not echo:
                shown = shown[:-1]  # login turns echo off; it ends the line itself
            if entered is not None and echo:
                entered, rest = _overtaken(entered, rest, flavour)
                shown = typed_ahead(entered.text + rest) if entered.how in SIGNALS else shown
            self._terminal.unread(rest + following)
            await self._terminal.write(shown if self._options.echo or not echo else b"")
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
                terminal=self._options.terminal,
                columns=columns,
                changes=context.changes,
            ) as shell:
                self._terminal.recording = recorder.begin(self._options.terminal, columns, rows)
                shell.on_bait, shell.rows = recorder.bait_read, rows
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
