# SPDX-License-Identifier: MIT
"""An SFTP server, protocol version 3 (draft-ietf-secsh-filexfer-02), on a session's files. Sans-IO.

Written here because asyncssh's own names asyncssh in its version packet. What is uploaded is handed on before the reply
that tells the client so.
"""

from __future__ import annotations

import itertools
import posixpath
import stat
import struct
from collections.abc import Callable, Generator, Iterable, Iterator
from typing import NamedTuple

from decnet_decoys.shell.machine.fs_errors import DENIED, NO_SPACE, NOT_DIRECTORY, NOT_FOUND, FileSystemError
from decnet_decoys.shell.machine.tree import Entry, whole_of
from decnet_decoys.shell.state import ShellState
from decnet_decoys.ssh.transfers import sftp_extensions, sftp_paths
from decnet_decoys.ssh.transfers import sftp_packets as packets
from decnet_decoys.ssh.transfers.open_files import NAME_BYTES, OpenFile, opened_to_write
from decnet_decoys.ssh.transfers.sftp_packets import (
    EOF,
    FAILURE,
    NO_SUCH_FILE,
    OK,
    PERMISSION_DENIED,
    UNSUPPORTED,
    BadPacketError,
    Packet,
)

MAX_PACKET = 256 << 10
MAX_HANDLES = 16
MAX_GAP = 1 << 20
"""How far beyond its end a file may be written; sequential clients never leave a gap."""
MAX_READ = 64 << 10
MAX_COPIED = 256 << 10
"""Bytes that are copied at once."""
MAX_NAMES = 100
"""Names that one answer has."""
_WRITE, _CREATE, _TRUNCATE, _NEW = 0x02, 0x08, 0x10, 0x20
_INIT = 1
_TOO_LONG = 11
"""With what OpenSSH's sftp-server ends after a packet that is longer than any."""


class Upload(NamedTuple):
    """A file that was uploaded: `data` is what was kept of its `size` bytes."""

    path: str
    data: bytes
    size: int


OnUpload = Callable[[Upload], Iterable[None] | None]


class Sftp:
    """One SFTP channel; `uploaded` is called for each finished upload before it is acknowledged, and may take steps."""

    def __init__(self, shell: ShellState, limit_bytes: int, uploaded: OnUpload) -> None:
        self._shell = shell
        self._limit = limit_bytes
        self._uploaded = uploaded
        self._waiting = bytearray()
        self._open: dict[bytes, OpenFile] = {}
        self._begun = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Take bytes, yield each reply, and b"" between steps of long work.

        Raises BadPacketError when the stream is malformed.
        """
        self._waiting += data
        while len(self._waiting) >= 4:
            length = int.from_bytes(self._waiting[:4], "big")
            if not 1 <= length <= MAX_PACKET:
                raise BadPacketError(_TOO_LONG if length else 255)
            if len(self._waiting) < 4 + length:
                break
            packet = bytes(self._waiting[4 : 4 + length])
            del self._waiting[: 4 + length]
            reply = yield from self._answer(packet[0], packet[1:])
            if reply:
                yield packets.framed(reply)

    def close(self) -> None:
        """End the channel at once, as `closing` does."""
        for _ in self.closing():
            pass

    def closing(self) -> Iterator[bytes]:
        """End the channel in steps; what was being uploaded is handed on as far as it came."""
        for handle in list(self._open):
            yield from self._finish(self._open.pop(handle))

    def _answer(self, kind: int, body: bytes) -> Generator[bytes, None, bytes]:
        """Return the reply to a packet; of one that is unknown OpenSSH's sftp-server takes no notice."""
        packet = Packet(body)
        if kind == _INIT:
            packet.number()
            self._begun = True
            return packets.version(sftp_extensions.ANNOUNCED)
        if not self._begun:
            raise BadPacketError
        request = packet.number()
        handler = _REQUESTS.get(kind)
        if handler is None:
            return b""
        reply = yield from self._reply(handler, packet)
        return packets.answering(request, packets.status(reply) if isinstance(reply, int) else reply)

    def _reply(self, handler: _Handler, packet: Packet) -> Generator[bytes, None, bytes | int]:
        try:
            reply = handler(self, packet)
            return reply if isinstance(reply, bytes | int) else (yield from reply)
        except FileSystemError as error:
            return _CODES.get(str(error), FAILURE)

    def _locate(self, path: str) -> str:
        return self._shell.files.locate(path or ".", self._shell.access)

    def _handle(self, packet: Packet) -> OpenFile:
        found = self._open.get(packet.string())
        if found is None:
            raise FileSystemError("Failure")
        return found

    def _added(self, opened: OpenFile) -> bytes:
        if len(self._open) >= MAX_HANDLES:
            raise FileSystemError("Too many open files")
        if not self._shell.lease.hold(opened.kept_bytes):
            raise FileSystemError(NO_SPACE)
        handle = next(each for number in itertools.count() if (each := struct.pack(">I", number)) not in self._open)
        self._open[handle] = opened
        return packets.handle(handle)

    def _do_open(self, packet: Packet) -> bytes | int:
        path, flags = self._locate(packet.path()), packet.number()
        shell = self._shell
        exists = shell.files.exists(path)
        if not flags & _WRITE:
            return self._added(self._reading(path))
        if not exists and not flags & _CREATE:
            raise FileSystemError(NOT_FOUND)
        if exists and flags & _CREATE and flags & _NEW:
            return FAILURE
        old = b"" if flags & _TRUNCATE or not exists else whole_of(shell.files.read(path, shell.access))
        shell.files.write(path, old, shell.access)
        return self._added(opened_to_write(path, old))

    def _reading(self, path: str) -> OpenFile:
        files, opened = self._shell.files, OpenFile(path)
        content, entry = files.read(path, self._shell.access), files.entry(path)
        if entry is None or entry.content is not content:  # made when it is looked at
            opened.content = lambda: content
        else:
            opened.content = lambda: getattr(files.entry(path), "content", b"")
        return opened

    def _do_close(self, packet: Packet) -> int | Generator[bytes, None, int]:
        opened = self._open.pop(packet.string(), None)
        return NO_SUCH_FILE if opened is None else self._finish(opened)

    def _finish(self, opened: OpenFile) -> Generator[bytes, None, int]:
        if not opened.writing:
            self._shell.lease.hold(-opened.kept_bytes)
            return OK
        content, shell = bytes(opened.data), self._shell
        opened.data.clear()  # a second copy may be as large as all others together
        for _ in self._uploaded(Upload(opened.path, content, opened.size)) or ():
            yield b""
        shell.lease.hold(-len(content))
        try:
            shell.files.write(opened.path, content, shell.access)
        except FileSystemError:
            return FAILURE
        return OK

    def _do_read(self, packet: Packet) -> bytes | int:
        opened, offset, length = self._handle(packet), packet.number(8), packet.number()
        if opened.directory:
            return FAILURE
        size = min(length, MAX_READ)
        piece = opened.piece(offset, size)
        return packets.data(piece) if piece or not length else EOF

    def _do_write(self, packet: Packet) -> int:
        return self._write(self._handle(packet), packet.number(8), packet.string())

    def _write(self, opened: OpenFile, offset: int, data: bytes) -> int:
        if not opened.writing or offset > len(opened.data) + MAX_GAP:
            if not opened.writing:
                return FAILURE if opened.directory else NO_SUCH_FILE
            full = len(opened.data) >= self._limit
            opened.size = max(opened.size, offset + len(data)) if full else opened.size
            return OK if full else FAILURE
        end = offset + len(data)
        opened.size = max(opened.size, end)
        data = data[: max(0, self._limit - offset)]
        if not self._shell.lease.hold(max(0, offset + len(data) - len(opened.data))):
            return FAILURE
        if offset > len(opened.data):
            opened.data.extend(bytes(offset - len(opened.data)))
        opened.data[offset : offset + len(data)] = data
        return OK

    def _do_fstat(self, packet: Packet) -> bytes:
        opened = self._handle(packet)
        entry = self._shell.files.stat(opened.path)
        if opened.writing:
            entry = entry._replace(content=bytes(min(len(opened.data), self._limit)))
        return packets.attributes(entry)

    def _do_fsetstat(self, packet: Packet) -> int:
        return sftp_paths.change(self._shell, self._handle(packet).path, packet.attributes())

    def _do_opendir(self, packet: Packet) -> bytes:
        path, shell = self._locate(packet.path()), self._shell
        opened = OpenFile(path)
        opened.directory = True
        opened.names = [".", "..", *shell.files.names(path, shell.access)]
        return self._added(opened)

    def _do_readdir(self, packet: Packet) -> bytes | int:
        opened, shell = self._handle(packet), self._shell
        if not opened.directory:
            return FAILURE
        names, opened.names = opened.names[:MAX_NAMES], opened.names[MAX_NAMES:]
        shell.lease.hold(-len(names) * NAME_BYTES)
        paths = {".": opened.path, "..": posixpath.dirname(opened.path)}
        entries = ((name, shell.files.entry(paths.get(name) or posixpath.join(opened.path, name))) for name in names)
        rows = [(name, _longname(shell, name, entry), entry) for name, entry in entries if entry is not None]
        return packets.names(rows) if names else EOF

    def _do_extended(self, packet: Packet) -> bytes | int | Generator[bytes, None, int]:
        name = packet.string()
        if name == b"posix-rename@openssh.com":
            return sftp_paths.rename(self._shell, packet)
        if name == b"fsync@openssh.com":
            return OK if packet.string() in self._open else NO_SUCH_FILE
        if name == b"lsetstat@openssh.com":
            return sftp_paths.set_attributes(self._shell, packet)
        if name == b"fstatvfs@openssh.com":
            return sftp_extensions.disk_of(self._shell, self._handle(packet).path)
        if name == b"copy-data":
            return self._copy(packet)
        handler = sftp_extensions.REQUESTS.get(name)
        return UNSUPPORTED if handler is None else handler(self._shell, packet)

    def _copy(self, packet: Packet) -> Generator[bytes, None, int]:
        """Copy between two open files, in steps; all when the length is 0."""
        source, start, length = self._handle(packet), packet.number(8), packet.number(8)
        target, at = self._handle(packet), packet.number(8)
        if not target.writing:
            return FAILURE
        left = min(length or self._limit, self._limit)
        while left and (piece := source.piece(start, min(left, MAX_COPIED))):
            if self._write(target, at, piece) != OK:
                return FAILURE
            start, at, left = start + len(piece), at + len(piece), left - len(piece)
            yield b""
        return OK


_CODES = {NOT_FOUND: NO_SUCH_FILE, NOT_DIRECTORY: NO_SUCH_FILE, DENIED: PERMISSION_DENIED}
_Handler = Callable[[Sftp, Packet], bytes | int | Generator[bytes, None, int]]
"""Returns a reply without the number of its request, or the code of a status, maybe after steps."""


def _by_path(handler: Callable[[ShellState, Packet], bytes | int]) -> _Handler:
    return lambda sftp, packet: handler(sftp._shell, packet)


_REQUESTS: dict[int, _Handler] = {
    3: Sftp._do_open, 4: Sftp._do_close, 5: Sftp._do_read, 6: Sftp._do_write, 8: Sftp._do_fstat,
    10: Sftp._do_fsetstat, 11: Sftp._do_opendir, 12: Sftp._do_readdir, 200: Sftp._do_extended,
    **{number: _by_path(handler) for number, handler in sftp_paths.REQUESTS.items()},
}  # fmt: skip


def _longname(shell: ShellState, name: str, entry: Entry) -> str:
    owner = shell.owner_name(entry.uid)
    when = shell.date("%b %e %H:%M", entry.mtime)
    return f"{stat.filemode(entry.st_mode)}    1 {owner:<8} {owner:<8} {entry.size:>8} {when} {name}"
