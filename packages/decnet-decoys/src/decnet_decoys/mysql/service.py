# SPDX-License-Identifier: MIT
"""The service of MariaDB or MySQL: one connection, every log-in and every statement recorded before it is answered."""

from __future__ import annotations

import asyncio
import itertools
import re
import time
from collections.abc import Iterable

from decnet_core.events.catalogue import ClientIdentified, CommandRun, FileCaptured, ServiceRequest
from decnet_decoys.decky_context import DeckyContext
from decnet_decoys.evidence.connection_recorder import text
from decnet_decoys.mysql import packets
from decnet_decoys.mysql.authentication import (
    CACHING_SHA2,
    NATIVE,
    challenge,
    for_crackers,
    found,
    unmasked,
)
from decnet_decoys.mysql.catalogue import Catalogue, Done, Failed, Outcome, Visitor
from decnet_decoys.mysql.packets import Framing, Hello, OutOfOrderError, ProxyHeaderError, TooLongError
from decnet_decoys.mysql.profile import MysqlProfile
from decnet_decoys.mysql.sql.running import answering, divided
from decnet_decoys.mysql.statements import LONGEST, use
from decnet_decoys.processor import turn
from decnet_decoys.services.connection import NO_REQUEST, Connection
from decnet_decoys.services.machine_files import MachineFiles
from decnet_decoys.services.received import KEPT_BYTES
from decnet_decoys.services.service import Service

_QUIT, _INIT_DB, _QUERY, _STATISTICS, _PING = 1, 2, 3, 9, 14
_PROCESSES, _PREPARE, _RESET = 10, 22, 31
_REFRESH, _KILL, _DEBUG, _BINLOG, _REGISTER, _SET_OPTION = 7, 12, 13, 18, 21, 27
_EXECUTE, _CLOSE, _RESET_STATEMENT, _FETCH = 23, 25, 26, 28
_OF_STATEMENTS = {_EXECUTE: "mysqld_stmt_execute", _RESET_STATEMENT: "mysqld_stmt_reset", _FETCH: "mysqld_stmt_fetch"}
_NONE = -1
_PIECE, _PACKETS = 64 << 10, 256
"""Bytes and packets that are sent at once."""
_FULL_EXCHANGE, _FAST_OK, _WANTS_KEY = b"\x01\x04", b"\x01\x03", b"\x02"


_FILES = re.compile(rb"load_file|outfile|dumpfile|soname", re.IGNORECASE)
"""In statements that read or write files."""


class MysqlService(Service[MysqlProfile]):
    """MariaDB or MySQL with weak passwords; what intruders create is there for those who come later."""

    default_port = 3306
    reach = "mysql -h {address} -P {port} -u root -p"
    suggestion = "mysql -h {address} -P {port} -u root -p"
    idle_seconds = 300.0
    Profile = MysqlProfile

    def __init__(self, context: DeckyContext, profile: MysqlProfile, port: int) -> None:
        super().__init__(context, profile, port)
        self.catalogue = Catalogue(profile, context.host_name)
        self.numbers = itertools.count(31)
        if profile.flavour == "mysql":  # which makes a certificate when it is installed; MariaDB does not
            from decnet_decoys.tls.offer import TlsOffer

            self.tls = TlsOffer(context, "MySQL_Server_Auto_Generated_Server_Certificate")

        self._changes = context.changes
        self.catalogue.load(self._changes.databases)
        self._changes.databases_of = self.catalogue.saved

    def keep(self) -> None:
        """Have what visitors changed written down, if anything was."""
        if self.catalogue.changed:
            self.catalogue.changed = False
            self._changes.note_databases()

    async def serve(self, connection: Connection) -> None:
        await _Dialogue(self, connection).play()


class _Dialogue:
    def __init__(self, service: MysqlService, connection: Connection) -> None:
        self._service = service
        self._connection = connection
        self._recorder = connection.recorder
        self._framing = Framing(packets.LONGEST_HELLO)
        self._salt = challenge()
        self._plugin = service.profile.plugin
        self._capabilities = 0
        self._secure = False

    async def play(self) -> None:
        service, profile = self._service, self._service.profile
        number = next(service.numbers)
        hello = packets.greeting(
            profile.flavour, profile.version, self._plugin, number, self._salt, tls=service.tls is not None
        )
        await self._send(hello)
        try:
            visitor = await self._log_in(number)
            if visitor is not None:
                self._framing.most = service.context.settings.limits.body_bytes
                await self._questions(visitor)
        except ProxyHeaderError:
            words = f"Proxy header is not accepted from {self._recorder.info.src[0]}"
            await self._send(packets.error(1130, "HY000", words))
            self._note_garbage()
        except OutOfOrderError:
            await self._send(packets.error(1156, "08S01", "Got packets out of order"))
            self._note_garbage()
        except TooLongError:
            self._note_garbage()

    def _note_garbage(self) -> None:
        """Record what came after a log-in and is no packet; before one that is done when the connection has ended."""
        if self._recorder.told and not self._connection.other_protocol:
            self._record(NO_REQUEST, {"data": text(self._framing.take_all()[:KEPT_BYTES])})

    async def _packet(self) -> bytes | None:
        """Return the next packet; None when the client has left. Raises TooLongError."""
        while (packet := self._framing.take()) is None:
            data = await self._connection.read()
            if not data:
                return None
            self._framing.feed(data)
            self._hold()
        self._hold()
        return packet

    def _hold(self) -> None:
        self._connection.hold(self._framing.held)

    async def _send(self, *made: bytes) -> None:
        await self._connection.write(self._framing.framed(made))

    async def _tell(self, made: Iterable[bytes]) -> None:
        """Send an answer, in pieces if it is long."""
        piece: list[bytes] = []
        size = 0
        for packet in made:
            piece.append(packet)
            size += len(packet)
            if size > _PIECE or len(piece) > _PACKETS:
                await self._send(*piece)
                piece, size = [], 0
                await turn.give_way()
        await self._send(*piece)

    async def _log_in(self, number: int) -> Visitor | None:
        """Return who has logged in; None when the client was refused or has left."""
        packet = await self._packet()
        if packet is not None and packets.wants_tls(packet) and self._service.tls is not None:
            self._framing.take_all()
            self._connection = await self._service.tls.secured(self._connection)
            self._secure = True
            packet = await self._packet()
        hello = packets.hello(packet) if packet is not None else None
        if hello is None:
            if packet is not None:
                await self._send(self._not_understood(packet))
            return None
        self._capabilities, self._framing.charset = hello.capabilities, hello.charset
        response = await self._response(hello)
        if response is None:
            return None
        password = await self._password(hello.username, response)
        if not await self._judged(hello.username, response, password):
            return None
        visitor = Visitor(self._service.catalogue, _name(hello.username), self._recorder.info.src[0], number)
        refused = use(visitor, _name(hello.database)) if hello.database else Done()
        await self._send(*self._made(refused))
        return None if isinstance(refused, Failed) else visitor

    def _not_understood(self, packet: bytes) -> bytes:
        if len(packet) < 33:
            return packets.error(1043, "08S01", "Bad handshake")
        address = self._recorder.info.src[0]
        return packets.refused_of_old(f"Access denied for user ''@'{address}' (using password: NO)")

    async def _response(self, hello: Hello) -> bytes | None:
        """Return the response to the challenge, after agreeing how it is made."""
        if hello.plugin == self._plugin or not hello.plugin:
            return hello.response
        if hello.plugin == NATIVE:  # MySQL 8 has accounts of both kinds
            self._plugin = NATIVE
            return hello.response
        await self._send(packets.switch(self._plugin, self._salt))
        return await self._packet()

    def _known(self, username: bytes) -> tuple[str, ...]:
        return self._service.profile.accounts.get(_name(username), ())

    async def _password(self, username: bytes, response: bytes) -> str | None:
        """Return the password in clear, where it is a weak one or the client can be made to tell."""
        known = found(self._plugin, self._salt, response, self._known(username))
        if self._plugin != CACHING_SHA2 or not response:
            return "" if not response else known
        if known is not None or self._recorder.info.synthetic:
            await self._send(_FAST_OK)
            return known
        await self._send(_FULL_EXCHANGE)
        told = await self._packet()
        if told is None:
            return None
        if self._secure:
            return text(told.rstrip(b"\0"))
        if told == _WANTS_KEY:
            return await self._decrypted()
        return None

    async def _decrypted(self) -> str | None:
        """Return the password that a client encrypts with our public key, after we have shown it."""
        from decnet_decoys.tls.certificate import decrypted, public_key

        self._service.context.fleet.is_visited = True
        keys, in_thread = self._service.context.keys, self._service.context.runtime.in_thread
        await self._send(b"\x01" + await in_thread(public_key, keys))
        told = await self._packet()
        masked = await in_thread(decrypted, keys, told) if told else None
        return None if masked is None else text(unmasked(masked, self._salt))

    async def _judged(self, username: bytes, response: bytes, password: str | None) -> bool:
        """Decide about a log-in and record it; a response of which the password is not known is kept as it is."""
        recorder = self._recorder
        synthetic = recorder.info.synthetic  # such a user has an account here, whatever its password is
        accepted = synthetic or (password is not None and password in self._known(username))
        if password is None and response and not synthetic:
            detail = {"username": text(username), "hash": for_crackers(self._plugin, self._salt, response[:256])}
            self._record("challenge", detail)
        recorder.login(username, success=accepted, password=password)
        if accepted:
            return True
        await asyncio.sleep(self._service.context.settings.failure_delay_ms / 10_000)
        told = f"'{_name(username)}'@'{recorder.info.src[0]}' (using password: {'YES' if response else 'NO'})"
        await self._send(packets.error(1045, "28000", f"Access denied for user {told}"))
        return False

    def _record(self, action: str, detail: dict[str, str]) -> None:
        self._recorder.emit(ServiceRequest(service=self._recorder.service, action=action, detail=detail))

    async def _questions(self, visitor: Visitor) -> None:
        """Answer until the client leaves."""
        self._recorder.emit(
            ClientIdentified(service=self._recorder.service, software=f"capabilities {self._capabilities:#x}")
        )
        while (packet := await self._command()) is not None:
            command, given = packet[0] if packet else _NONE, packet[1:]
            if command == _QUIT:
                return
            if not await self._answer(visitor, command, given):
                return
            await turn.give_way()

    async def _command(self) -> bytes | None:
        self._framing.sequence = 0
        return await self._packet()

    async def _answer(self, visitor: Visitor, command: int, given: bytes) -> bool:
        """Answer a command; False: the connection ends."""
        if command == _QUERY:
            await self._statement(visitor, given)
        elif command == _INIT_DB:
            self._recorder.emit(CommandRun(service=self._recorder.service, command=f"USE {text(given[:256])}"))
            await self._send(*self._made(use(visitor, _name(given)), visitor.status))
        elif command in (_PING, _RESET):
            if command == _RESET:
                visitor.roll_back()
                visitor.variables, visitor.prepared, visitor.autocommit = {}, {}, True
            await self._send(packets.ok(status=visitor.status))
        elif command == _PREPARE:
            await self._prepared(visitor, given)
        elif command == _PROCESSES:
            await self._statement(visitor, b"show processlist")
        elif command == _STATISTICS:
            await self._send(self._statistics())
        else:
            self._record("command", {"number": str(command), "data": text(given[:512])})
            return await self._rare(visitor, command, given)
        return True

    async def _rare(self, visitor: Visitor, command: int, given: bytes) -> bool:
        """Answer a command that few clients send; False: the connection ends."""
        number = int.from_bytes(given[:4], "little")
        if command in (_REFRESH, _REGISTER):
            made = packets.ok(status=visitor.status)
        elif command in (_DEBUG, _SET_OPTION):
            if command == _SET_OPTION and given[:2] in (b"\0\0", b"\1\0"):
                on = given[:1] == b"\0"
                self._capabilities = self._capabilities & ~packets.MULTI_STATEMENTS | on * packets.MULTI_STATEMENTS
            made = packets.end_of_rows(visitor.status)
        elif command == _KILL and len(given) >= 4:
            made = packets.error(1094, "HY000", f"Unknown thread id: {number}")
        elif command == _BINLOG:
            await self._send(packets.error(1236, "HY000", "Binary log is not open"))
            return False
        elif command in _OF_STATEMENTS and len(given) >= 4:
            words = f"Unknown prepared statement handler ({number}) given to {_OF_STATEMENTS[command]}"
            made = packets.error(1243, "HY000", words)
        elif command == _EXECUTE:
            made = packets.error(1835, "HY000", "Malformed communication packet")
        elif command == _CLOSE:
            return True
        else:
            made = packets.error(1047, "08S01", "Unknown command")
        await self._send(made)
        return True

    async def _prepared(self, visitor: Visitor, given: bytes) -> None:
        """Refuse a prepared statement as one that cannot be prepared, after its errors."""
        outcome, known = await turn.in_turns(answering(visitor, given.decode("utf-8", "surrogateescape")))
        self._recorder.emit(CommandRun(service=self._recorder.service, command=text(given), known=known))
        cannot = Failed(1295, "HY000", "This command is not supported in the prepared statement protocol yet")
        await self._send(*self._made(outcome if isinstance(outcome, Failed) else cannot))

    def _statistics(self) -> bytes:
        up = int(time.time() - self._service.catalogue.started) + self._service.context.persona.uptime_days * 86400
        asked = up * 3 + 79
        return (
            f"Uptime: {up}  Threads: 1  Questions: {asked}  Slow queries: 0  Opens: 22  Open tables: 15  "
            f"Queries per second avg: {asked / max(1, up):.3f}"
        ).encode()

    async def _statement(self, visitor: Visitor, given: bytes) -> None:
        sql = given.decode("utf-8", "surrogateescape")
        if visitor.files is None and (_FILES.search(given[:LONGEST]) or _FILES.search(given[-LONGEST:])):
            visitor.files = await MachineFiles.opened(self._service.context, self._recorder)
        several = bool(self._capabilities & packets.MULTI_STATEMENTS)
        parts = divided(sql, several=several)
        await turn.give_way()
        for place, part in enumerate(parts, 1):
            more = packets.MORE_RESULTS if place < len(parts) else 0
            following = "".join(";" + one for one in parts[place:])
            if await self._one(visitor, part, following, given if len(parts) == 1 else None, more):
                break
            await turn.give_way()

    async def _one(self, visitor: Visitor, sql: str, following: str, given: bytes | None, more: int) -> bool:
        """Answer one statement of a query; return whether it failed, which ends the query."""
        outcome, known = await turn.in_turns(answering(visitor, sql, following))
        told = given if given is not None else sql.strip().encode("utf-8", "surrogateescape")
        self._recorder.emit(CommandRun(service=self._recorder.service, command=text(told), known=known))
        for written in visitor.written:
            digest = await turn.in_turns(self._service.context.fleet.artifacts.storing(written.data))
            self._recorder.emit(
                FileCaptured(
                    service=self._recorder.service, sha256=digest, size=len(written.data), name=text(written.path)
                )
            )
        for command in visitor.commands:
            self._recorder.emit(CommandRun(service=self._recorder.service, command=text(command), known=False))
        if visitor.delay:
            await asyncio.sleep(visitor.delay)
        await turn.give_way()
        self._service.keep()
        await self._tell(self._made(outcome, visitor.status | more))
        return isinstance(outcome, Failed)

    def _made(self, outcome: Outcome, status: int = packets.AUTOCOMMIT) -> Iterable[bytes]:
        if isinstance(outcome, Failed):
            return [packets.error(*outcome)]
        status |= outcome.status
        if isinstance(outcome, Done):
            return [
                packets.ok(
                    outcome.affected, insert_id=outcome.insert_id, status=status, warnings=outcome.warnings,
                    info=outcome.info,
                )
            ]  # fmt: skip
        charset = self._framing.charset
        return packets.rows(outcome.columns, outcome.rows, self._capabilities, charset, status, outcome.warnings)


def _name(value: bytes) -> str:
    return value[:128].decode("utf-8", "surrogateescape")
