# SPDX-License-Identifier: MIT
"""Knocks at services other than SSH and HTTP as a scanner does: connects, says hello, and takes what it is told."""

import asyncio
import contextlib
import ssl

from decnet.cli.errors import CommandError

_SECONDS = 10.0
_FIRST_WORDS = {"redis": b"PING\r\n"}
"""Of protocols in which the server waits for the client."""
_IN_TLS = ("https",)


class GreetingFailed(CommandError):
    """A service did not answer."""


async def greet(service: str, address: str, port: int, *, source: str) -> bytes:
    """Return the first bytes that a service says, in TLS b"" after the handshake; raises GreetingFailed."""
    context = None
    if service in _IN_TLS:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # a decky's certificate is its own
    try:
        async with asyncio.timeout(_SECONDS):
            reader, writer = await asyncio.open_connection(address, port, ssl=context, local_addr=(source, 0))
            try:
                if service in _IN_TLS:
                    return b""
                writer.write(_FIRST_WORDS.get(service, b""))
                said = await reader.read(512)
            finally:
                writer.close()
                with contextlib.suppress(OSError):
                    await writer.wait_closed()
    except OSError as error:
        raise GreetingFailed(f"{service} at {address}:{port}: {error or 'no answer'}") from error
    if not said:
        raise GreetingFailed(f"{service} at {address}:{port} said nothing")
    return said
