# SPDX-License-Identifier: MIT
"""A client's connection as asyncio's streams, which also tells when the client goes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import NamedTuple

from decnet_core.net.places import Place
from decnet_web.web.messages.requests import MAX_HEAD_BYTES


class Stream(NamedTuple):
    """Both directions of a connection."""

    protocol: ClientProtocol
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter


class ClientProtocol(asyncio.StreamReaderProtocol):
    """A stream that tells at once when its client has gone, for answers that take long."""

    def __init__(self, connected: Callable[[Stream], None], place: Place) -> None:
        reader = asyncio.StreamReader(limit=MAX_HEAD_BYTES)
        super().__init__(reader, lambda reader, writer: connected(Stream(self, reader, writer)))
        self._place = place
        self.on_gone: Callable[[], None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if transport.get_extra_info("peername") is None:  # reset already; without an address it would count as local
            assert isinstance(transport, asyncio.WriteTransport)
            transport.abort()
        else:
            super().connection_made(transport)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._place.stalls()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._place.moves()

    def eof_received(self) -> bool | None:
        self._gone()
        return super().eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        self._gone()
        self._place.free()
        super().connection_lost(exc)

    def _gone(self) -> None:
        if self.on_gone is not None:
            self.on_gone()
