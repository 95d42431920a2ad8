# SPDX-License-Identifier: MIT
"""Queries a DNS server for a name's IPv4 address by UDP (RFC 1035), from a chosen source address."""

import asyncio
import secrets
import struct

from decnet.cli.errors import CommandError

_HEADER = struct.Struct("!6H")
_RECURSION_DESIRED = 0x0100
_TYPE_A, _CLASS_IN = 1, 1
_SECONDS = 5.0


class DnsFailed(CommandError):
    """There was no answer, or none to this question."""


class _Exchange(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:  # noqa: ARG002  # asyncio's signature
        if not self.answer.done():
            self.answer.set_result(data)

    def error_received(self, exc: Exception) -> None:
        if not self.answer.done():
            self.answer.set_exception(exc)


async def ask(name: str, server: tuple[str, int], *, source: str) -> int:
    """Return the answer's RCODE; raises DnsFailed."""
    query = build_query(secrets.randbits(16), name)
    transport, exchange = await asyncio.get_running_loop().create_datagram_endpoint(
        _Exchange, local_addr=(source, 0), remote_addr=server
    )
    try:
        transport.sendto(query)
        answer = await asyncio.wait_for(exchange.answer, _SECONDS)
    except (TimeoutError, OSError) as error:
        raise DnsFailed(f"no answer for {name} from {server[0]}:{server[1]}") from error
    finally:
        transport.close()
    if len(answer) < _HEADER.size or answer[:2] != query[:2]:
        raise DnsFailed(f"{server[0]}:{server[1]} sent no answer to this question")
    return answer[3] & 0x0F


def build_query(identity: int, name: str) -> bytes:
    """Return a query for the A records of `name`, a host name of plain ASCII labels."""
    labels = b"".join(bytes([len(label)]) + label.encode("ascii") for label in name.strip(".").split("."))
    return (
        _HEADER.pack(identity, _RECURSION_DESIRED, 1, 0, 0, 0) + labels + b"\0" + struct.pack("!2H", _TYPE_A, _CLASS_IN)
    )
