# SPDX-License-Identifier: MIT
"""The sockets that one worker has its supervisor keep (sd_notify(3), FDSTORE=1), for its next process."""

import asyncio
import contextlib
import logging
import os
import socket
from collections.abc import Mapping, Sequence

from decnet_core.net.descriptor_limit import allow_descriptors
from decnet_core.net.inherited import close_all
from decnet_core.runtime.stored_sockets import LARGEST_NAME, MOST_IN_PACKET, encode_names

log = logging.getLogger(__name__)

_MOST = 16_384
"""Descriptors kept for one worker; the kernel's limit for this process may be lower."""
_OTHER_FILES = 1024
"""Descriptors that this process needs for the workers."""

_SEND_SECONDS = 10.0


class SocketStore:
    """Descriptors by name; names may hold several."""

    def __init__(self) -> None:
        self.refused = 0
        """Descriptors for which there was no room."""
        self._entries: dict[str, list[int]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._entries.values()))

    def on_notify(self, fields: Mapping[str, str], descriptors: Sequence[int]) -> None:
        """Handle a message about the store; the descriptors are ours."""
        name = fields.get("FDNAME", "stored")[:LARGEST_NAME]
        if "FDSTOREREMOVE" in fields:
            close_all(descriptors)
            close_all(self._entries.pop(name, ()))
        elif not self._has_room(len(descriptors)):
            close_all(descriptors)
            if not self.refused:
                log.warning("sockets of %s and others are not kept over restarts: raise LimitNOFILE", name)
            self.refused += len(descriptors)
        else:
            self._entries.setdefault(name, []).extend(descriptors)

    def _has_room(self, count: int) -> bool:
        needed = len(self) + count
        return needed <= _MOST and allow_descriptors(needed + _OTHER_FILES) >= needed + _OTHER_FILES

    def clear(self) -> None:
        """Close all of them."""
        for numbers in self._entries.values():
            close_all(numbers)
        self._entries.clear()

    def channel(self) -> socket.socket:
        """Return a socket from which the worker's next process can read all of them; the caller closes it.

        They are sent in the background: the kernel holds only some hundred on their way.
        """
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        pairs = [(name, number) for name, numbers in self._entries.items() for number in numbers]
        _Sender(ours, pairs).start()
        return theirs


class _Sender:
    """Sends names and descriptors, packet by packet, as fast as they are read."""

    def __init__(self, channel: socket.socket, pairs: Sequence[tuple[str, int]]) -> None:
        self._channel = channel
        copies = [(name, os.dup(number)) for name, number in pairs]  # an entry may be removed meanwhile
        self._left = [list(part) for part in _batched(copies, MOST_IN_PACKET)]

    def start(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(_SEND_SECONDS, self._end)
        loop.add_writer(self._channel, self._send)

    def _send(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while self._left:
                names, numbers = zip(*self._left[0], strict=True)
                try:
                    socket.send_fds(self._channel, [encode_names(names)], list(numbers))
                except BlockingIOError:
                    raise
                except OSError:  # it has ended, or the kernel has too many on their way (ETOOMANYREFS)
                    break
                close_all(numbers)
                del self._left[0]
            self._end()

    def _end(self) -> None:
        self._timer.cancel()
        asyncio.get_running_loop().remove_writer(self._channel)
        self._channel.close()
        for part in self._left:
            close_all(number for _, number in part)
        self._left.clear()


def _batched(pairs: Sequence[tuple[str, int]], size: int) -> list[Sequence[tuple[str, int]]]:
    return [pairs[first : first + size] for first in range(0, len(pairs), size)]
