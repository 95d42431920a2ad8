# SPDX-License-Identifier: MIT
"""Sockets of a decky's network namespace by which `orchestrator` connects from it to another decky.

Neither can open one there. So whoever hands a decky over hands some that are not bound, marked for its packet filter,
which lets them reach the fleet's other deckies; one is lent for a connection, then dissolved from that (connect(2),
AF_UNSPEC), and lent again.
"""

import contextlib
import ctypes
import os
import socket
from collections.abc import Iterable

from decnet_core.deckies.messages import CLIENT_MARK

_UNSPECIFIED = bytes(16)
"""An address of the family AF_UNSPEC."""

_libc = ctypes.CDLL(None, use_errno=True)


class ClientSockets:
    """The sockets of one decky."""

    def __init__(self, sockets: Iterable[socket.socket] = ()) -> None:
        self.sockets = tuple(sockets)
        self._free = list(self.sockets)
        for each in self.sockets:
            with contextlib.suppress(OSError):
                _dissolve(each)  # a former process may have been killed while it was lent

    def lend(self, version: int) -> socket.socket:
        """Return one of that IP version; raises OSError when there is none left."""
        family = socket.AF_INET if version == 4 else socket.AF_INET6
        for each in self._free:
            if each.family == family:
                self._free.remove(each)
                return each
        if not any(each.family == family for each in self.sockets):
            raise OSError("it has no socket to connect by: [reconciler] client_sockets is off")
        raise OSError("all sockets to connect from it are lent")

    def give_back(self, lent: socket.socket) -> None:
        """End its connection; one that cannot be used again is closed."""
        if lent.fileno() < 0:  # the decky has gone
            return
        try:
            _dissolve(lent)
        except OSError:
            lent.close()
        else:
            self._free.append(lent)

    def close(self) -> None:
        for each in self.sockets:
            each.close()


def is_client(sock: socket.socket) -> bool:
    """Return whether it is such a socket."""
    return sock.getsockopt(socket.SOL_SOCKET, socket.SO_MARK) == CLIENT_MARK


def _dissolve(sock: socket.socket) -> None:
    """End its connection and give its port back; raises OSError."""
    _disconnect(sock)
    if sock.getsockname()[1]:  # one that was bound keeps its port until it has connected: here to itself
        patience = sock.gettimeout()
        sock.setblocking(False)
        sock.connect_ex(sock.getsockname())
        sock.settimeout(patience)
        _disconnect(sock)


def _disconnect(sock: socket.socket) -> None:
    if _libc.connect(sock.fileno(), _UNSPECIFIED, len(_UNSPECIFIED)) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
