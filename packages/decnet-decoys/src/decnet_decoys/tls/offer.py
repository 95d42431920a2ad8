# SPDX-License-Identifier: MIT
"""A decky's TLS as its services offer it: the certificate is read, or made, in a thread, once."""

import asyncio
import ssl

from decnet_decoys.decky_context import DeckyContext
from decnet_decoys.services.connection import Connection, ConnectionEnded
from decnet_decoys.tls.certificate import is_made, make_certificate, server_context
from decnet_decoys.tls.connection import Clear, TlsConnection, secured
from decnet_decoys.tls.server_profile import ServerProfile


class TlsOffer:
    """What one service needs to speak TLS."""

    def __init__(
        self, context: DeckyContext, name: str, protocols: tuple[str, ...] = (), profile: ServerProfile | None = None
    ) -> None:
        """`name` is the certificate's, `protocols` are what ALPN (RFC 7301) may choose; no profile: Python's own."""
        self._context = context
        self._name = name
        self._protocols = protocols
        self._profile = profile
        self._ready: ssl.SSLContext | None = None
        self._making = asyncio.Lock()

    async def prepare(self) -> None:
        """Make the certificate if there is none; raises OSError."""
        if is_made(self._context.keys):
            return
        async with self._context.fleet.preparation:
            await self._context.runtime.in_thread(make_certificate, self._context.keys, self._name)

    async def secured(self, connection: Connection, clear: Clear | None = None) -> TlsConnection:
        """Return the connection inside TLS; raises ConnectionEnded, OSError, and ClearTextError if it is `clear`."""
        try:
            context = await self._server_context()
        except OSError as error:
            self._context.runtime.counters.add("decoys_certificates_failed")
            raise ConnectionEnded(f"no certificate: {error}") from error
        strict = self._profile is not None and self._profile.refuses_protocols
        return await secured(connection, context, self._protocols if strict else (), clear)

    async def _server_context(self) -> ssl.SSLContext:
        async with self._making:
            if self._ready is None:
                keys, in_thread = self._context.keys, self._context.runtime.in_thread
                made = await in_thread(server_context, keys, self._name, self._profile)
                if self._protocols:
                    made.set_alpn_protocols(list(self._protocols))
                self._ready = made
            return self._ready
