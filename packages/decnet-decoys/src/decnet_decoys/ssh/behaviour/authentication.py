# SPDX-License-Identifier: MIT
"""The authentication protocol of one connection (RFC 4252, RFC 4256): one request at a time, each answered.

asyncssh drops a request when the next one comes before its answer, and closes over bytes that are not UTF-8; real
servers do neither, and bots send all of their passwords at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from decnet_decoys.ssh.behaviour.dialect import Dialect
from decnet_decoys.ssh.engine import asyncssh
from decnet_decoys.ssh.wire import string

if TYPE_CHECKING:
    from decnet_decoys.ssh.behaviour.connection import DecoyConnection

USERAUTH_FAILURE, USERAUTH_PK_OK, USERAUTH_INFO_REQUEST = 51, 60, 60
HOST_BOUND = b"publickey-hostbound-v00@openssh.com"
MOST_ANSWERS = 16


class Doorkeeper(Protocol):
    """Who says whether a client may log in."""

    def identify(self, username: str, sent: str) -> None:
        """Note as whom a client logs in, and the name that it sent for that, before it is judged."""
        ...

    async def validate_password(self, username: str, password: str, method: str) -> bool:
        """Record a try with a password, and return whether it may log in."""
        ...

    def keyboard_interactive(self) -> bool:
        """Return whether passwords are also asked for by RFC 4256."""
        ...


class Authentication:
    def __init__(self, connection: DecoyConnection, dialect: Dialect, doorkeeper: Doorkeeper) -> None:
        self.prompted = False
        """Whether an answer is waited for."""
        self._refused_to_ask = False
        """Whether the client wanted to be asked, and was not: OpenSSH still takes an answer, and ends over it."""
        self._connection: Any = connection
        self._dialect = dialect
        self._doorkeeper = doorkeeper
        self._requests = self._failures = 0
        self._claim: tuple[str, str] | None = None

    async def request(self, packet: Any) -> None:
        """Answer a USERAUTH_REQUEST."""
        user, service, method = (packet.get_string() for _ in range(3))
        if self._dialect.reads_all:
            user, service, method = (name.removesuffix(b"\0") for name in (user, service, method))
        sent = user
        if self._dialect.reads_all:
            user = user.partition(b":")[0]  # what follows is a style of BSD's authentication
        self._check_names(user, *(() if self._dialect.lenient else (service, method)))
        claim = (_text(user), _text(service))
        self._requests += 1
        self.prompted = self._refused_to_ask = False
        if self._claim is not None and claim != self._claim:
            changed = self._dialect.user_changed(",".join(self._claim), ",".join(claim))
            if changed is not None:
                raise changed
        self._claim = claim
        refused = self._dialect.other_service() if service != b"ssh-connection" else None
        if refused is not None:
            raise refused
        self._connection._username = claim[0]
        self._doorkeeper.identify(claim[0], _text(sent))
        if service != b"ssh-connection":
            self._fail()
        elif method == b"keyboard-interactive" and self._doorkeeper.keyboard_interactive():
            self._prompt(packet)
        else:
            self._refused_to_ask = self.prompted = method == b"keyboard-interactive" and self._dialect.reads_all
            await self._finish(await self._passes(claim[0], method, packet), method)

    def _check_names(self, *names: bytes) -> None:
        if any(b"\0" in name for name in names):
            raise asyncssh.ProtocolError("NUL in a name")

    async def _passes(self, user: str, method: bytes, packet: Any) -> bool | None:
        """Return whether the client may log in; None: it was told that its key will do."""
        if method == b"password":
            return await self._password(user, packet)
        if method in (b"publickey", HOST_BOUND):
            return await self._public_key(user, packet, bound=method == HOST_BOUND)
        if method == b"none":
            packet.check_end()
        return False

    async def _password(self, user: str, packet: Any) -> bool:
        change = packet.get_boolean()
        password = packet.get_string()
        if len(password) > self._dialect.longest_text:
            raise asyncssh.ProtocolError("a password too long")
        if change and not self._dialect.lenient:  # svr_auth_password() of dropbear's refuses before it reads that
            packet.get_string()
        packet.check_end()
        if b"\0" in password and not self._dialect.lenient:
            raise asyncssh.ProtocolError("NUL in a password")
        allowed = await self._doorkeeper.validate_password(user, _text(password), "password")
        return allowed and not change

    async def _public_key(self, user: str, packet: Any, *, bound: bool) -> bool | None:
        signed = packet.get_boolean()
        algorithm, blob = packet.get_string(), packet.get_string()
        if bound and packet.get_string() != self._connection._server_host_key.public_data and self._dialect.reads_all:
            raise asyncssh.ProtocolError("a key for another host")
        content = packet.get_consumed_payload()
        is_there = signed and (packet or not self._dialect.lenient)  # dropbear has judged the key before it reads that
        signature = packet.get_string() if is_there else b""
        packet.check_end()
        if blob[4:].startswith(algorithm) or algorithm.startswith(b"rsa-sha2-"):
            try:
                passes = await self._connection.validate_public_key(user, blob, content if signed else b"", signature)
            except (ValueError, OverflowError, asyncssh.Error):  # numbers that cannot be a key's
                passes = False
        else:
            passes = False
        if passes and not signed:
            self._connection.send_packet(USERAUTH_PK_OK, string(algorithm), string(blob))
            return None
        return bool(passes)

    def _prompt(self, packet: Any) -> None:
        packet.get_string()
        packet.get_string()
        packet.check_end()
        self.prompted = True
        prompt = string(b"") * 3 + (1).to_bytes(4, "big") + string(b"Password: ") + b"\0"
        self._connection.send_packet(USERAUTH_INFO_REQUEST, prompt)

    async def answer(self, packet: Any) -> None:
        """Answer a USERAUTH_INFO_RESPONSE."""
        if self._refused_to_ask:
            raise asyncssh.ProtocolError("an answer to no question")
        self.prompted = False
        count = packet.get_uint32()
        if count > MOST_ANSWERS:
            raise asyncssh.ProtocolError("too many answers")
        answers = [packet.get_string() for _ in range(count)]
        packet.check_end()
        user = self._claim[0] if self._claim else ""
        passes = bool(answers) and await self._doorkeeper.validate_password(
            user, _text(answers[0]), "keyboard-interactive"
        )
        await self._finish(passes, b"keyboard-interactive")

    async def _finish(self, passes: bool | None, method: bytes) -> None:
        if passes:
            await self._connection.send_userauth_success()
            return
        if passes is None:
            return
        if method != b"none" or (self._dialect.counts_none and self._requests > 1):
            self._failures += 1
            if self._failures >= self._dialect.max_tries:
                raise self._dialect.tries_used_up()
        self._fail()

    def _fail(self) -> None:
        kinds = [kind for kind in self._dialect.methods if kind != "keyboard-interactive"]
        if self._doorkeeper.keyboard_interactive():
            kinds = list(self._dialect.methods)
        self._connection.send_packet(USERAUTH_FAILURE, string(",".join(kinds).encode()), b"\0")


def _text(value: bytes) -> str:
    return value.decode("utf-8", "surrogateescape")
