# SPDX-License-Identifier: MIT
"""An SFTP server, protocol version 3 (draft-ietf-secsh-filexfer-02), on a session's files. Sans-IO.

Written here because asyncssh's own names asyncssh in its version packet. What is uploaded is handed on before the reply
that tells the client so.
"""

from __future__ import annotations

import posixpath
import stat
import struct
import time
from collections.abc import Callable
from typing import NamedTuple

from decnet_decoys.shell.call import decode, encode
from decnet_decoys.shell.files import DENIED, NO_SPACE, NOT_FOUND, Entry, FileFault
from decnet_decoys.shell.interpreter import Shell

MAX_PACKET = 256 << 10
MAX_HANDLES = 16
MAX_GAP = 1 << 20
"""How far beyond its end a file may be written; sequential clients never leave a gap."""
MAX_READ = 64 << 10

_OK, _EOF, _NO_SUCH_FILE, _DENIED, _FAILURE, _BAD_MESSAGE, _UNSUPPORTED = 0, 1, 2, 3, 4, 5, 8
_WORDS = {
    0: "Success",
    1: "End of file",
    2: NOT_FOUND,
    3: DENIED,
    4: "Failure",
    5: "Bad message",
    8: "Operation unsupported",
}
_STATUS, _HANDLE, _DATA, _NAME, _ATTRS, _EXTENDED_REPLY = 101, 102, 103, 104, 105, 201
_WRITE, _CREATE, _TRUNCATE = 0x02, 0x08, 0x10
_EXTENSIONS = ((b"posix-rename@openssh.com", b"1"), (b"fsync@openssh.com", b"1"), (b"lsetstat@openssh.com", b"1"),
               (b"limits@openssh.com", b"1"))  # fmt: skip


class BadPacketError(ValueError):
    """The client's bytes are no SFTP packet."""


class Upload(NamedTuple):
    """A file that was uploaded: `data` is what was kept of its `size` bytes."""

    path: str
    data: bytes
    size: int


class _Open:
    """An open file or directory."""

    def __init__(self, path: str, data: bytes = b"", *, writing: bool = False) -> None:
        self.path = path
        self.data = bytearray(data)
        """What a writer adds to it is held in the session's share."""
        self.writing = writing
        self.size = len(data)
        self.listing: list[tuple[str, Entry]] | None = None


class _Packet:
    """Reads the fields of one packet; raises BadPacketError."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def number(self, size: int = 4) -> int:
        field = self._data[self._at : self._at + size]
        if len(field) < size:
            raise BadPacketError
        self._at += size
        return int.from_bytes(field, "big")

    def string(self) -> bytes:
        length = self.number()
        field = self._data[self._at : self._at + length]
        if len(field) < length:
            raise BadPacketError
        self._at += length
        return field

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


class Sftp:
    """One SFTP channel; `uploaded` is called for each finished upload before it is acknowledged."""

    def __init__(self, shell: Shell, limit_bytes: int, uploaded: Callable[[Upload], None]) -> None:
        self._shell = shell
        self._limit = limit_bytes
        self._uploaded = uploaded
        self._waiting = b""
        self._open: dict[bytes, _Open] = {}
        self._next = 0

    def feed(self, data: bytes) -> bytes:
        """Take bytes, return the replies; raises BadPacketError when the stream makes no sense."""
        self._waiting += data
        replies: list[bytes] = []
        while len(self._waiting) >= 4:
            length = int.from_bytes(self._waiting[:4], "big")
            if not 1 <= length <= MAX_PACKET:
                raise BadPacketError
            if len(self._waiting) < 4 + length:
                break
            packet, self._waiting = self._waiting[4 : 4 + length], self._waiting[4 + length :]
            reply = self._answer(packet[0], packet[1:])
            replies.append(struct.pack(">I", len(reply)) + reply)
        return b"".join(replies)

    def close(self) -> None:
        """End the channel; what was being uploaded is handed on as far as it came."""
        for handle in list(self._open):
            self._finish(self._open.pop(handle))

    def _answer(self, kind: int, body: bytes) -> bytes:
        if kind == 1:
            return b"\x02" + struct.pack(">I", 3) + b"".join(_string(a) + _string(b) for a, b in _EXTENSIONS)
        packet = _Packet(body)
        request = packet.number()
        handler = _REQUESTS.get(kind)
        if handler is None:
            return _status(request, _UNSUPPORTED)
        try:
            reply = handler(self, packet)
        except FileFault as fault:
            codes = {NOT_FOUND: _NO_SUCH_FILE, DENIED: _DENIED}
            return _status(request, codes.get(str(fault), _FAILURE))
        if isinstance(reply, int):
            return _status(request, reply)
        return reply[:1] + struct.pack(">I", request) + reply[1:]

    def _locate(self, path: str) -> str:
        return self._shell.files.locate(path or ".", self._shell.cwd)

    def _handle(self, packet: _Packet) -> _Open:
        found = self._open.get(packet.string())
        if found is None:
            raise FileFault("Failure")
        return found

    def _added(self, opened: _Open) -> bytes:
        if len(self._open) >= MAX_HANDLES:
            raise FileFault("Too many open files")
        handle = struct.pack(">I", self._next)
        self._next += 1
        self._open[handle] = opened
        return bytes([_HANDLE]) + _string(handle)

    def _do_open(self, packet: _Packet) -> bytes:
        path, flags = self._locate(packet.path()), packet.number()
        shell = self._shell
        exists = shell.files.exists(path)
        if not flags & _WRITE:
            return self._added(_Open(path, shell.files.read(path, shell.identity)))
        if not exists and not flags & _CREATE:
            raise FileFault(NOT_FOUND)
        old = b"" if flags & _TRUNCATE or not exists else shell.files.read(path, shell.identity)
        shell.files.write(path, old, shell.identity, now=shell.now)
        if not shell.share.hold(len(old)):
            raise FileFault(NO_SPACE)
        return self._added(_Open(path, old, writing=True))

    def _do_close(self, packet: _Packet) -> int:
        opened = self._open.pop(packet.string(), None)
        return _FAILURE if opened is None else self._finish(opened)

    def _finish(self, opened: _Open) -> int:
        if not opened.writing:
            return _OK
        data, shell = bytes(opened.data), self._shell
        shell.share.hold(-len(data))
        self._uploaded(Upload(opened.path, data, opened.size))
        try:
            shell.files.write(opened.path, data, shell.identity, now=shell.now)
        except FileFault:
            return _FAILURE
        return _OK

    def _do_read(self, packet: _Packet) -> bytes | int:
        opened, offset, length = self._handle(packet), packet.number(8), packet.number()
        piece = bytes(opened.data[offset : offset + min(length, MAX_READ)])
        return bytes([_DATA]) + _string(piece) if piece else _EOF

    def _do_write(self, packet: _Packet) -> int:
        opened, offset, data = self._handle(packet), packet.number(8), packet.string()
        if not opened.writing or offset > len(opened.data) + MAX_GAP:
            full = opened.writing and len(opened.data) >= self._limit
            opened.size = max(opened.size, offset + len(data)) if full else opened.size
            return _OK if full else _FAILURE
        end = offset + len(data)
        opened.size = max(opened.size, end)
        data = data[: max(0, self._limit - offset)]
        if not self._shell.share.hold(max(0, offset + len(data) - len(opened.data))):
            return _FAILURE
        if offset > len(opened.data):
            opened.data.extend(bytes(offset - len(opened.data)))
        opened.data[offset : offset + len(data)] = data
        return _OK

    def _do_stat(self, packet: _Packet) -> bytes:
        return bytes([_ATTRS]) + _attributes(self._shell.files.stat(packet.path() or ".", self._shell.cwd))

    def _do_lstat(self, packet: _Packet) -> bytes:
        entry = self._shell.files.stat(packet.path() or ".", self._shell.cwd, follow=False)
        return bytes([_ATTRS]) + _attributes(entry)

    def _do_fstat(self, packet: _Packet) -> bytes:
        opened = self._handle(packet)
        entry = self._shell.files.stat(opened.path)
        if opened.writing:
            entry = entry._replace(content=bytes(min(len(opened.data), self._limit)))
        return bytes([_ATTRS]) + _attributes(entry)

    def _do_setstat(self, packet: _Packet) -> int:
        return self._set(packet.path(), packet.attributes())

    def _do_fsetstat(self, packet: _Packet) -> int:
        return self._set(self._handle(packet).path, packet.attributes())

    def _set(self, path: str, changes: dict[str, int]) -> int:
        changes.pop("size", None)
        if changes:
            self._shell.files.change(path, self._shell.identity, self._shell.cwd, **changes)
        return _OK

    def _do_opendir(self, packet: _Packet) -> bytes:
        path, shell = self._locate(packet.path()), self._shell
        names = shell.files.names(path, shell.identity)
        opened = _Open(path)
        opened.listing = [(name, shell.files.stat(posixpath.join(path, name), follow=False)) for name in names]
        opened.listing[:0] = [(".", shell.files.stat(path)), ("..", shell.files.stat(posixpath.dirname(path)))]
        return self._added(opened)

    def _do_readdir(self, packet: _Packet) -> bytes | int:
        opened = self._handle(packet)
        if not opened.listing:
            return _EOF
        rows, opened.listing = opened.listing[:100], opened.listing[100:]
        return self._names([(name, _longname(self._shell, name, entry), entry) for name, entry in rows])

    def _names(self, rows: list[tuple[str, str, Entry | None]]) -> bytes:
        fields = (
            _string(encode(name)) + _string(encode(long)) + (_attributes(entry) if entry else bytes(4))
            for name, long, entry in rows
        )
        return bytes([_NAME]) + struct.pack(">I", len(rows)) + b"".join(fields)

    def _do_remove(self, packet: _Packet) -> int:
        path = packet.path()
        if self._shell.files.stat(path, self._shell.cwd, follow=False).kind == "dir":
            return _FAILURE
        self._shell.files.remove(path, self._shell.identity, self._shell.cwd)
        return _OK

    def _do_mkdir(self, packet: _Packet) -> int:
        self._shell.files.mkdir(packet.path(), self._shell.identity, self._shell.cwd, now=self._shell.now)
        return _OK

    def _do_rmdir(self, packet: _Packet) -> int:
        path = packet.path()
        if self._shell.files.stat(path, self._shell.cwd).kind != "dir":
            return _FAILURE
        self._shell.files.remove(path, self._shell.identity, self._shell.cwd)
        return _OK

    def _do_realpath(self, packet: _Packet) -> bytes:
        path = posixpath.normpath(posixpath.join(self._shell.cwd, packet.path() or "."))
        return self._names([(path, path, None)])

    def _do_rename(self, packet: _Packet) -> int:
        self._shell.files.rename(packet.path(), packet.path(), self._shell.identity, self._shell.cwd)
        return _OK

    def _do_readlink(self, packet: _Packet) -> bytes | int:
        entry = self._shell.files.stat(packet.path(), self._shell.cwd, follow=False)
        return self._names([(entry.target, entry.target, None)]) if entry.kind == "link" else _FAILURE

    def _do_symlink(self, packet: _Packet) -> int:
        target, path = packet.path(), packet.path()  # in OpenSSH's order, not the draft's
        self._shell.files.link(target, path, self._shell.identity, self._shell.cwd, now=self._shell.now)
        return _OK

    def _do_extended(self, packet: _Packet) -> bytes | int:
        name = packet.string()
        if name == b"posix-rename@openssh.com":
            return self._do_rename(packet)
        if name == b"fsync@openssh.com":
            return _OK
        if name == b"lsetstat@openssh.com":
            return self._do_setstat(packet)
        if name == b"limits@openssh.com":
            return bytes([_EXTENDED_REPLY]) + struct.pack(">4Q", MAX_PACKET, MAX_READ, MAX_READ, MAX_HANDLES)
        return _UNSUPPORTED


_REQUESTS: dict[int, Callable[[Sftp, _Packet], bytes | int]] = {
    3: Sftp._do_open, 4: Sftp._do_close, 5: Sftp._do_read, 6: Sftp._do_write, 7: Sftp._do_lstat,
    8: Sftp._do_fstat, 9: Sftp._do_setstat, 10: Sftp._do_fsetstat, 11: Sftp._do_opendir, 12: Sftp._do_readdir,
    13: Sftp._do_remove, 14: Sftp._do_mkdir, 15: Sftp._do_rmdir, 16: Sftp._do_realpath, 17: Sftp._do_stat,
    18: Sftp._do_rename, 19: Sftp._do_readlink, 20: Sftp._do_symlink, 200: Sftp._do_extended,
}  # fmt: skip


def _string(value: bytes) -> bytes:
    return struct.pack(">I", len(value)) + value


def _status(request: int, code: int) -> bytes:
    return bytes([_STATUS]) + struct.pack(">II", request, code) + _string(_WORDS[code].encode()) + _string(b"")


def _attributes(entry: Entry) -> bytes:
    """Return ATTRS with size, owner, permissions and times."""
    when = entry.mtime & 0xFFFFFFFF
    return struct.pack(">IQIIIII", 15, entry.size, entry.uid, entry.gid, entry.st_mode, when, when)


def _longname(shell: Shell, name: str, entry: Entry) -> str:
    owner = next((user.name for user in shell.users if user.uid == entry.uid), str(entry.uid))
    when = time.strftime("%b %e %H:%M", time.gmtime(entry.mtime))
    return f"{stat.filemode(entry.st_mode)}    1 {owner:<8} {owner:<8} {entry.size:>8} {when} {name}"
