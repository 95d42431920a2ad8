# SPDX-License-Identifier: MIT
"""Answers the commands of prepared statements (COM_STMT_PREPARE and those that take its number)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from decnet_decoys.mysql import packets
from decnet_decoys.mysql.binary_protocol import prepared
from decnet_decoys.mysql.binary_protocol.prepared import Prepared
from decnet_decoys.mysql.binary_protocol.values import WrongArgumentsError, row
from decnet_decoys.mysql.catalogue import Failed, Found, Outcome, Visitor
from decnet_decoys.mysql.channel import Channel
from decnet_decoys.mysql.sql.running import preparing
from decnet_decoys.processor import turn

_PREPARE, _EXECUTE, _LONG_DATA, _CLOSE, _RESET, _FETCH = 22, 23, 24, 25, 26, 28
_CALLED = {_EXECUTE: "mysqld_stmt_execute", _RESET: "mysqld_stmt_reset", _FETCH: "mysqld_stmt_fetch"}
_MALFORMED = Failed(1835, "HY000", "Malformed communication packet")
_TOO_MANY = Failed(
    1461, "42000", "Can't create more than max_prepared_stmt_count statements (current value: 16382)"
)  # what MariaDB says of 16,382; here it is said of `prepared.MOST_STATEMENTS`
_SYNTAX = 1064
"""The error of what cannot be parsed."""
_WITH_CURSOR = 1
"""A flag of COM_STMT_EXECUTE: CURSOR_TYPE_READ_ONLY."""


class PreparedCommands:
    """Those of one client."""

    def __init__(
        self, channel: Channel, run: Callable[[str, bytes | None], Awaitable[Outcome]], record: Callable[..., None]
    ) -> None:
        """`run` carries out a statement, and records it as it is told; None: it is on record. `record` only records."""
        self._channel = channel
        self._run = run
        self._record = record

    async def answered(self, command: int, given: bytes, visitor: Visitor) -> bool:
        """Answer a command; return whether it was one of prepared statements."""
        if command == _PREPARE:
            await self._prepare(given, visitor)
        elif command == _LONG_DATA:
            self._channel.prepared.add_long(given)
        elif command == _CLOSE:
            self._channel.prepared.close(int.from_bytes(given[:4], "little"))
        elif command in _CALLED:
            await self._of_statement(command, given, visitor)
        else:
            return False
        self._channel.hold()
        return True

    async def _prepare(self, given: bytes, visitor: Visitor) -> None:
        sql = given.decode("utf-8", "surrogateescape")
        number = self._channel.prepared.numbered()
        outcome, count, reads = await turn.in_turns(preparing(visitor, sql))
        self._record(given, known=not isinstance(outcome, Failed) or outcome.code != _SYNTAX)
        if isinstance(outcome, Failed):
            await self._channel.send(*self._channel.made(outcome))
            return
        statement = Prepared(number, sql, count, reads)
        if not self._channel.prepared.keep(statement):
            await self._channel.send(*self._channel.made(_TOO_MANY))
            return
        columns = outcome.columns if isinstance(outcome, Found) else ()
        charset = self._channel.framing.charset
        await self._channel.tell(prepared.described(statement, columns, self._channel.capabilities, charset))

    async def _of_statement(self, command: int, given: bytes, visitor: Visitor) -> None:
        """Execute, reset or fetch from a statement."""
        number = int.from_bytes(given[:4], "little")
        statement = self._channel.prepared.get(number)
        if len(given) < 4 or (command == _EXECUTE and len(given) < 9):
            failed: Outcome = _MALFORMED
        elif statement is None:
            words = f"Unknown prepared statement handler ({number}) given to {_CALLED[command]}"
            failed = Failed(1243, "HY000", words)
        elif command == _RESET:
            statement.long, statement.waiting = {}, None
            await self._channel.send(packets.ok(status=visitor.status))
            return
        elif command == _EXECUTE:
            await self._execute(statement, given, visitor)
            return
        elif statement.waiting is None:
            failed = Failed(1421, "HY000", f"The statement ({number}) has no open cursor")
        else:
            await self._channel.tell(prepared.fetched(statement, int.from_bytes(given[4:8], "little")))
            return
        await self._channel.send(*self._channel.made(failed))

    async def _execute(self, statement: Prepared, given: bytes, visitor: Visitor) -> None:
        statement.waiting = None
        try:
            visitor.parameters = prepared.bound(statement, given[9:])
        except WrongArgumentsError:
            statement.long = {}
            wrong = Failed(1210, "HY000", "Incorrect arguments to mysqld_stmt_execute")
            await self._channel.send(*self._channel.made(wrong))
            return
        visitor.parameter_kinds = statement.kinds or ()
        try:
            told = _told(statement.sql, visitor)
            on_record = not statement.executed and not visitor.parameters  # as it was prepared
            statement.executed = True
            outcome = await self._run(statement.sql, None if on_record else told)
        finally:
            visitor.parameters, visitor.parameter_kinds, statement.long = [], (), {}
        await self._tell(statement, outcome, visitor, cursor=bool(given[4] & _WITH_CURSOR))

    async def _tell(self, statement: Prepared, outcome: Outcome, visitor: Visitor, *, cursor: bool) -> None:
        channel = self._channel
        if not isinstance(outcome, Found):
            await channel.tell(channel.made(outcome, visitor.status))
            return
        status = visitor.status | outcome.status
        rows = []
        for values in outcome.rows:
            rows.append(row(outcome.columns, values))
            if not len(rows) % 64:
                await turn.give_way()
        made = packets.rows(outcome.columns, rows, channel.capabilities, channel.framing.charset, status,
            outcome.warnings)  # fmt: skip
        if cursor and statement.reads and channel.prepared.keep_cursor(statement, rows, visitor.status):
            await channel.tell(
                packets.opened_cursor(
                    outcome.columns, channel.capabilities, channel.framing.charset, status | packets.CURSOR
                )
            )
            return
        await channel.tell(made)


def _told(sql: str, visitor: Visitor) -> bytes:
    """Return a statement as it is recorded: with the beginning of its parameters behind it."""
    given = ", ".join("NULL" if one is None else repr(one[:256] if isinstance(one, str | bytes) else one)
        for one in visitor.parameters[:32])  # fmt: skip
    return (f"{sql} -- {given}" if given else sql).encode("utf-8", "surrogateescape")
