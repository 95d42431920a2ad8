# SPDX-License-Identifier: MIT
"""Ports of a decky for connections that a service asks its client for, such as FTP's data connections.

A process cannot open a port in another network namespace. So whoever hands a decky over hands some sockets more, which
are bound there and not listened on: to everybody these ports are closed. One that is needed is listened on, and closed
again afterwards by shutdown(2), which leaves it bound.
"""

import contextlib
import socket
from collections.abc import Iterable

from decnet_core.net.addresses import peer_address


class DataPorts:
    """The sockets of one decky; without any, services open ports themselves."""

    def __init__(self, sockets: Iterable[socket.socket] = ()) -> None:
        self.sockets = tuple(sockets)
        self._free = list(self.sockets)
        for each in self.sockets:
            each.setblocking(False)
            _close(each)  # a former process may have been killed while it listened

    def listening(self, address: str) -> socket.socket:
        """Return a socket that listens at `address`; raises OSError when all are in use."""
        for each in self._free:
            if peer_address(each.getsockname()[0]) == address:
                each.listen(1)
                self._free.remove(each)
                return each
        raise OSError(f"all data ports of {address} are in use")

    def give_back(self, listening: socket.socket) -> None:
        """Close the port again."""
        _close(listening)
        self._free.append(listening)

    def close(self) -> None:
        for each in self.sockets:
            each.close()


def _close(sock: socket.socket) -> None:
    """Close its port. One that does not listen is let be: Linux would end the connections that it accepts later."""
    with contextlib.suppress(OSError):
        if sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
            sock.shutdown(socket.SHUT_RDWR)
