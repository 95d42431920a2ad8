# SPDX-License-Identifier: MIT
"""Statements that a client prepares by the binary protocol: kept by number, bounded in number and in bytes. Sans-IO."""

import struct
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from decnet_decoys.mysql import packets
from decnet_decoys.mysql.binary_protocol import values
from decnet_decoys.mysql.binary_protocol.values import WrongArgumentsError
from decnet_decoys.mysql.packets import Column
from decnet_decoys.mysql.sql.values import Value

MOST_STATEMENTS: Final = 64
MOST_BYTES: Final = 1 << 18
"""Of all statements of a connection and what they hold."""


class Prepared(msgspec.Struct):
    """A statement, and what is kept between its executions."""

    number: int
    sql: str
    count: int
    """Its parameters."""
    reads: bool
    executed: bool = False
    kinds: tuple[int, ...] | None = None
    long: dict[int, bytes] = {}
    """What COM_STMT_SEND_LONG_DATA sent for a parameter."""
    waiting: list[bytes] | None = None
    """Rows of a cursor that the client has not fetched; None: it has none."""
    status: int = 0

    @property
    def held(self) -> int:
        """Bytes of memory."""
        rows = sum(map(len, self.waiting or ()))
        return 512 + 4 * len(self.sql) + sum(map(len, self.long.values())) + rows + 64 * len(self.waiting or ())


class PreparedStatements:
    """Those of one connection."""

    def __init__(self) -> None:
        self._made: dict[int, Prepared] = {}
        self._last = 0

    @property
    def held(self) -> int:
        """Bytes of memory that all of them hold."""
        return sum(one.held for one in self._made.values())

    def numbered(self) -> int:
        """Return the number of the next statement; one that cannot be prepared takes its number along."""
        self._last += 1
        return self._last

    def has_room(self, size: int) -> bool:
        """Return whether `size` more bytes may be kept."""
        return self.held + size <= MOST_BYTES

    def keep(self, statement: Prepared) -> bool:
        """Keep a statement; False: there are as many as there may be."""
        if len(self._made) >= MOST_STATEMENTS or not self.has_room(statement.held):
            return False
        self._made[statement.number] = statement
        return True

    def get(self, number: int) -> Prepared | None:
        return self._made.get(number)

    def close(self, number: int) -> None:
        self._made.pop(number, None)

    def clear(self) -> None:
        self._made.clear()

    def add_long(self, data: bytes) -> None:
        """Take a piece of a parameter's value: the statement's number, the parameter's, and bytes."""
        statement = self._made.get(int.from_bytes(data[:4], "little")) if len(data) >= 6 else None
        place = int.from_bytes(data[4:6], "little")
        if statement is not None and place < statement.count and self.has_room(len(data)):
            statement.long[place] = statement.long.get(place, b"") + data[6:]

    def keep_cursor(self, statement: Prepared, rows: list[bytes], status: int) -> bool:
        """Keep rows until the client fetches them; False: they are too large, so they are sent at once."""
        if not self.has_room(sum(map(len, rows)) + 64 * len(rows)):
            return False
        statement.waiting, statement.status = rows, status
        return True


def bound(statement: Prepared, given: bytes) -> list[Value]:
    """Return the parameters that a COM_STMT_EXECUTE has after its first 9 bytes; raises WrongArgumentsError."""
    if not statement.count:
        return []
    size = (statement.count + 7) // 8
    nulls, again, rest = given[:size], given[size : size + 1], given[size + 1 :]
    if len(nulls) < size or not again:
        raise WrongArgumentsError
    if again == b"\1":
        statement.kinds = values.kinds_of(rest, statement.count)
        rest = rest[2 * statement.count :]
    if statement.kinds is None:
        raise WrongArgumentsError
    return values.parameters(rest, nulls, statement.kinds, statement.long)


def described(statement: Prepared, columns: Sequence[Column], capabilities: int, charset: int) -> Iterator[bytes]:
    """Yield the packets that tell of a prepared statement: its parameters and the columns of its result."""
    yield struct.pack("<BIHHBH", 0, statement.number, len(columns), statement.count, 0, 0)
    for each in ([Column("?", 6, 0, 0x80, 0, text=False)] * statement.count, columns):
        if each:
            yield from packets.described(each, capabilities, charset)
            if not capabilities & packets.DEPRECATE_EOF:
                yield packets.end_of_rows()


def fetched(statement: Prepared, most: int) -> Iterator[bytes]:
    """Yield the next rows of a cursor, and its end if they are the last."""
    rows = statement.waiting or []
    left = rows[most:]
    statement.waiting = left or None
    yield from rows[:most]
    status = packets.CURSOR if left else packets.LAST_ROW
    yield packets.end_of_rows(statement.status | status)
