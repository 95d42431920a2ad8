# SPDX-License-Identifier: MIT
"""Packets to and from one client: framed, counted against its memory, long answers sent in pieces."""

from __future__ import annotations

from collections.abc import Iterable

from decnet_decoys.mysql import packets
from decnet_decoys.mysql.binary_protocol.prepared import PreparedStatements
from decnet_decoys.mysql.catalogue import Done, Failed, Outcome
from decnet_decoys.mysql.packets import Framing
from decnet_decoys.processor import turn
from decnet_decoys.services.connection import Connection

_PIECE, _PACKETS = 64 << 10, 256
"""Bytes and packets that are sent at once."""


class Channel:
    """A connection as a sequence of packets."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.framing = Framing(packets.LONGEST_HELLO)
        self.capabilities = 0
        self.prepared = PreparedStatements()

    async def packet(self) -> bytes | None:
        """Return the next packet; None when the client has left. Raises TooLongError, OutOfOrderError."""
        while (packet := self.framing.take()) is None:
            data = await self.connection.read()
            if not data:
                return None
            self.framing.feed(data)
            self.hold()
        self.hold()
        return packet

    async def command(self) -> bytes | None:
        """Return the packet that begins a command; None when the client has left."""
        self.framing.sequence = 0
        return await self.packet()

    def hold(self) -> None:
        """Hold memory for what has come and for the statements that are prepared; raises ConnectionEnded."""
        self.connection.hold(self.framing.held + self.prepared.held)

    async def send(self, *made: bytes) -> None:
        await self.connection.write(self.framing.framed(made))

    async def tell(self, made: Iterable[bytes]) -> None:
        """Send an answer, in pieces if it is long."""
        piece: list[bytes] = []
        size = 0
        for packet in made:
            piece.append(packet)
            size += len(packet)
            if size > _PIECE or len(piece) > _PACKETS:
                await self.send(*piece)
                piece, size = [], 0
                await turn.give_way()
        await self.send(*piece)

    def made(self, outcome: Outcome, status: int = packets.AUTOCOMMIT) -> Iterable[bytes]:
        """Return the packets that tell what came of a statement."""
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
        charset = self.framing.charset
        return packets.rows(outcome.columns, outcome.rows, self.capabilities, charset, status, outcome.warnings)
