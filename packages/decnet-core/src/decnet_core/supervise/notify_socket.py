# SPDX-License-Identifier: MIT
"""Receives what workers report: the other side of sd_notify(3).

One abstract datagram socket serves the whole fleet. The kernel tells which process sent a datagram (SCM_CREDENTIALS),
so no process can speak for another.
"""

import array
import asyncio
import socket
import struct
from collections.abc import Callable

from decnet_core.net.inherited import passed
from decnet_core.runtime.notify import parse

_CREDENTIALS = struct.Struct("iII")  # struct ucred: pid, uid, gid
_MOST_DESCRIPTORS = 16
_ROOM = socket.CMSG_SPACE(_CREDENTIALS.size) + socket.CMSG_SPACE(_MOST_DESCRIPTORS * array.array("i").itemsize)
_LARGEST = 64 * 1024
_BURST = 64
"""Datagrams read per iteration of the loop, so that a flood cannot hold it."""


class NotifySocket:
    """Calls `on_notify(pid, fields, descriptors)` for each message; the descriptors belong to the callee."""

    def __init__(self, on_notify: Callable[[int, dict[str, str], list[int]], None]) -> None:
        self._on_notify = on_notify
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self._socket.bind("")  # autobind, unix(7): the kernel chooses a free abstract name
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._socket, self._read)

    @property
    def address(self) -> str:
        """The value for NOTIFY_SOCKET; `@` stands for the zero byte of an abstract name."""
        name: bytes = self._socket.getsockname()
        return "@" + name[1:].decode("ascii")

    def close(self) -> None:
        self._loop.remove_reader(self._socket)
        self._socket.close()

    def _read(self) -> None:
        for _ in range(_BURST):
            try:
                data, ancillary, _flags, _sender = self._socket.recvmsg(_LARGEST, _ROOM, socket.MSG_CMSG_CLOEXEC)
            except OSError:  # nothing more to read
                return
            for level, kind, content in ancillary:  # the kernel adds the credentials to each message
                if level == socket.SOL_SOCKET and kind == socket.SCM_CREDENTIALS:
                    pid = _CREDENTIALS.unpack(content[: _CREDENTIALS.size])[0]
                    self._on_notify(pid, parse(data), passed(ancillary))
