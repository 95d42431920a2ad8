# SPDX-License-Identifier: MIT
"""One client of an SMTP decoy: every log-in and every mail is recorded before it is answered."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from decnet_core.events.catalogue import FileCaptured, ServiceRequest
from decnet_decoys.evidence.connection_recorder import UNKNOWN_COMMAND, text
from decnet_decoys.processor import turn
from decnet_decoys.services.connection import NO_REQUEST, Connection, ConnectionEnded
from decnet_decoys.services.machine_files import MachineFiles, Owner
from decnet_decoys.services.received import KEPT_BYTES
from decnet_decoys.smtp.authentication import FAILED, Credentials, Exchange
from decnet_decoys.smtp.commands import (
    HARD_ERRORS,
    RULES,
    SHOWN,
    SOFT_ERRORS,
    Command,
    Session,
    SmtpReply,
    answer,
    parsed,
)
from decnet_decoys.smtp.incoming import SEARCHED_AT_ONCE, Incoming, MailText
from decnet_decoys.smtp.mailbox import (
    DIRECTORY,
    MOST_MAIL,
    MOST_MAILBOX,
    Arrival,
    deliveries,
    entry,
    listed,
    subject_of,
)

if TYPE_CHECKING:
    from decnet_decoys.smtp.service import SmtpService

_HEADER = 65536
"""Bytes of a mail in which its subject is looked for."""


class Dialogue:
    __slots__ = ("_connection", "_errors", "_incoming", "_mail", "_recorder", "_service", "_session")

    def __init__(self, service: SmtpService, connection: Connection) -> None:
        self._service = service
        self._connection = connection
        self._recorder = connection.recorder
        self._incoming = Incoming()
        self._session = Session(profile=service.profile, name=service.name)
        self._errors = 0
        self._mail: MailText | None = None

    async def play(self) -> None:
        """Answer one command after the other."""
        try:
            await self._answer_all()
        finally:
            self._note_envelope(self._session.sender, self._session.recipients)

    async def _answer_all(self) -> None:
        await self._say(f"220 {self._service.name} {self._service.profile.banner}")
        going = True
        while going and (line := await self._line()) is not None:
            made = self._answer(line)
            self._hold()
            if made.error:
                going = await self._count(made)
                continue
            if made.text:
                await self._say(made.text)
            going = await self._then(made.then)
            await turn.give_way()

    def _answer(self, line: bytes) -> SmtpReply:
        """Return what is answered to a command, which is on record."""
        sender, recipients = self._session.sender, self._session.recipients
        made = answer(self._session, line)
        if self._session.sender is None:
            self._mail = None  # of which chunks may have come before RSET
            self._note_envelope(sender, recipients)
        self._note(parsed(line), made)
        return made

    def _note(self, command: Command, made: SmtpReply) -> None:
        told = self._recorder.told
        if self._connection.other_protocol and not command.name:  # which is on record
            return
        if made.text == RULES and told:
            self._record(NO_REQUEST, {"data": text(command.given[:KEPT_BYTES])})
        elif command.is_recorded(made, told=told):
            self._recorder.request(command.name or UNKNOWN_COMMAND, command.given, known=bool(command.name))

    def _note_envelope(self, sender: str | None, recipients: list[str]) -> None:
        """Record for whom a client would have had a mail that never came: it tried who is there, or what is relayed."""
        if sender is not None:
            self._record("no mail", {"from": text(sender[:320]), "to": listed(recipients)})

    async def _then(self, what: str) -> bool:
        """Do what an answer begins; False when the connection ends."""
        if what == "data":
            await self._data()
        elif what == "bdat":
            return await self._chunk()
        elif what == "tls":
            self._incoming.clear()
            assert self._service.tls is not None  # or STARTTLS is refused
            self._connection = await self._service.tls.secured(self._connection)
            self._note_envelope(self._session.sender, self._session.recipients)
            self._session = Session(profile=self._service.profile, name=self._service.name, secure=True)
        elif what == "auth":
            return await self._log_in()
        return what != "end"

    async def _count(self, made: SmtpReply) -> bool:
        """Answer an error; False when it was one too many."""
        self._errors += 1
        if self._errors > SOFT_ERRORS:
            await asyncio.sleep(1)
        await self._say(made.text)
        if self._errors < HARD_ERRORS:
            return True
        await self._say(f"421 4.7.0 {self._service.name} Error: too many errors")
        return False

    async def _say(self, line: str) -> None:
        await self._connection.write(line.encode("utf-8", "surrogateescape") + b"\r\n")

    async def _more(self) -> bool:
        return self._fed(await self._connection.read())

    def _fed(self, data: bytes) -> bool:
        self._incoming.feed(data)
        self._hold()
        return bool(data)

    def _hold(self) -> None:
        held = self._incoming.held + self._session.held + (self._mail.held if self._mail else 0)
        self._connection.hold(held)

    async def _line(self) -> bytes | None:
        while (line := self._incoming.line()) is None:
            if not self._fed(await self._connection.read()):  # not by `_more`: thousands wait here
                return None
        return line

    def _text(self) -> MailText:
        if self._mail is None:
            limit = self._service.context.settings.limits.upload_bytes
            self._mail = MailText(min(limit, self._service.profile.size))
        return self._mail

    async def _data(self) -> None:
        mail = self._text()
        following = None
        while following is None:
            if not self._incoming.held and not await self._more():
                raise ConnectionEnded("the client left within a mail")
            following = mail.take(self._incoming.take(SEARCHED_AT_ONCE))
            self._hold()
            await turn.give_way()
        self._incoming.put_back(following)
        await self._taken(mail)

    async def _chunk(self) -> bool:
        """Take a chunk of BDAT; False when its client must leave, for what follows cannot be told from commands."""
        size, _, last = self._session.argument.partition(" ")
        left, session = int(size), self._session
        refused = self._refused_chunk(left, last=bool(last))
        mail = MailText(0) if refused else self._text()
        while left:
            if not self._incoming.held and not await self._more():
                return False
            data = self._incoming.take(min(left, SEARCHED_AT_ONCE))
            left -= len(data)
            mail.add(data)
            self._hold()
            await turn.give_way()
        if refused:
            self._mail = None
            session.chunked = session.failed = not last
            await self._say(refused)
        elif last:
            await self._taken(mail)
        else:
            await self._say(f"250 2.0.0 Ok: {size} bytes")
        return True

    def _refused_chunk(self, size: int, *, last: bool) -> str:
        """Return what is said to a chunk that is not taken, as Postfix says it; empty: it is."""
        if self._session.failed:
            return f"551 5.0.0 Discarded {size} bytes after earlier error"
        if not self._session.recipients:
            return self._session.without_recipients
        return "551 5.7.1 Null BDAT request" if not size and not last else ""

    async def _taken(self, mail: MailText) -> None:
        """Keep a mail and say that it is queued."""
        session = self._session
        queued = f"{time.time_ns() // 1000 % 1_000_000:05X}{int.from_bytes(self._recorder.session[-3:].encode()):X}"
        if mail.size > session.profile.size:
            reply = "552 5.3.4 Error: message file too big"
        elif session.chunked:
            reply = f"250 2.0.0 Ok: {mail.size + mail.bare_ends + mail.unended} bytes queued as {queued}"
        else:
            reply = f"250 2.0.0 Ok: queued as {queued}"
        kept = {} if self._recorder.info.synthetic else await self._kept(mail, f"{queued}.eml")
        detail = {
            "from": text((session.sender or "")[:SHOWN]),
            "to": listed(session.recipients),
            "subject": text(subject_of(bytes(mail.kept[:_HEADER]))),
            "bytes": str(mail.size),
            **kept,
        }
        self._record("mail", detail)
        await self._say(reply)
        if kept and reply.startswith("250"):
            await self._delivered(mail, queued)
        session.reset()
        self._mail = None
        self._hold()

    async def _delivered(self, mail: MailText, queued: str) -> None:
        """Append a mail to the mailboxes of the machine's accounts that it is for."""
        service, session = self._service, self._session
        context = service.context
        domains = (service.name, context.host_name, "localhost", *service.profile.domains)
        found = deliveries(session.recipients, domains, [user.name for user in context.persona.users] + ["root"])
        if not found or mail.size > MOST_MAIL:
            return
        files = await MachineFiles.opened(context, self._recorder)
        arrival = Arrival(self._recorder.info.src[0], queued, time.time())
        for one in found:
            made = entry(bytes(mail.kept), session, one, arrival)
            path = f"{DIRECTORY}/{one.account}"
            before = b"" if files.is_absent(path) else files.read(path, MOST_MAILBOX)
            if before is not None and len(before) + len(made) <= MOST_MAILBOX:
                files.write(path, made, Owner(one.account, 0o600, "mail"), append=True)
            await turn.give_way()

    async def _kept(self, mail: MailText, name: str) -> dict[str, str]:
        """Keep a mail as evidence; return where."""
        digest = await turn.in_turns(self._service.context.fleet.artifacts.storing(mail.kept))
        self._recorder.emit(FileCaptured(service=self._recorder.service, sha256=digest, size=mail.size, name=name))
        return {"sha256": digest}

    def _record(self, action: str, detail: dict[str, str]) -> None:
        self._recorder.emit(ServiceRequest(service=self._recorder.service, action=action, detail=detail))

    async def _log_in(self) -> bool:
        """Ask for a name and a password; False when that was one error too many."""
        exchange = Exchange(self._session.argument)
        asked = exchange.begin()
        try:
            while isinstance(asked, str) and asked.startswith("334"):
                await self._say(asked)
                line = await self._line()
                if line is None:
                    raise ConnectionEnded("the client left within a log-in")
                asked = exchange.step(line)
        finally:  # whether it was refused, or the client has left or was silent within it
            if isinstance(asked, str):
                self._recorder.request("AUTH", self._session.argument)
        if isinstance(asked, str):
            return await self._count(SmtpReply(asked, error=True))
        if self._judged(asked):
            self._session.user = asked.username.decode("utf-8", "surrogateescape")
            await self._say("235 2.7.0 Authentication successful")
            return True
        await asyncio.sleep(self._service.context.settings.failure_delay_ms / 1000)
        return await self._count(SmtpReply(f"{FAILED}(reason unavailable)", error=True))

    def _judged(self, given: Credentials) -> bool:
        """Decide about a log-in, as for the mailbox of an account of the machine, and record it."""
        name, password = (part.decode("utf-8", "surrogateescape") for part in given[:2])
        other = given.authorized not in (b"", given.username)  # which only an administrator may be
        accepted = not other and self._service.credentials.accepts(
            self._recorder.info.src[0], name.partition("@")[0], password
        )
        self._recorder.login(given.username, success=accepted, password=given.password)
        return accepted
