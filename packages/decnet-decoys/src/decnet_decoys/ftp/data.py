# SPDX-License-Identifier: MIT
"""Data connections: to the client as it asked for them, or from it, and from nobody else."""

import asyncio
import contextlib
import socket

from decnet_decoys.services.connection import Connection, TcpConnection
from decnet_decoys.services.data_ports import DataPorts
from decnet_decoys.settings import LimitSettings

CONNECT_SECONDS = 60.0
"""vsftpd's accept_timeout and connect_timeout."""


class DataChannel:
    """How the next data connection comes about; one at a time."""

    def __init__(self, control: Connection, limits: LimitSettings, ports: DataPorts) -> None:
        self._control = control
        self._limits = limits
        self._ports = ports
        self._listening: socket.socket | None = None
        self._port: int | None = None

    @property
    def ready(self) -> bool:
        return self._listening is not None or self._port is not None

    def listen(self) -> int:
        """Wait for the client at a port of the decky's address; return it. Raises OSError where that cannot be.

        In a network namespace of its own a decky has data ports for that (`services.data_ports`); it connects to
        nobody there, so that `open` fails after `connect_to`, as behind a firewall.
        """
        self.close()
        address = self._control.recorder.info.dst[0]
        if self._ports.sockets:
            self._listening = self._ports.listening(address)
            return int(self._listening.getsockname()[1])
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        listening = socket.socket(family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        try:
            listening.bind((address, 0))
            listening.listen(1)
        except OSError:
            listening.close()
            raise
        self._listening = listening
        return int(listening.getsockname()[1])

    def connect_to(self, port: int) -> None:
        """Connect to a port of the client when there is something to transfer."""
        self.close()
        self._port = port

    async def open(self) -> TcpConnection:
        """Return the data connection; raises OSError, TimeoutError."""
        loop, info = asyncio.get_running_loop(), self._control.recorder.info
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                if self._listening is not None:
                    sock = await self._accepted(self._listening)
                else:
                    family = socket.AF_INET6 if ":" in info.src[0] else socket.AF_INET
                    sock = socket.socket(family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
                    try:
                        sock.bind((info.dst[0], 0))
                        await loop.sock_connect(sock, (info.src[0], self._port))
                    except BaseException:
                        sock.close()
                        raise
        finally:
            self.close()
        control = self._control
        return TcpConnection(sock, control.recorder, self._limits, self._limits.idle_seconds, control.lease)

    async def _accepted(self, listening: socket.socket) -> socket.socket:
        """Accept the client; others that find the port are sent away, as vsftpd does."""
        while True:
            sock, peer = await asyncio.get_running_loop().sock_accept(listening)
            if peer[0] == self._control.recorder.info.src[0]:
                return sock
            sock.close()

    def close(self) -> None:
        """Forget how the next connection was to come about."""
        if self._listening is not None and self._listening in self._ports.sockets:
            self._ports.give_back(self._listening)
        elif self._listening is not None:
            with contextlib.suppress(OSError):
                self._listening.close()
        self._listening = self._port = None
