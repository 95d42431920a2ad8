# SPDX-License-Identifier: MIT
"""Packets of SFTP version 3 (draft-ietf-secsh-filexfer-02): a client's read field by field, a server's written."""

import struct
from collections.abc import Sequence

from decnet_decoys.errors import DecoysError
from decnet_decoys.shell.encoding import decode, encode
from decnet_decoys.shell.machine.fs_errors import DENIED
from decnet_decoys.shell.machine.tree import Entry
from decnet_decoys.ssh.wire import string

OK, EOF, NO_SUCH_FILE, PERMISSION_DENIED, FAILURE, BAD_MESSAGE, UNSUPPORTED = 0, 1, 2, 3, 4, 5, 8
_WORDS = {
    OK: "Success",
    EOF: "End of file",
    NO_SUCH_FILE: "No such file",
    PERMISSION_DENIED: DENIED,
    FAILURE: "Failure",
    BAD_MESSAGE: "Bad message",
    UNSUPPORTED: "Operation unsupported",
}
_VERSION, _STATUS, _HANDLE, _DATA, _NAME, _ATTRS, _EXTENDED_REPLY = 2, 101, 102, 103, 104, 105, 201


class BadPacketError(DecoysError, ValueError):
    """The client's bytes are no SFTP packet; the server ends with that exit status."""

    def __init__(self, exit_status: int = 255) -> None:
        super().__init__()
        self.exit_status = exit_status


class Packet:
    """The fields of one packet in order; each reader raises BadPacketError where a field is missing."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def number(self, size: int = 4) -> int:
        return int.from_bytes(self._take(size), "big")

    def string(self) -> bytes:
        """Return a string: its length, then its bytes."""
        return self._take(self.number())

    def path(self) -> str:
        return decode(self.string())

    def attributes(self) -> dict[str, int]:
        """Return the fields of ATTRS that a change may set."""
        flags, found = self.number(), {}
        if flags & 1:
            found["size"] = self.number(8)
        if flags & 2:
            found["uid"], found["gid"] = self.number(), self.number()
        if flags & 4:
            found["mode"] = self.number() & 0o7777
        if flags & 8:
            self.number()
            found["mtime"] = self.number()
        return found

    def _take(self, size: int) -> bytes:
        field = self._data[self._at : self._at + size]
        if len(field) < size:
            raise BadPacketError
        self._at += size
        return field


def framed(reply: bytes) -> bytes:
    """Return a reply with its length before it."""
    return struct.pack(">I", len(reply)) + reply


def answering(request: int, reply: bytes) -> bytes:
    """Return a reply made by one of the functions below with the number of the request that it answers."""
    return reply[:1] + struct.pack(">I", request) + reply[1:]


def version(extensions: Sequence[tuple[bytes, bytes]]) -> bytes:
    """Return the greeting; it answers no numbered request."""
    pairs = (string(name) + string(value) for name, value in extensions)
    return bytes([_VERSION]) + struct.pack(">I", 3) + b"".join(pairs)


def status(code: int, words: str = "") -> bytes:
    """Return how a request ended, in the usual words if there are none."""
    return bytes([_STATUS]) + struct.pack(">I", code) + string((words or _WORDS[code]).encode()) + string(b"")


def handle(name: bytes) -> bytes:
    return bytes([_HANDLE]) + string(name)


def data(piece: bytes) -> bytes:
    return bytes([_DATA]) + string(piece)


def names(rows: Sequence[tuple[str, str, Entry | None]]) -> bytes:
    """Return names, each with the line that `ls -l` would show, and attributes where there are any."""
    fields = (
        string(encode(name)) + string(encode(line)) + (_attributes(entry) if entry else bytes(4))
        for name, line, entry in rows
    )
    return bytes([_NAME]) + struct.pack(">I", len(rows)) + b"".join(fields)


def attributes(entry: Entry) -> bytes:
    return bytes([_ATTRS]) + _attributes(entry)


def numbers(*values: int) -> bytes:
    """Return an extension's answer of numbers of 64 bits."""
    return bytes([_EXTENDED_REPLY]) + struct.pack(f">{len(values)}Q", *values)


def texts(lists: Sequence[Sequence[str]]) -> bytes:
    """Return an extension's answer of lists of texts."""
    return bytes([_EXTENDED_REPLY]) + b"".join(
        string(b"".join(string(encode(text)) for text in each)) for each in lists
    )


def _attributes(entry: Entry) -> bytes:
    """Return ATTRS with size, owner, permissions and times."""
    when = entry.mtime & 0xFFFFFFFF
    return struct.pack(">IQIIIII", 15, entry.size, entry.uid, entry.gid, entry.st_mode, when, when)
