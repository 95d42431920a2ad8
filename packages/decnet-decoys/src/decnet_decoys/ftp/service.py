# SPDX-License-Identifier: MIT
"""The FTP service: log-ins recorded before their answer, then a session on the machine's files."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from decnet_decoys.decky_context import DeckyContext
from decnet_decoys.evidence.connection_recorder import UNKNOWN_COMMAND
from decnet_decoys.evidence.session_recorder import SessionRecorder
from decnet_decoys.ftp.profile import FtpProfile
from decnet_decoys.processor import turn
from decnet_decoys.services.connection import Connection
from decnet_decoys.services.credential_policy import CredentialPolicy
from decnet_decoys.services.service import Service
from decnet_decoys.tls.errors import NotTlsError

if TYPE_CHECKING:
    from decnet_decoys.tls.offer import TlsOffer

TRIES = 3
"""vsftpd's max_login_fails."""
SERVER_PORT = 21
_IDLE = frozenset(("NOOP", "QUIT"))
"""Commands that say nothing: before a log-in they are recorded when nothing else is."""
_PLEASE = "530 Please login with USER and PASS."


class FtpService(Service[FtpProfile]):
    """vsftpd: weak passwords open it, what is uploaded is kept."""

    default_port = 2121
    standard_port = 21
    reach = "ftp://{user}@{address}:{port}/"
    suggestion = "lftp -u {user},{password} -p {port} {address}"
    preload = ("decnet_decoys.ftp.session",)
    idle_seconds = 300.0
    Profile = FtpProfile

    def __init__(self, context: DeckyContext, profile: FtpProfile, port: int) -> None:
        super().__init__(context, profile, port)
        from decnet_decoys.ftp import session  # noqa: F401  # the shell's files, so that no client waits for them
        from decnet_decoys.tls.offer import TlsOffer  # OpenSSL

        self.credentials = CredentialPolicy(context.persona.users, profile.accept_after, context.changes)
        self.tls = TlsOffer(context, context.host_name) if profile.tls else None

    async def serve(self, connection: Connection) -> None:
        await _Dialogue(self, connection).play()


class _Dialogue:
    def __init__(self, service: FtpService, connection: Connection) -> None:
        from decnet_decoys.ftp.lines import Commands

        self._service = service
        self._context = service.context
        self._connection = connection
        self._recorder = connection.recorder
        self._commands = Commands()
        self._secure = self._private = False
        self._username = ""
        """For which no password has come yet."""

    async def play(self) -> None:
        from decnet_decoys.ftp.lines import TooLongError

        await self._say(f"220 {self._service.profile.banner}")
        try:
            try:
                username = await self._log_in()
            finally:
                self._note_username()
            if username is not None:
                await self._session(username)
        except TooLongError:
            await self._say("500 Input line too long.")

    async def _say(self, line: str) -> None:
        await self._connection.write(line.replace("\n", "\r\n").encode() + b"\r\n")

    async def _command(self) -> tuple[str, str] | None:
        while (command := self._commands.take()) is None:
            data = await self._connection.read()
            if not data:
                return None
            self._commands.feed(data)
        return command

    async def _log_in(self) -> str | None:
        """Return who has logged in; None when the client has left, or guessed too often."""
        failures = 0
        while failures < TRIES and (command := await self._command()) is not None:
            name, argument = command
            if name == "USER":
                self._note_username()
                self._username = argument
                await self._say("331 Please specify the password.")
            elif name == "PASS" and self._username:
                username, self._username = self._username, ""
                if await self._judged(username, argument):
                    await self._say("230 Login successful.")
                    return username
                failures += 1
            else:
                self._note(name, argument)
                if name == "QUIT":
                    await self._say("221 Goodbye.")
                    return None
                await self._before_login(name, argument)
            await turn.give_way()
        return None

    def _note(self, name: str, argument: str) -> None:
        """Record a command of a client that has not logged in."""
        from decnet_decoys.ftp.lines import COMMANDS

        if name in _IDLE and self._recorder.told:
            return
        if name in COMMANDS:
            self._recorder.request(name, argument)
        elif not self._connection.other_protocol:  # which is on record
            self._recorder.request(UNKNOWN_COMMAND, f"{name} {argument}".rstrip(), known=False)

    def _note_username(self) -> None:
        """Record a name for which no password came: of those that did, the log-in is recorded."""
        if self._username:
            self._note("USER", self._username)
            self._username = ""

    async def _before_login(self, name: str, argument: str) -> None:
        from decnet_decoys.ftp.lines import features, protection

        tls = self._service.tls
        if name == "PASS":
            await self._say("503 Login with USER first.")
        elif name == "FEAT":
            await self._say(features(tls=tls is not None))
        elif name == "AUTH" and tls is not None and not self._secure:
            if argument.upper() not in ("TLS", "SSL", "TLS-C", "TLS-P"):
                await self._say("504 Unknown AUTH type.")
                return
            await self._say("234 Proceed with negotiation.")
            self._commands.clear()
            self._private = argument.upper() in ("SSL", "TLS-P")
            await self._begin_tls(tls)
        elif name in ("PBSZ", "PROT") and tls is not None:
            words, private = ("200 PBSZ set to 0.", None) if name == "PBSZ" else protection(argument)
            if self._secure and private is not None:
                self._private = private
            await self._say(words if self._secure else f"503 {name} needs a secure connection.")
        elif name == "OPTS":
            await self._say(
                "200 Always in UTF8 mode." if argument.upper() == "UTF8 ON" else "501 Option not understood."
            )
        else:
            await self._say(_PLEASE)

    async def _begin_tls(self, tls: TlsOffer) -> None:
        try:
            self._connection = await tls.secured(self._connection)
        except NotTlsError as error:
            await self._say(f"500 OOPS: {error.words}")
            raise
        self._secure = True

    async def _judged(self, username: str, password: str) -> bool:
        """Decide about a log-in and record it; root is refused whatever its password, by Debian's /etc/ftpusers."""
        info, recorder = self._recorder.info, self._recorder
        administrators = {user.name for user in self._context.persona.users if user.uid == 0}
        accepted = info.synthetic or (  # a synthetic user has an account here, whatever its password is
            self._service.credentials.accepts(info.src[0], username, password) and username not in administrators
        )
        recorder.login(username, success=accepted, password=password)
        if not accepted:
            await asyncio.sleep(self._context.settings.failure_delay_ms / 1000)
            await self._say("530 Login incorrect.")
        return accepted

    async def _session(self, username: str) -> None:
        from decnet_decoys.ftp.session import FtpSession
        from decnet_decoys.shell.environment.origin import Origin
        from decnet_decoys.shell.login import logged_in

        context = self._context
        await context.prepare_machine()
        recorder = SessionRecorder(context, self._recorder, username)
        address, port = self._recorder.info.src
        origin = Origin(
            address, port, SERVER_PORT, daemon="vsftpd", daemon_title="/usr/sbin/vsftpd /etc/vsftpd.conf",
            login_message=f"[{username}] OK LOGIN: Client \"{address}\"",
            session=self._recorder.session,
        )  # fmt: skip
        fleet = context.fleet
        try:
            with logged_in(
                context.machine,
                fleet.overlays,
                fleet.budget,
                username,
                origin,
                command="ftp",
                changes=context.changes,
            ) as shell:
                recorder.begin(None, 80, 24)
                shell.on_bait = recorder.bait_read
                session = FtpSession(
                    shell,
                    self._connection,
                    recorder,
                    self._service.tls,
                    secure=self._secure,
                    private=self._private,
                    umask=self._service.profile.umask,
                )
                try:
                    while (command := await self._command()) is not None:
                        if command[0] == "QUIT":
                            await self._say("221 Goodbye.")
                            return
                        await session.answer(*command)
                        await turn.give_way()
                finally:
                    session.close()
        finally:
            recorder.end()
