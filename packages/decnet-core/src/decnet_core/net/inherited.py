# SPDX-License-Identifier: MIT
"""Sockets that a supervisor held while a worker was parked; its next life goes on with them.

Connections and datagrams that came meanwhile wait in them. An environment variable names their descriptors.
"""

from __future__ import annotations

import array
import contextlib
import os
import socket
from collections.abc import Iterable, Mapping
from pathlib import Path

from decnet_core.net.sockets import unix_name

Ancillary = Iterable[tuple[int, int, bytes]]
"""What socket.recvmsg(2) returns beside the data."""

VARIABLE = "DECNET_SOCKETS"
"""`http=12 dns-udp=13`: names of sockets and their descriptors."""


def described(descriptors: Mapping[str, int]) -> str:
    """Return the value of VARIABLE for descriptors by name."""
    return " ".join(f"{name}={descriptor}" for name, descriptor in descriptors.items())


def named(text: str) -> dict[str, int]:
    """Return the descriptors by name that a value of VARIABLE describes."""
    entries = (entry.partition("=") for entry in text.split())
    return {name: int(number) for name, _, number in entries if number.isdecimal()}


def passed(ancillary: Ancillary) -> list[int]:
    """Return the descriptors that came with a message (SCM_RIGHTS).

    `socket.recv_fds` does the same, but Python 3.11 to 3.13 ignore its flags, and so MSG_CMSG_CLOEXEC.
    """
    descriptors = array.array("i")
    for level, kind, content in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            descriptors.frombytes(content[: len(content) - len(content) % descriptors.itemsize])
    return list(descriptors)


def close_all(descriptors: Iterable[int]) -> None:
    """Close descriptors that nobody wants."""
    for descriptor in descriptors:
        os.close(descriptor)


class InheritedSockets:
    """The sockets that this process was started with, until they are taken or closed."""

    def __init__(self, text: str = "") -> None:
        """`text` is the value of VARIABLE; what is no socket is ignored."""
        self._waiting: dict[str, socket.socket] = {}
        for name, number in named(text).items():
            with contextlib.suppress(OSError):
                self._waiting[name] = socket.socket(fileno=number)

    @property
    def any_left(self) -> bool:
        """Whether there are sockets of a former life that nobody has taken yet."""
        return bool(self._waiting)

    @classmethod
    def from_environment(cls) -> InheritedSockets:
        """Read VARIABLE, once: a child of this process must not believe that they are its own."""
        return cls(os.environ.pop(VARIABLE, ""))

    def __len__(self) -> int:
        """Return how many there are; none for a worker that was not parked."""
        return len(self._waiting)

    def take(self, name: str, host: str, port: int) -> socket.socket | None:
        """Return the socket called `name` if it is bound to that address; port 0 stands for any."""
        found = self._waiting.pop(name, None)
        if found is None:
            return None
        with contextlib.suppress(OSError):
            bound = found.getsockname()
            wanted = socket.getaddrinfo(host, port, found.family, found.type)[0][4]
            if bound[0] == wanted[0] and port in (0, bound[1]):
                found.setblocking(False)
                return found
        found.close()
        return None

    def take_unix(self, name: str, path: Path) -> socket.socket | None:
        """Return the socket called `name` if it is the UNIX socket at `path` (`sockets.listening_unix`)."""
        found = self._waiting.pop(name, None)
        if found is None:
            return None
        if found.family == socket.AF_UNIX and found.getsockname() == str(unix_name(path)) and path.is_socket():
            found.setblocking(False)
            return found
        found.close()
        return None

    def take_any(self, name: str) -> socket.socket | None:
        """Return the socket called `name`, whatever it is bound to."""
        found = self._waiting.pop(name, None)
        if found is not None:
            found.setblocking(False)
        return found

    def close(self) -> None:
        """Close those that nobody took: the settings have changed."""
        for found in self._waiting.values():
            found.close()
        self._waiting.clear()
