# SPDX-License-Identifier: MIT
"""What a client asks once it has logged in: each command recorded, statements answered by `sql.running`."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable

from decnet_core.events.catalogue import ClientIdentified, CommandRun, FileCaptured, ServiceRequest
from decnet_decoys.decky_context import DeckyContext
from decnet_decoys.evidence.connection_recorder import ConnectionRecorder, text
from decnet_decoys.mysql import packets
from decnet_decoys.mysql.binary_protocol.prepared_commands import PreparedCommands
from decnet_decoys.mysql.catalogue import Failed, Outcome, Visitor
from decnet_decoys.mysql.channel import Channel
from decnet_decoys.mysql.packets import Account
from decnet_decoys.mysql.sql.running import answering, divided
from decnet_decoys.mysql.statements import LONGEST, use
from decnet_decoys.processor import turn
from decnet_decoys.services.machine_files import MachineFiles

_QUIT, _INIT_DB, _QUERY, _STATISTICS, _PING = 1, 2, 3, 9, 14
_PROCESSES, _CHANGE_USER, _RESET = 10, 17, 31
_REFRESH, _KILL, _DEBUG, _BINLOG, _REGISTER, _SET_OPTION = 7, 12, 13, 18, 21, 27
_NONE = -1
_OPTIONS = (b"", b"\0\0", b"\1\0")
"""Of COM_SET_OPTION: several statements may be sent at once, or not; without one it is taken, too."""
_FILES = re.compile(r"load_file|infile|outfile|dumpfile|soname", re.IGNORECASE)
"""In statements that read or write files."""


class Commands:
    """Answers one client's commands until it leaves."""

    def __init__(
        self,
        context: DeckyContext,
        recorder: ConnectionRecorder,
        channel: Channel,
        visitor: Visitor,
        *,
        keep: Callable[[], None],
        change_user: Callable[[Account | None, Visitor], Awaitable[Visitor]],
    ) -> None:
        """`keep` writes down what visitors changed; `change_user` returns whose session goes on."""
        self._context = context
        self._recorder = recorder
        self._channel = channel
        self._visitor = visitor
        self._keep = keep
        self._change_user = change_user
        self._prepared = PreparedCommands(channel, self._run, self._record_statement)

    async def answer_all(self) -> None:
        """Answer until the client leaves."""
        self._recorder.emit(
            ClientIdentified(service=self._recorder.service, software=f"capabilities {self._channel.capabilities:#x}")
        )
        while (packet := await self._channel.command()) is not None:
            command, given = packet[0] if packet else _NONE, packet[1:]
            if command == _QUIT:
                return
            if not await self._answer(command, given):
                return
            await turn.give_way()

    async def _answer(self, command: int, given: bytes) -> bool:
        """Answer a command; False: the connection ends."""
        visitor = self._visitor
        if command == _QUERY:
            await self._statement(given)
        elif command == _INIT_DB:
            self._recorder.emit(CommandRun(service=self._recorder.service, command=f"USE {text(given[:256])}"))
            await self._channel.send(*self._channel.made(use(visitor, _name(given)), visitor.status))
        elif command in (_PING, _RESET):
            if command == _RESET:
                visitor.roll_back()
                visitor.variables, visitor.settings = {}, {}
                visitor.prepared, visitor.autocommit = {}, True
                self._channel.prepared.clear()
                self._channel.hold()
            await self._channel.send(packets.ok(status=visitor.status))
        elif command == _CHANGE_USER:
            account = packets.account(given, self._channel.capabilities)
            if account is None and given:
                return await self._rare(_NONE, given)
            self._visitor = await self._change_user(account, visitor)
        elif await self._prepared.answered(command, given, visitor):
            return True
        elif command == _PROCESSES:
            await self._statement(b"show processlist")
        elif command == _STATISTICS:
            await self._channel.send(self._statistics())
        else:
            self._record("command", {"number": str(command), "data": text(given[:512])})
            return await self._rare(command, given)
        return True

    async def _rare(self, command: int, given: bytes) -> bool:
        """Answer a command that few clients send; False: the connection ends."""
        number = int.from_bytes(given[:4], "little")
        if command in (_REFRESH, _REGISTER):
            made = packets.ok(status=self._visitor.status)
        elif command == _DEBUG or (command == _SET_OPTION and given[:2] in _OPTIONS):
            if given[:2] in _OPTIONS[1:]:
                on = given[:1] == b"\0"
                flags = self._channel.capabilities & ~packets.MULTI_STATEMENTS
                self._channel.capabilities = flags | on * packets.MULTI_STATEMENTS
            made = packets.end_of_rows(self._visitor.status)
        elif command == _KILL and len(given) >= 4:
            made = packets.error(1094, "HY000", f"Unknown thread id: {number}")
        elif command == _BINLOG:
            await self._channel.send(packets.error(1236, "HY000", "Binary log is not open"))
            return False
        else:
            made = packets.error(1047, "08S01", "Unknown command")
        await self._channel.send(made)
        return True

    def _statistics(self) -> bytes:
        up = self._visitor.catalogue.uptime
        asked = up * 3 + 79
        return (
            f"Uptime: {up}  Threads: 1  Questions: {asked}  Slow queries: 0  Opens: 22  Open tables: 15  "
            f"Queries per second avg: {asked / max(1, up):.3f}"
        ).encode()

    async def _statement(self, given: bytes) -> None:
        several = bool(self._channel.capabilities & packets.MULTI_STATEMENTS)
        parts = divided(given.decode("utf-8", "surrogateescape"), several=several)
        await turn.give_way()
        for place, part in enumerate(parts, 1):
            more = packets.MORE_RESULTS if place < len(parts) else 0
            following = "".join(";" + one for one in parts[place:])
            told = given if len(parts) == 1 else part.strip().encode("utf-8", "surrogateescape")
            outcome = await self._run(part, told, following)
            await self._channel.tell(self._channel.made(outcome, self._visitor.status | more))
            if isinstance(outcome, Failed):
                break
            await turn.give_way()

    async def _run(self, sql: str, told: bytes | None, following: str = "") -> Outcome:
        """Return what comes of one statement, after recording it as `told`, if it is, and what it writes and runs."""
        visitor = self._visitor
        if visitor.files is None and (_FILES.search(sql[:LONGEST]) or _FILES.search(sql[-LONGEST:])):
            visitor.files = await MachineFiles.opened(self._context, self._recorder)
        outcome, known = await turn.in_turns(answering(visitor, sql, following))
        if told is not None:
            self._record_statement(told, known=known)
        for written in visitor.written:
            digest = await turn.in_turns(self._context.fleet.artifacts.storing(written.data))
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
        self._keep()
        return outcome

    def _record_statement(self, told: bytes, *, known: bool) -> None:
        self._recorder.emit(CommandRun(service=self._recorder.service, command=text(told), known=known))

    def _record(self, action: str, detail: dict[str, str]) -> None:
        self._recorder.emit(ServiceRequest(service=self._recorder.service, action=action, detail=detail))


def _name(value: bytes) -> str:
    return value[:128].decode("utf-8", "surrogateescape")
