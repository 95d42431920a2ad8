# SPDX-License-Identifier: MIT
"""Byte channels that are not SSH, and what is recorded of a session on them: a terminal works on any of them."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from typing import Any

from decnet_decoys.terminal.terminal import Terminal


class MemoryChannel:
    """A `ByteChannel` that keeps what is written."""

    def __init__(self) -> None:
        self.shown = b""
        self.errors = b""
        self.paused = False

    def write(self, data: bytes, *, error: bool = False) -> None:
        if error:
            self.errors += data
        else:
            self.shown += data

    def pause_reading(self) -> None:
        self.paused = True

    def resume_reading(self) -> None:
        self.paused = False


class Notes:
    """A `Recording` and the `SessionEvents` of one session, kept in lists."""

    def __init__(self) -> None:
        self.kept: list[tuple[str, bytes]] = []
        self.commands: list[tuple[str, bool]] = []
        self.files: list[tuple[str, bytes]] = []
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.failures = 0
        self.limits: list[str] = []

    def shown(self, _moment: float, data: bytes) -> None:
        self.kept.append(("o", data))

    def typed(self, _moment: float, data: bytes) -> None:
        self.kept.append(("i", data))

    def command(self, line: str, *, known: bool, moment: float) -> None:
        assert moment >= 0
        self.commands.append((line, known))

    def capturing(self, path: str, data: bytes, *, partial: bool = False) -> Iterator[None]:
        yield
        if not partial:
            self.files.append((path, data))

    def requested(self, action: str, detail: dict[str, str]) -> None:
        self.requests.append((action, detail))

    def command_failed(self) -> None:
        self.failures += 1

    def limited(self, *, session: bool) -> None:
        self.limits.append("session" if session else "line")


class SocketChannel(asyncio.Protocol):
    """A terminal on a plain stream socket, as a service without encryption has it."""

    def __init__(self, *, pty: bool) -> None:
        self._pty = pty

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self.pause_reading, self.resume_reading = transport.pause_reading, transport.resume_reading
        self.terminal = Terminal(self, pty=self._pty, idle_seconds=60.0)

    def write(self, data: bytes, *, error: bool = False) -> None:
        del error  # a socket has one direction for both
        self._transport.write(data)

    def data_received(self, data: bytes) -> None:
        self.terminal.data_received(data)

    def eof_received(self) -> bool:
        self.terminal.eof_received()
        return True

    def pause_writing(self) -> None:
        self.terminal.pause_writing()

    def resume_writing(self) -> None:
        self.terminal.resume_writing()

    def connection_lost(self, _error: Exception | None) -> None:
        self.terminal.connection_lost()

    def close(self) -> None:
        self._transport.close()


async def over_socket(*, pty: bool) -> tuple[SocketChannel, asyncio.StreamReader, asyncio.StreamWriter]:
    """Connect a terminal to a client by a pair of sockets."""
    ours, theirs = socket.socketpair()
    loop = asyncio.get_running_loop()
    _, channel = await loop.create_connection(lambda: SocketChannel(pty=pty), sock=ours)
    reader, writer = await asyncio.open_connection(sock=theirs)
    return channel, reader, writer
