# SPDX-License-Identifier: MIT
"""Asks the operator's resolvers over UDP, and over TCP when an answer does not fit (RFC 7766).

The system's resolver functions would need a thread that nothing can stop for each question; here all have a deadline.
"""

import asyncio
import secrets
from collections.abc import Sequence
from pathlib import Path

from decnet_core.net.addresses import parse_address, parse_endpoint
from decnet_workers.enrich.dns.message import DnsError, Reply, question, reply

RESOLV_CONF = Path("/etc/resolv.conf")
_TRY_SECONDS = 3.0
"""Until the next resolver is asked, and the first one again after the last."""
_ROUNDS = 2
_MOST_SERVERS = 3

Server = tuple[str, int]


def servers_of(configured: Sequence[str], resolv_conf: Path = RESOLV_CONF) -> tuple[Server, ...]:
    """Return the resolvers of the setting, else of resolv.conf(5); raises ValueError naming what is wrong."""
    if configured:
        return tuple((text, 53) if parse_address(text) else parse_endpoint(text) for text in configured)
    try:
        lines = resolv_conf.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError as error:
        raise ValueError(f"{resolv_conf} cannot be read ({error.strerror}); name resolvers") from error
    words = (line.split() for line in lines)
    found = [word[1] for word in words if len(word) > 1 and word[0] == "nameserver" and parse_address(word[1])]
    return tuple((address, 53) for address in found[:_MOST_SERVERS]) or (("127.0.0.1", 53),)


class DnsClient:
    """Sends each question from a port of its own, with a random id: forged answers must guess both (RFC 5452)."""

    def __init__(self, servers: Sequence[Server]) -> None:
        self._servers = tuple(servers)

    async def ask(self, name: str, kind: int, seconds: float) -> tuple[str, ...]:
        """Return the values of the records; raises DnsError."""
        failed = "no resolver answered"
        try:
            async with asyncio.timeout(seconds):
                for server in self._servers * _ROUNDS:
                    try:
                        async with asyncio.timeout(_TRY_SECONDS):
                            return (await self._ask(server, name, kind)).values
                    except TimeoutError:
                        failed = f"no answer from the resolver {server[0]}"
                    except DnsError as error:
                        failed = str(error)
                    except (OSError, EOFError) as error:
                        failed = f"the resolver {server[0]}: {getattr(error, 'strerror', '') or 'closed'}"
        except TimeoutError:
            pass
        raise DnsError(failed)

    async def _ask(self, server: Server, name: str, kind: int) -> Reply:
        asked = question(secrets.randbelow(0x10000), name, kind)
        over_udp = await _over_udp(server, asked, kind)
        return await _over_tcp(server, asked, kind) if over_udp.truncated else over_udp


class _Datagrams(asyncio.DatagramProtocol):
    """Keeps what has the id of the question; a flood of forged answers is not kept."""

    def __init__(self, number: bytes) -> None:
        self._number = number
        self.received: asyncio.Queue[bytes | OSError] = asyncio.Queue(4)

    def datagram_received(self, data: bytes, addr: object) -> None:  # noqa: ARG002  # asyncio's interface
        if data[:2] == self._number:
            self._put(data)

    def error_received(self, exc: Exception) -> None:
        self._put(exc if isinstance(exc, OSError) else OSError(str(exc)))

    def _put(self, what: bytes | OSError) -> None:
        if not self.received.full():
            self.received.put_nowait(what)


async def _over_udp(server: Server, asked: bytes, kind: int) -> Reply:
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.create_datagram_endpoint(lambda: _Datagrams(asked[:2]), remote_addr=server)
    try:
        transport.sendto(asked)
        got = await protocol.received.get()
        if isinstance(got, OSError):
            raise got
        return reply(got, asked, kind)
    finally:
        transport.abort()


async def _over_tcp(server: Server, asked: bytes, kind: int) -> Reply:
    reader, writer = await asyncio.open_connection(*server)
    try:
        writer.write(len(asked).to_bytes(2, "big") + asked)
        length = int.from_bytes(await reader.readexactly(2), "big")
        return reply(await reader.readexactly(length), asked, kind)
    finally:
        writer.transport.abort()
