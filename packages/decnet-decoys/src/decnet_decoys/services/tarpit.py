# SPDX-License-Identifier: MIT
"""Makes a service slow for its clients: a delay before each thing that they sent is looked at, and little bandwidth.

The bandwidth is the kernel's work (SO_MAX_PACING_RATE, socket(7)), so it holds for services whose protocol library
writes by itself, too, and costs a connection nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from typing import TYPE_CHECKING

from decnet_core.events.catalogue import ServiceRequest
from decnet_decoys.settings import DecoysSettings, TarpitSettings

if TYPE_CHECKING:
    from decnet_decoys.services.connection import Connection

SO_MAX_PACING_RATE = 47
"""Of Linux; the module socket has no name for it."""
MOST_QUEUED = 4096
"""Bytes of a slow client's answers that the kernel takes ahead: it would be sent that much at once."""


def tarpit_of(settings: DecoysSettings, decky: str, service: str) -> TarpitSettings | None:
    """Return how slow a service of a decky is; None: it is not."""
    for one in settings.tarpit:
        if one.decky == decky and one.service in (service, "*"):
            return one
    return None


async def hold_up(connection: Connection, tarpit: TarpitSettings) -> None:
    """Record that a client is in the tarpit, bound what it is sent, and let it wait."""
    detail = {"delay_ms": str(tarpit.delay_ms), "bytes_per_second": str(tarpit.bytes_per_second)}
    connection.recorder.emit(ServiceRequest(service=connection.recorder.service, action="tarpit", detail=detail))
    connection.recorder.told = False
    connection.recorder.counters.add("decoys_tarpit_connections")
    if tarpit.bytes_per_second and connection.socket.type & socket.SOCK_STREAM:
        with contextlib.suppress(OSError):  # a kernel that cannot
            connection.socket.setsockopt(socket.SOL_SOCKET, SO_MAX_PACING_RATE, tarpit.bytes_per_second)
            connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, MOST_QUEUED)
    connection.delay_seconds = tarpit.delay_ms / 1000
    await asyncio.sleep(connection.delay_seconds)
