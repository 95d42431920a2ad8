# SPDX-License-Identifier: MIT
"""One client of a MariaDB or MySQL decoy: every log-in and statement is recorded before it is answered."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from decnet_core.events.catalogue import ServiceRequest
from decnet_decoys.evidence.connection_recorder import text
from decnet_decoys.mysql import packets
from decnet_decoys.mysql.authentication import (
    CACHING_SHA2,
    NATIVE,
    NATIVE_BYTES,
    challenge,
    for_crackers,
    found,
    hashed,
    is_hash,
    unmasked,
)
from decnet_decoys.mysql.catalogue import Done, Failed, Visitor
from decnet_decoys.mysql.channel import Channel
from decnet_decoys.mysql.commands import Commands
from decnet_decoys.mysql.packets import Account, Hello, OutOfOrderError, ProxyHeaderError, TooLongError
from decnet_decoys.mysql.statements import use
from decnet_decoys.services.connection import NO_REQUEST, Connection
from decnet_decoys.services.received import KEPT_BYTES

if TYPE_CHECKING:
    from decnet_decoys.mysql.service import MysqlService

_OF_OLD = "mysql_old_password"
_FULL_EXCHANGE, _FAST_OK, _WANTS_KEY = b"\x01\x04", b"\x01\x03", b"\x02"


class Dialogue:
    def __init__(self, service: MysqlService, connection: Connection) -> None:
        self._service = service
        self._channel = Channel(connection)
        self._recorder = connection.recorder
        self._salt = challenge()
        self._plugin = service.profile.plugin
        self._secure = False

    async def play(self) -> None:
        service = self._service
        number = next(service.numbers)
        await self._channel.send(self._greeting(number))
        try:
            visitor = await self._log_in(number)
            if visitor is not None:
                self._channel.framing.most = service.context.settings.limits.body_bytes
                commands = Commands(
                    service.context, self._recorder, self._channel, visitor,
                    keep=service.keep, change_user=self._change_user,
                )  # fmt: skip
                await commands.answer_all()
        except ProxyHeaderError:
            words = f"Proxy header is not accepted from {self._recorder.info.src[0]}"
            await self._channel.send(packets.error(1130, "HY000", words))
            self._note_garbage()
        except OutOfOrderError:
            await self._channel.send(packets.error(1156, "08S01", "Got packets out of order"))
            self._note_garbage()
        except TooLongError:
            self._note_garbage()

    def _note_garbage(self) -> None:
        """Record what came after a log-in and is no packet; before one that is done when the connection has ended."""
        if self._recorder.told and not self._channel.connection.other_protocol:
            self._record(NO_REQUEST, {"data": text(self._channel.framing.take_all()[:KEPT_BYTES])})

    async def _log_in(self, number: int) -> Visitor | None:
        """Return who has logged in; None when the client was refused or has left."""
        packet = await self._channel.packet()
        if packet is not None and packets.wants_tls(packet) and self._service.tls is not None:
            self._channel.framing.take_all()
            self._channel.connection = await self._service.tls.secured(self._channel.connection)
            self._secure = True
            packet = await self._channel.packet()
        hello = packets.hello(packet) if packet is not None else None
        if hello is None:
            if packet is not None:
                await self._channel.send(self._not_understood(packet))
            return None
        self._channel.capabilities, self._channel.framing.charset = hello.capabilities, hello.charset
        response = await self._response(hello)
        if response is None:
            return None
        password = await self._password(hello.username, response)
        if not await self._judged(hello.username, response, password):
            return None
        visitor = Visitor(self._service.catalogue, _name(hello.username), self._recorder.info.src[0], number)
        refused = use(visitor, _name(hello.database)) if hello.database else Done()
        await self._channel.send(*self._channel.made(refused))
        return None if isinstance(refused, Failed) else visitor

    def _not_understood(self, packet: bytes) -> bytes:
        if packets.is_of_old(packet):
            return packets.refused_of_old(1251, packets.TOO_OLD)
        if len(packet) < 33:
            return packets.error(1043, "08S01", "Bad handshake")
        address = self._recorder.info.src[0]
        return packets.refused_of_old(1045, f"Access denied for user ''@'{address}' (using password: NO)")

    async def _response(self, hello: Hello) -> bytes | None:
        """Return the response to the challenge, after agreeing how it is made."""
        if hello.plugin == self._plugin or not hello.plugin:
            return hello.response
        if hello.plugin == NATIVE:  # MySQL 8 has accounts of both kinds
            self._plugin = NATIVE
            return hello.response
        if hello.plugin == _OF_OLD:
            await self._channel.send(packets.error(1251, "08004", packets.TOO_OLD))
            return None
        await self._channel.send(packets.switch(self._plugin, self._salt))
        return await self._channel.packet()

    def _known(self, username: bytes) -> tuple[str, ...]:
        return self._service.catalogue.accounts.passwords(_name(username))

    def _is_known(self, username: bytes, password: str) -> bool:
        """Whether it is a password of that account, or one of which the account has the hash."""
        known = self._known(username)
        return password in known or hashed(password.encode("utf-8", "surrogateescape")) in map(str.upper, known)

    async def _password(self, username: bytes, response: bytes) -> str | None:
        """Return the password in clear, where it is a weak one or the client can be made to tell."""
        known = found(self._plugin, self._salt, response, self._known(username))
        if self._plugin != CACHING_SHA2 or not response:
            return "" if not response else known
        if known is not None or self._recorder.info.synthetic:
            await self._channel.send(_FAST_OK)
            return known
        await self._channel.send(_FULL_EXCHANGE)
        told = await self._channel.packet()
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
        await self._channel.send(b"\x01" + await in_thread(public_key, keys))
        told = await self._channel.packet()
        masked = await in_thread(decrypted, keys, told) if told else None
        return None if masked is None else text(unmasked(masked, self._salt))

    async def _judged(self, username: bytes, response: bytes, password: str | None) -> bool:
        """Decide about a log-in and record it; a response of which the password is not known is kept as it is."""
        recorder = self._recorder
        synthetic = recorder.info.synthetic  # such a user has an account here, whatever its password is
        accepted = synthetic or (password is not None and self._is_known(username, password))
        if password is not None and is_hash(password) and self._plugin == NATIVE:
            password = None  # of which nothing but the hash is known
        if password is None and response and not synthetic:
            detail = {"username": text(username), "hash": for_crackers(self._plugin, self._salt, response[:256])}
            self._record("challenge", detail)
        recorder.login(username, success=accepted, password=password)
        if accepted:
            return True
        if self._plugin == NATIVE and response and len(response) != NATIVE_BYTES:
            await self._channel.send(packets.error(1043, "08S01", "Bad handshake"))
            return False
        await asyncio.sleep(self._service.context.settings.failure_delay_ms / 10_000)
        told = f"'{_name(username)}'@'{recorder.info.src[0]}' (using password: {'YES' if response else 'NO'})"
        await self._channel.send(packets.error(1045, "28000", f"Access denied for user {told}"))
        return False

    def _record(self, action: str, detail: dict[str, str]) -> None:
        self._recorder.emit(ServiceRequest(service=self._recorder.service, action=action, detail=detail))

    async def _change_user(self, account: Account | None, before: Visitor) -> Visitor:
        """Log in again, as COM_CHANGE_USER asks; return whose session goes on, which is the one `before` if refused.

        Whatever response the client has sent along, it is asked again by the same challenge. One who says nothing of
        itself is greeted as a newcomer, as MariaDB does.
        """
        self._plugin = self._service.profile.plugin
        asks = self._greeting(before.number) if account is None else packets.switch(self._plugin, self._salt)
        await self._channel.send(asks)
        try:
            response = await self._channel.packet()
        except OutOfOrderError:
            await self._channel.send(packets.error(1156, "08S01", "Got packets out of order"))
            self._channel.framing.take_all()
            return before
        username, database = account or (b"", b"")
        if response is None or not await self._judged(username, response, await self._password(username, response)):
            return before
        before.roll_back()
        self._channel.prepared.clear()
        self._channel.hold()
        visitor = Visitor(self._service.catalogue, _name(username), self._recorder.info.src[0], before.number)
        await self._channel.send(*self._channel.made(use(visitor, _name(database)) if database else Done()))
        return visitor

    def _greeting(self, number: int) -> bytes:
        profile, tls = self._service.profile, self._service.tls
        return packets.greeting(profile.flavour, profile.version, self._plugin, number, self._salt, tls=tls is not None)


def _name(value: bytes) -> str:
    return value[:128].decode("utf-8", "surrogateescape")
