# SPDX-License-Identifier: MIT
"""Sockets that outlive a worker's process: its supervisor, or systemd, keeps duplicates (sd_notify(3), FDSTORE=1).

So a port stays open while the worker is started again: clients wait in it. Each entry has a name and any number of
sockets; they come back in no particular order.
"""

from __future__ import annotations

import array
import contextlib
import os
import socket
from collections.abc import Mapping, Sequence

import msgspec

from decnet_core.net.inherited import VARIABLE, close_all, passed
from decnet_core.runtime.notify import MOST_DESCRIPTORS, Notifier

CHANNEL = "stored-sockets"
"""What a supervisor calls the descriptor (`net.inherited`) through which it returns them, a packet after the other.

One variable, or one message, could not hold thousands of them."""

MOST_IN_PACKET = 64
"""The kernel passes at most 253 descriptors with a message (SCM_MAX_FD)."""

LARGEST_NAME = 255
"""Of FDNAME, sd_pid_notify_with_fds(3)."""

_WAIT_SECONDS = 10.0
_FIRST = 3
"""SD_LISTEN_FDS_START, sd_listen_fds(3)."""

encode_names = msgspec.json.Encoder().encode
_decode_names = msgspec.json.Decoder(list[str])


def keeping(name: str) -> str:
    """Return the message that adds the sockets that come with it to an entry."""
    return f"FDSTORE=1\nFDNAME={name}\nFDPOLL=0"


def forgetting(name: str) -> str:
    """Return the message that removes an entry."""
    return f"FDSTOREREMOVE=1\nFDNAME={name}"


def receive() -> dict[str, list[int]]:
    """Return what was kept for this worker, descriptors by name; once, for it clears the environment."""
    return _from_systemd() or _from_supervisor()


class StoredSockets:
    """What was kept for this process until it is taken, and the way to have more kept."""

    def __init__(self, notifier: Notifier, descriptors: Mapping[str, Sequence[int]] = {}) -> None:  # read only
        self._notifier = notifier
        self._waiting = {name: list(numbers) for name, numbers in descriptors.items()}

    @property
    def names(self) -> list[str]:
        """The entries that nobody has taken."""
        return list(self._waiting)

    def take(self, name: str) -> list[socket.socket]:
        """Return the sockets of an entry, which are the caller's; the entry stays in the store."""
        return [socket.socket(fileno=number) for number in self._waiting.pop(name, ())]

    def close_others(self, prefix: str) -> None:
        """Close what does not belong to this process: entries whose names do not begin with `prefix`.

        A process of several (`runtime.shares`) inherits those of all. They stay in the store.
        """
        for name in [name for name in self._waiting if not name.startswith(prefix)]:
            close_all(self._waiting.pop(name))

    async def keep(self, name: str, sockets: Sequence[socket.socket]) -> None:
        """Add sockets to an entry. A supervisor that has no room for the message is waited for."""
        numbers = [each.fileno() for each in sockets]
        for first in range(0, len(numbers), MOST_DESCRIPTORS):
            await self._notifier.insist(keeping(name), numbers[first : first + MOST_DESCRIPTORS])

    async def forget(self, name: str) -> None:
        """Remove an entry; one that is not there is no error."""
        close_all(self._waiting.pop(name, ()))
        await self._notifier.insist(forgetting(name))


def _from_systemd() -> dict[str, list[int]]:
    number, names = os.environ.pop("LISTEN_FDS", ""), os.environ.pop("LISTEN_FDNAMES", "")
    if os.environ.pop("LISTEN_PID", "") != str(os.getpid()) or not number.isdecimal():
        return {}
    found: dict[str, list[int]] = {}
    for descriptor, name in zip(range(_FIRST, _FIRST + int(number)), names.split(":"), strict=False):
        os.set_inheritable(descriptor, False)  # the signature of the standard library
        found.setdefault(name, []).append(descriptor)
    return found


def _from_supervisor() -> dict[str, list[int]]:
    entries = os.environ.get(VARIABLE, "").split()
    ours = next((entry for entry in entries if entry.startswith(f"{CHANNEL}=")), "")
    if not ours:
        return {}
    os.environ[VARIABLE] = " ".join(entry for entry in entries if entry != ours)
    with socket.socket(fileno=int(ours.partition("=")[2])) as channel:
        channel.settimeout(_WAIT_SECONDS)
        return _read_all(channel)


def _read_all(channel: socket.socket) -> dict[str, list[int]]:
    """Return all that the supervisor sends; when it stops in the middle, what has come."""
    found: dict[str, list[int]] = {}
    room = socket.CMSG_SPACE(MOST_IN_PACKET * array.array("i").itemsize)
    with contextlib.suppress(OSError, msgspec.DecodeError):
        while True:
            data, ancillary, _, _ = channel.recvmsg(MOST_IN_PACKET * (LARGEST_NAME + 4), room, socket.MSG_CMSG_CLOEXEC)
            if not data:
                break
            for name, descriptor in zip(_decode_names.decode(data), passed(ancillary), strict=False):
                found.setdefault(name, []).append(descriptor)
    return found
