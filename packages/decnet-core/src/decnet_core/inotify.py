# SPDX-License-Identifier: MIT
"""inotify(7) by ctypes: the kernel tells when files or directories change, so that who waits for it sleeps."""

import errno
import os
import struct
from collections.abc import Iterator
from ctypes import CDLL, c_uint32, get_errno
from typing import NamedTuple

MODIFY, ATTRIB, MOVED_FROM, MOVED_TO, CREATE, DELETE = 0x2, 0x4, 0x40, 0x80, 0x100, 0x200
DELETE_SELF, MOVE_SELF, OVERFLOW, IGNORED = 0x400, 0x800, 0x4000, 0x8000
ONLY_DIRECTORY, IS_DIRECTORY = 0x0100_0000, 0x4000_0000

_EVENT = struct.Struct("iIII")
_ROOM = 64 * 1024


class InotifyEvent(NamedTuple):
    watch: int
    mask: int
    """What happened: MODIFY and the others, with IS_DIRECTORY where it happened to a directory."""
    name: bytes
    """Of the entry of a watched directory; empty for a watched file."""


class Inotify:
    """One instance of inotify; raises OSError, also where a limit of `fs.inotify` is reached or there is no inotify."""

    def __init__(self) -> None:
        self._libc = CDLL(None, use_errno=True)
        if not hasattr(self._libc, "inotify_init1"):
            raise OSError(errno.ENOSYS, "this C library has no inotify")
        self.descriptor = _checked(self._libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC))  # their values are the same
        """Readable when something has changed."""

    def watch(self, path: str | os.PathLike[str], mask: int) -> int:
        """Watch `path` for the changes of `mask`; return the number by which they are known."""
        return _checked(self._libc.inotify_add_watch(self.descriptor, os.fsencode(path), c_uint32(mask)))

    def forget(self, watch: int) -> None:
        """End a watch, also one that the kernel has ended."""
        self._libc.inotify_rm_watch(self.descriptor, watch)

    def read(self) -> Iterator[InotifyEvent]:
        """Yield the changes that wait, until there are none."""
        while events := self._read():
            offset = 0
            while offset < len(events):
                watch, mask, _, length = _EVENT.unpack_from(events, offset)
                offset += _EVENT.size
                yield InotifyEvent(watch, mask, events[offset : offset + length].rstrip(b"\0"))
                offset += length

    def _read(self) -> bytes:
        try:
            return os.read(self.descriptor, _ROOM)
        except BlockingIOError:
            return b""

    def close(self) -> None:
        os.close(self.descriptor)


def _checked(result: int) -> int:
    """Return the result of a system call, or raise what it failed with."""
    if result < 0:
        raise OSError(get_errno(), os.strerror(get_errno()))
    return result
