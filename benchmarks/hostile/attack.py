# SPDX-License-Identifier: MIT
"""What an attack is, and what the process that runs it has: a target, source addresses, a deadline and a tally."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import time
from collections.abc import Awaitable, Callable

import asyncssh
import msgspec

from decnet.drill.asyncssh_client import log_in

SOURCES = "127.66"
"""Attackers come from this network, 127.66.0.1 first."""
PASSWORD = "admin123"  # one of root's on the persona debian-web
PORTS = {"telnet": 2323, "https": 8443, "ftp": 2121, "smtp": 2525, "redis": 6379, "mysql": 3306}
"""The services of the attacked decky beside SSH and HTTP, and where they are."""
ANSWER_SECONDS = 15.0
"""How long an attacker waits for an answer beyond the deadline."""
MOST_ROUNDS = 2000
"""Rounds of one attacker."""


class Tally(msgspec.Struct):
    """What the attackers did, by event kind: how often, and how often they saw the decky answer."""

    sent: dict[str, int] = {}
    answered: dict[str, int] = {}


class Target:
    """The attacked decky, seen from an attacking process."""

    def __init__(self, address: str, ssh: int, http: int, seconds: float) -> None:
        self.address = address
        self.ssh = ssh
        self.http = http
        self.tally = Tally()
        self._deadline = time.monotonic() + seconds

    @property
    def left(self) -> float:
        """Seconds until the attack must end; 0 when it must have ended."""
        return max(0.0, self._deadline - time.monotonic())

    def sent(self, kind: str, count: int = 1) -> None:
        self.tally.sent[kind] = self.tally.sent.get(kind, 0) + count

    def answered(self, kind: str, count: int = 1) -> None:
        self.tally.answered[kind] = self.tally.answered.get(kind, 0) + count

    async def stay(self) -> None:
        """Wait until the attack must end."""
        await asyncio.sleep(self.left)

    async def tcp(self, port: int, source: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connect from attacker number `source`; raises OSError."""
        async with asyncio.timeout(self.left + 1):
            return await asyncio.open_connection(self.address, port, local_addr=(address_of(source), 0))

    async def tls(self, source: int, *protocols: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connect to https from attacker number `source`, offering `protocols` by ALPN; raises OSError."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        if protocols:
            context.set_alpn_protocols(protocols)
        async with asyncio.timeout(self.left + 1):
            return await asyncio.open_connection(
                self.address, PORTS["https"], ssl=context, local_addr=(address_of(source), 0)
            )

    async def log_in(
        self, source: int, password: str = PASSWORD, kex: tuple[str, ...] = ()
    ) -> asyncssh.SSHClientConnection:
        """Log in as root from attacker number `source`; raises asyncssh.Error, OSError."""
        self.sent("auth.attempt")
        try:
            connection = await asyncio.wait_for(
                log_in(self.address, self.ssh, address_of(source), "root", password=password, kex_algs=kex),
                self.left + ANSWER_SECONDS,
            )
        except asyncssh.PermissionDenied:
            self.answered("auth.attempt")
            raise
        self.answered("auth.attempt")
        return connection

    async def run(self, connection: asyncssh.SSHClientConnection, line: str) -> None:
        """Run one command line until it ends or the attack must."""
        self.sent("session.command")
        with contextlib.suppress(TimeoutError, asyncssh.Error, OSError):
            await asyncio.wait_for(connection.run(line, check=False, encoding=None), max(self.left, 0.1))
            self.answered("session.command")


Play = Callable[[Target], Awaitable[None]]
Attacker = Callable[[Target, int], Awaitable[object]]
"""What one attacker does, given the number of its address."""


class Attack(msgspec.Struct, frozen=True):
    """One attack; `play` ends by itself when the target has no time left."""

    name: str
    play: Play
    short: bool = False
    """Whether the short form plays it."""
    kills: bool = False
    """Whether the worker is killed in the middle: what was answered must be recorded all the same."""


def address_of(source: int) -> str:
    """Return the address of attacker number `source`, from 0."""
    return f"{SOURCES}.{source // 250}.{source % 250 + 1}"


def crowd(count: int, attacker: Attacker, sources: int = 0) -> Play:
    """Play as `count` attackers at the same time, from as many addresses as `sources`, else each from its own."""

    async def play(target: Target) -> None:
        await all_of(*(attacker(target, number % (sources or count)) for number in range(count)))

    return play


async def rounds(target: Target, once: Callable[[], Awaitable[object]], most: int = MOST_ROUNDS) -> None:
    """Repeat `once` until time is up, whatever the decky refuses."""
    for _ in range(most):
        if not target.left:
            return
        with contextlib.suppress(*EXPECTED):
            await once()
        await asyncio.sleep(0.001)  # a refused connection returns at once


async def all_of(*plays: Awaitable[object]) -> None:
    """Wait for all; one that is refused, cut off or late does not end the others."""
    for result in await asyncio.gather(*plays, return_exceptions=True):
        if isinstance(result, BaseException) and not isinstance(result, EXPECTED):
            raise result


EXPECTED = (OSError, EOFError, TimeoutError, asyncssh.Error, asyncio.IncompleteReadError, asyncio.LimitOverrunError)
"""What an attacker must expect from a decky that defends itself."""
