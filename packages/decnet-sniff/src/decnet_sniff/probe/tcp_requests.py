# SPDX-License-Identifier: MIT
"""The prober's ordinary sockets: one connection, a few bytes, the answer within a deadline.

Whatever the peer does (drip, hang, garbage, a gigabyte), it costs one deadline and a few kilobytes: reading stops at
what is wanted, and the connection is reset, not closed, so that no state of it remains.
"""

import asyncio
import contextlib
import socket
import struct
from collections.abc import Callable
from enum import Enum
from typing import Final

from decnet_sniff.probe import jarm
from decnet_sniff.protocols import ssh
from decnet_sniff.protocols.ssh import Ssh
from decnet_sniff.protocols.verdict import NEED_MORE, Verdict

_BUFFER: Final = 4096
_MOST_SSH: Final = 48 << 10
"""Bytes of a server's greeting: preamble, identification and the longest KEXINIT."""
_RESET: Final = struct.pack("ii", 1, 0)
"""SO_LINGER: drop what is unsent and send RST."""


class NoAnswer(Enum):
    CLOSED = "connection refused"
    SILENT = "no answer in time"


async def exchange(
    address: str, port: int, request: bytes, enough: Callable[[bytes], bool], *, most: int, seconds: float
) -> bytes | NoAnswer:
    """Return the answer to `request`, read until it is `enough`, has `most` bytes, ends, or `seconds` have passed."""
    answer = bytearray()
    writer = None
    try:
        async with asyncio.timeout(seconds):
            reader, writer = await asyncio.open_connection(address, port, limit=_BUFFER)
            writer.write(request)
            while len(answer) < most and not enough(bytes(answer)):
                piece = await reader.read(most - len(answer))
                if not piece:
                    break
                answer += piece
    except TimeoutError:
        return bytes(answer) if answer else NoAnswer.SILENT
    except OSError:
        if writer is None:
            return NoAnswer.CLOSED
    finally:
        if writer is not None:
            _reset(writer)
    return bytes(answer)


def _reset(writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    writer.transport.abort()


async def ask_jarm_hello(address: str, port: int, hello: bytes, seconds: float) -> jarm.ServerChoice | NoAnswer:
    """Return the answer to one of JARM's hellos.

    As in the reference, the first segment is parsed; when it ends within the ServerHello, the rest is awaited.
    """
    answer = await exchange(address, port, hello, jarm.complete, most=jarm.MOST, seconds=seconds)
    return answer if isinstance(answer, NoAnswer) else jarm.read_answer(answer)


async def ask_ssh(address: str, port: int, identification: str, seconds: float) -> Ssh | None:
    """Return the greeting of an SSH server, None if there is none."""
    request = identification.encode("ascii") + b"\r\n"
    answer = await exchange(address, port, request, _introduced, most=_MOST_SSH, seconds=seconds)
    if isinstance(answer, NoAnswer):
        return None
    greeting = ssh.recognise(answer)
    return None if isinstance(greeting, Verdict) else greeting


def _introduced(data: bytes) -> bool:
    return bool(data) and ssh.recognise(data) is not NEED_MORE


async def ask_certificate(address: str, port: int, name: str | None, seconds: float) -> bytes | None:
    """Return the DER of the certificate that a server shows for `name` (None: without SNI), None without one."""
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # it is looked at, not trusted
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    with contextlib.suppress(ssl.SSLError):
        context.set_ciphers("ALL:@SECLEVEL=0")  # nothing confidential is sent
    writer = None
    try:
        async with asyncio.timeout(seconds):
            _, writer = await asyncio.open_connection(
                address, port, ssl=context, server_hostname=name or "", limit=_BUFFER
            )
            der = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
            return der if isinstance(der, bytes) else None
    except OSError:  # TimeoutError and ssl.SSLError are OSErrors
        return None
    finally:
        if writer is not None:
            writer.transport.abort()
