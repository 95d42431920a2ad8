# SPDX-License-Identifier: MIT
"""The receiving side of the old scp protocol (`scp -t PATH`, what `scp -O` and many loaders use). Sans-IO."""

import posixpath
import re
from collections.abc import Generator, Iterator

from decnet_decoys.shell.encoding import decode
from decnet_decoys.shell.machine.fs_errors import FileSystemError
from decnet_decoys.shell.state import ShellState
from decnet_decoys.ssh.transfers.sftp import OnUpload, Upload

MAX_LINE = 4096
MAX_DEPTH = 50

_FILE = re.compile(rb"C[0-7]{4,5} (\d{1,15}) ([^/\0]{1,255})")
_DIRECTORY = re.compile(rb"D[0-7]{4,5} \d{1,15} ([^/\0]{1,255})")


class Sink:
    """Receives files into `target`; each `feed` yields the acknowledgements to send."""

    def __init__(self, shell: ShellState, target: str, limit_bytes: int, uploaded: OnUpload) -> None:
        self.finished = False
        self._shell = shell
        self._folders = [target]
        self._limit = limit_bytes
        self._uploaded = uploaded
        self._waiting = bytearray()
        self._path = ""
        self._size = 0
        self._left: int | None = None
        self._data = bytearray()

    def feed(self, data: bytes) -> Iterator[bytes]:
        self._waiting += data
        while self._waiting and not self.finished:
            if self._left is not None:
                if not self._take_data():
                    break
                reply = yield from self._stored()
                yield reply
                continue
            end = self._waiting.find(b"\n", 0, MAX_LINE)
            if end < 0:
                self.finished = len(self._waiting) >= MAX_LINE
                break
            line = bytes(self._waiting[:end])
            del self._waiting[: end + 1]
            yield self._told(line)

    def close(self) -> None:
        """End the channel at once, as `closing` does."""
        for _ in self.closing():
            pass

    def closing(self) -> Iterator[bytes]:
        """End the channel in steps; a file that came in part is handed on."""
        if self._left is not None:
            self._left = None
            yield from self._handed_on()

    def _handed_on(self) -> Generator[bytes, None, bytes]:
        """Hand on what there is of the file; return it."""
        content = bytes(self._data)
        self._data.clear()  # a second copy may be as large as all others together
        for _ in self._uploaded(Upload(self._path, content, self._size)) or ():
            yield b""
        self._shell.lease.hold(-len(content))
        return content

    def _take_data(self) -> bool:
        """Take what there is of the file; True when it and the byte behind it are complete."""
        left = self._left or 0
        piece = self._waiting[:left]
        kept = piece[: max(0, self._limit - len(self._data))]
        if self._shell.lease.hold(len(kept)):
            self._data += kept
        del self._waiting[: len(piece)]
        self._left = left - len(piece)
        if self._left or not self._waiting:
            return False
        del self._waiting[0]
        self._left = None
        return True

    def _stored(self) -> Generator[bytes, None, bytes]:
        shell = self._shell
        content = yield from self._handed_on()
        try:
            shell.files.write(self._path, content, shell.access)
        except FileSystemError as error:
            return f"\x01scp: {self._path}: {error}\n".encode("utf-8", "replace")
        return b"\0"

    def _told(self, line: bytes) -> bytes:
        if line.startswith(b"T"):
            return b"\0"
        if line == b"E":
            if len(self._folders) > 1:
                self._folders.pop()
            return b"\0"
        match = _FILE.fullmatch(line)
        if match is not None:
            self._size = self._left = int(match[1])
            self._path = self._inside(decode(match[2]))
            self._data = bytearray()
            return b"\0"
        match = _DIRECTORY.fullmatch(line)
        if match is not None and len(self._folders) < MAX_DEPTH:
            return self._entered(self._inside(decode(match[1])))
        self.finished = True
        return b"\x02scp: protocol error\n"

    def _entered(self, path: str) -> bytes:
        shell = self._shell
        try:
            if not shell.files.exists(path, shell.access):
                shell.files.mkdir(path, shell.access)
        except FileSystemError as error:
            return f"\x01scp: {path}: {error}\n".encode("utf-8", "replace")
        self._folders.append(path)
        return b"\0"

    def _inside(self, name: str) -> str:
        folder, shell = self._folders[-1], self._shell
        try:
            is_directory = shell.files.stat(folder, shell.access).kind == "dir"
        except FileSystemError:
            is_directory = False
        path = posixpath.join(folder, name) if is_directory or len(self._folders) > 1 else folder
        return posixpath.normpath(posixpath.join(shell.cwd, path))


def target_of(command: str) -> str | None:
    """Return the path of `scp -t PATH`, None when the command is not that."""
    words = command.split()
    if len(words) < 3 or posixpath.basename(words[0]) != "scp":
        return None
    options = [word for word in words[1:-1] if word.startswith("-")]
    return words[-1] if any("t" in option for option in options) else None
