# SPDX-License-Identifier: MIT
"""Commands of the protocol beside queries: statements prepared and left, another account on the same connection.

What is answered was read off MariaDB 10.11.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.decnet_decoys.decky_host import DEADLINE, DeckyHost, fleet_settings
from tests.decnet_decoys.services.dialogues.mysql import log_in, packet

from decnet_core.events.catalogue import CommandRun, LoginAttempt
from decnet_decoys.mysql.authentication import NATIVE, response

OK = b"\0\0\0\2\0\0\0"
UNKNOWN = b"\xff\x17\x04#08S01Unknown command"
_PREPARE, _EXECUTE, _QUERY, _CHANGE_USER, _PING = b"\x16", b"\x17", b"\x03", b"\x11", b"\x0e"


class Session:
    """A client that has logged in as root."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self.writer = reader, writer
        self.salt = b""

    async def begin(self) -> None:
        greeting = await self._packet()
        rest = greeting[4:].partition(b"\0")[2]
        self.salt = rest[4:12] + rest[31:43]
        self.writer.write(log_in()(greeting))
        assert (await self._packet())[4:] == OK

    async def _packet(self) -> bytes:
        async with asyncio.timeout(DEADLINE):
            head = await self._reader.readexactly(4)
            return head + await self._reader.readexactly(int.from_bytes(head[:3], "little"))

    async def asked(self, command: bytes, number: int = 0) -> bytes:
        """Return the first packet of an answer."""
        self.writer.write(packet(number, command))
        return (await self._packet())[4:]


@pytest.fixture
async def host(tmp_path: Path) -> AsyncIterator[DeckyHost]:
    made = DeckyHost(tmp_path, fleet_settings("debian-web", offers=("mysql",)))
    await made.open()
    yield made
    await made.close()


@pytest.fixture
async def session(host: DeckyHost) -> AsyncIterator[Session]:
    made = Session(*await asyncio.open_connection(host.decky.address, host.decky.services["mysql"]))
    await made.begin()
    yield made
    made.writer.close()


def _commands(host: DeckyHost) -> list[str]:
    return [event.payload.command for event in host.events(CommandRun) if isinstance(event.payload, CommandRun)]


async def test_statement_that_is_only_prepared_is_on_record(host: DeckyHost, session: Session) -> None:
    assert (await session.asked(_PREPARE + b"drop table nothing.yet"))[:1] == b"\0"
    assert _commands(host) == ["drop table nothing.yet"]


async def test_statement_without_parameters_is_on_record_once_for_each_execution(
    host: DeckyHost, session: Session
) -> None:
    await session.asked(_PREPARE + b"set @a = 1")
    for _ in range(3):
        assert await session.asked(_EXECUTE + struct.pack("<IBI", 1, 0, 1)) == OK
    assert _commands(host) == ["set @a = 1"] * 3


async def test_execute_that_is_prepared_is_not_carried_out(host: DeckyHost, session: Session) -> None:
    assert await session.asked(_QUERY + b"prepare x from 'create database made_by_preparing'") != b""
    refused = await session.asked(_PREPARE + b"execute x")
    assert refused[:3] == b"\xff" + (1295).to_bytes(2, "little")
    assert await session.asked(b"\x02made_by_preparing") == b"\xff\x19\x04#42000Unknown database 'made_by_preparing'"
    assert "execute x" in _commands(host)


async def test_other_account_is_asked_by_the_same_challenge(host: DeckyHost, session: Session) -> None:
    asks = b"\xfe" + NATIVE.encode() + b"\0" + session.salt + b"\0"
    account = b"\0\0\0\x2d\0" + NATIVE.encode() + b"\0"
    for user, password, answered in ((b"root", b"root", OK[:1]), (b"root", b"wrong", b"\xff"), (b"x", b"y", b"\xff")):
        assert await session.asked(_CHANGE_USER + user + account) == asks
        told = response(NATIVE, password, session.salt)
        assert (await session.asked(told, 2))[:1] == answered
        assert await session.asked(_PING) == OK
    attempts = [event.payload for event in host.events(LoginAttempt) if isinstance(event.payload, LoginAttempt)]
    assert [(one.username, one.success) for one in attempts[1:]] == [("root", True), ("root", False), ("x", False)]


@pytest.mark.parametrize("given", [b"root\0\0\0\x2d\0", b"root\0\xf0abc", b"root\0", b"root"])
async def test_account_that_is_cut_short_is_no_command(session: Session, given: bytes) -> None:
    assert await session.asked(_CHANGE_USER + given) == UNKNOWN
    assert await session.asked(_PING) == OK


async def test_who_names_no_account_at_all_is_greeted_again(session: Session) -> None:
    again = await session.asked(_CHANGE_USER)
    assert again[:1] == b"\n"
    assert session.salt[:8] in again
    assert session.salt[8:] in again
