# SPDX-License-Identifier: MIT
"""The sockets that one worker has its supervisor keep (sd_notify(3), FDSTORE=1), for its next process."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Callable, Mapping, Sequence

from decnet_core.net.descriptor_limit import allow_descriptors
from decnet_core.net.inherited import close_all
from decnet_core.runtime.stored_sockets import LARGEST_NAME, MOST_IN_PACKET, encode_names

log = logging.getLogger(__name__)

_MOST = 16_384
"""Descriptors kept for one worker; the kernel's limit for this process may be lower."""
_OTHER_FILES = 1024
"""Descriptors that this process needs for the workers."""

_SEND_SECONDS = 10.0

Entry = tuple[str, int]
"""A name and one of its descriptors."""


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
        _Sender(ours, pairs, self._holds).start()
        return theirs

    def _holds(self, pair: Entry) -> bool:
        name, number = pair
        return number in self._entries.get(name, ())


class _Sender:
    """Sends names and descriptors, packet by packet, as fast as they are read.

    It has no copies of the descriptors, which could be more than this process may have: what is removed from the store
    meanwhile (`holds`) is not sent.
    """

    def __init__(self, channel: socket.socket, pairs: Sequence[Entry], holds: Callable[[Entry], bool]) -> None:
        self._channel = channel
        self._holds = holds
        self._left = [pairs[first : first + MOST_IN_PACKET] for first in range(0, len(pairs), MOST_IN_PACKET)]

    def start(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(_SEND_SECONDS, self._end)
        loop.add_writer(self._channel, self._send)

    def _send(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while self._left:
                if held := list(filter(self._holds, self._left[0])):
                    names, numbers = zip(*held, strict=True)
                    try:
                        socket.send_fds(self._channel, [encode_names(names)], numbers)
                    except BlockingIOError:
                        raise
                    except OSError:  # it has ended, or the kernel has too many on their way (ETOOMANYREFS)
                        break
                del self._left[0]
            self._end()

    def _end(self) -> None:
        self._timer.cancel()
        asyncio.get_running_loop().remove_writer(self._channel)
        self._channel.close()
        self._left.clear()
