# SPDX-License-Identifier: MIT
"""Reports readiness and liveness to the supervisor: the sd_notify(3) protocol of systemd."""

from __future__ import annotations

import array
import asyncio
import contextlib
import os
import socket
from collections.abc import Sequence
from typing import NamedTuple

from decnet_core.net.inherited import passed
from decnet_core.net.unix_peer import UCRED

BUDGET = "X_DECNET_MEMORY_BUDGET"
"""Tells a supervisor, with READY=1 and WATCHDOG=1, how many bytes of unique memory the worker declares."""

USED = "X_DECNET_USS"
"""Tells it, with WATCHDOG=1, how many there are: it cannot look into a process of another user.

0 means no more than the budget."""

EXPOSED = "X_DECNET_EXPOSED"
"""Tells it, with READY=1, by the value 1, that attackers can reach the worker."""

REPLACE = "X_DECNET_REPLACE"
"""Asks it, by the value 1, to replace the process by one that takes less memory, as nobody needs what it holds."""

INSIST_SECONDS = 5.0

MOST_DESCRIPTORS = 16
"""That a supervisor takes with one message."""
_ROOM = socket.CMSG_SPACE(UCRED.size) + socket.CMSG_SPACE(MOST_DESCRIPTORS * array.array("i").itemsize)
_LARGEST = 64 * 1024


def parse(datagram: bytes) -> dict[str, str]:
    """Return the fields of one message; lines that are not NAME=VALUE are skipped."""
    lines = datagram.decode("utf-8", "backslashreplace").splitlines()
    return {name: value for name, found, value in (line.partition("=") for line in lines) if found and name}


class Notification(NamedTuple):
    """One message, and the process that sent it, as the kernel knows it."""

    pid: int
    fields: dict[str, str]
    descriptors: list[int]
    """Belong to the receiver."""


class Receiver:
    """The other side: an abstract datagram socket.

    The kernel tells which process sent a message (SCM_CREDENTIALS), so no process can speak for another.
    """

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self._socket.bind("")  # autobind, unix(7): the kernel chooses a free abstract name

    @property
    def address(self) -> str:
        """The value for NOTIFY_SOCKET; `@` stands for the zero byte of an abstract name."""
        name: bytes = self._socket.getsockname()
        return "@" + name[1:].decode("ascii")

    def fileno(self) -> int:
        return self._socket.fileno()

    def receive(self) -> Notification | None:
        """Return the next message, None when there is none."""
        try:
            data, ancillary, _flags, _sender = self._socket.recvmsg(_LARGEST, _ROOM, socket.MSG_CMSG_CLOEXEC)
        except OSError:
            return None
        for level, kind, content in ancillary:  # the kernel adds the credentials to each message
            if level == socket.SOL_SOCKET and kind == socket.SCM_CREDENTIALS:
                pid = UCRED.unpack(content[: UCRED.size])[0]
                return Notification(pid, parse(data), passed(ancillary))
        return None

    def close(self) -> None:
        self._socket.close()


class Notifier:
    """Sends state to `$NOTIFY_SOCKET`; does nothing when that is not set."""

    def __init__(self, address: str) -> None:
        self._address = "\0" + address[1:] if address.startswith("@") else address

    @classmethod
    def from_environment(cls) -> Notifier:
        return cls(os.environ.get("NOTIFY_SOCKET", ""))

    @property
    def wanted(self) -> bool:
        """Whether a supervisor asked for notifications."""
        return bool(self._address)

    def send(self, state: str, descriptors: Sequence[int] = ()) -> bool:
        """Send one state, e.g. `READY=1`; False when there is no room for it now: send it again later.

        The supervisor gets duplicates of the `descriptors`. One that has ended is no reason to fail.
        """
        if not self._address:
            return True
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as sock:
                sock.sendmsg([state.encode()], _rights(descriptors), 0, self._address)
        except BlockingIOError:  # net.unix.max_dgram_qlen, often 10: the supervisor reads late, or all beat at once
            return False
        except OSError:
            return True
        return True

    def send_patiently(self, state: str, descriptors: Sequence[int] = ()) -> None:
        """The same, blocking for room at most INSIST_SECONDS."""
        if self._address:
            with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
                sock.settimeout(INSIST_SECONDS)
                sock.sendmsg([state.encode()], _rights(descriptors), 0, self._address)

    async def insist(self, state: str, descriptors: Sequence[int] = ()) -> None:
        """Send one state, waiting for room at most INSIST_SECONDS: for READY=1, which nothing else would repeat."""
        if self.send(state, descriptors):
            return
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
            sock.setblocking(False)
            sock.connect(self._address)
            async with asyncio.timeout(INSIST_SECONDS):  # a TimeoutError is an OSError
                while not self.send(state, descriptors):
                    await _writable(sock)


async def _writable(sock: socket.socket) -> None:
    """Return when the receiver of a connected datagram socket has room."""
    loop, room = asyncio.get_running_loop(), asyncio.Event()
    loop.add_writer(sock, room.set)
    try:
        await room.wait()
    finally:
        loop.remove_writer(sock)


def _rights(descriptors: Sequence[int]) -> list[tuple[int, int, array.array[int]]]:
    return [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))] if descriptors else []


def watchdog_seconds() -> float | None:
    """Return the longest time between two heartbeats (`WATCHDOG_USEC`), None when the supervisor wants none."""
    try:
        interval = int(os.environ.get("WATCHDOG_USEC", "0")) / 1_000_000
    except ValueError:
        return None
    return interval if interval > 0 else None
