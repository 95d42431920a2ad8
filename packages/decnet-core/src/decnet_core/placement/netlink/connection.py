# SPDX-License-Identifier: MIT
"""A netlink socket in the network namespace of the thread that opens it."""

from __future__ import annotations

import contextlib
import os
import socket
import time
from collections.abc import Sequence

from decnet_core.errors import CoreError
from decnet_core.placement.netlink.message import ACK, DONE, DUMP, ERROR, REQUEST, Message, messages, reply

ROUTE, NETFILTER = 0, 12
SOL_NETLINK, _EXT_ACK, _STRICT_DUMPS = 270, 11, 12
_DATAGRAM = 1 << 20
_SECONDS = 10.0
"""The kernel answers at once, unless another program holds the lock of its network configuration."""


class NetlinkError(CoreError, OSError):
    """The kernel refused a request; `strerror` says why, in its own words where it has any."""


class Netlink:
    """One connection; a context manager. Requests raise NetlinkError."""

    def __init__(self, protocol: int = ROUTE) -> None:
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, protocol)
        self._socket.settimeout(_SECONDS)
        self._socket.bind((0, 0))
        for option in (_EXT_ACK, _STRICT_DUMPS):
            with contextlib.suppress(OSError):  # Linux before 4.12 and 4.20
                self._socket.setsockopt(SOL_NETLINK, option, 1)
        self._sequence = int(time.time()) & 0x7FFFFFFF

    def __enter__(self) -> Netlink:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def request(self, kind: int, body: bytes, flags: int = 0) -> None:
        """Have one change made."""
        self._ask(kind, ACK | flags, body)

    def get(self, kind: int, body: bytes) -> list[bytes]:
        """Return the body of the object that is asked for."""
        return self._ask(kind, ACK, body)

    def dump(self, kind: int, body: bytes) -> list[bytes]:
        """Return the bodies of all objects of a kind."""
        return self._ask(kind, DUMP, body)

    def transaction(self, begin: tuple[int, bytes], changes: Sequence[tuple[int, int, bytes]], end: int) -> None:
        """Have changes (kind, flags, body) made all together or not at all, as nftables can."""
        first = self._sequence + 1
        kinds = [(begin[0], 0, begin[1]), *changes, (end, 0, begin[1])]
        numbered = [
            Message(kind, REQUEST | flags, first + place, body) for place, (kind, flags, body) in enumerate(kinds)
        ]
        last = numbered[-2]
        numbered[-2] = last._replace(flags=last.flags | ACK)
        self._sequence = numbered[-1].sequence
        self._socket.send(b"".join(message.encoded() for message in numbered))
        self._answers(last.sequence, first)

    def _ask(self, kind: int, flags: int, body: bytes) -> list[bytes]:
        """Send one message and return the bodies of the answers."""
        self._sequence += 1
        self._socket.send(Message(kind, REQUEST | flags, self._sequence, body).encoded())
        return [message.body for message in self._answers(self._sequence)]

    def _answers(self, last: int, first: int | None = None) -> list[Message]:
        """Return the messages until the end of those that answer `last`; older ones than `first` are ignored."""
        found: list[Message] = []
        while True:
            for message in messages(self._socket.recv(_DATAGRAM)):
                if not (last if first is None else first) <= message.sequence <= last:
                    continue
                if message.kind == DONE:
                    return found
                if message.kind == ERROR:
                    answer = reply(message)
                    if answer.number:
                        raise NetlinkError(answer.number, answer.text or os.strerror(answer.number))
                    return found
                found.append(message)
