# SPDX-License-Identifier: MIT
"""A client that has logged in, as the commands see it: its files, what it has set, and how to answer it."""

import posixpath
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from decnet_decoys.evidence.session_recorder import SessionRecorder
from decnet_decoys.ftp.data import DataChannel
from decnet_decoys.services.connection import Connection
from decnet_decoys.shell.machine.fs_errors import FileSystemError
from decnet_decoys.shell.machine.tree import Entry
from decnet_decoys.shell.state import ShellState
from decnet_decoys.tls.offer import TlsOffer


@dataclass
class FtpClient:
    """One client's session; `secure` is the control connection, `private` what it asked of the data connections."""

    shell: ShellState
    connection: Connection
    recorder: SessionRecorder
    data: DataChannel
    tls: TlsOffer | None
    secure: bool
    private: bool = False
    binary: bool = False
    extended_only: bool = False
    offset: int = 0
    """Where the next transfer begins, in bytes."""
    rename_from: str = ""

    async def say(self, text: str) -> None:
        """Send a reply; 0xFF in it is doubled for Telnet."""
        data = text.replace("\n", "\r\n").encode("utf-8", "surrogateescape").replace(b"\xff", b"\xff\xff")
        await self.connection.write(data + b"\r\n")

    @property
    def source(self) -> str:
        return self.recorder.connection.info.src[0]

    @property
    def destination(self) -> str:
        return self.recorder.connection.info.dst[0]

    def file(self, path: str) -> Entry:
        """Return the file at `path`; raises FileSystemError for a directory and for a device."""
        entry = self.shell.files.stat(path or ".", self.shell.access)
        if entry.kind != "file":
            raise FileSystemError("Is a directory")
        return entry

    def named(self, path: str) -> str:
        """Return the path that a command names; raises FileSystemError for none. A tilde is the account's home."""
        if not path:
            raise FileSystemError("No such file or directory")
        return self.shell.user.home + path[1:] if path == "~" or path.startswith("~/") else path

    def absolute(self, path: str) -> str:
        return posixpath.normpath(posixpath.join(self.shell.cwd, path))


Handler = Callable[[FtpClient, str], Awaitable[None]]
"""Answers a command with its argument; a FileSystemError that it raises is answered by who called it."""
