# SPDX-License-Identifier: MIT
"""The files of a decky's machine, for services that read and write them as a daemon does, without a log-in.

What a client has written this way (SAVE of Redis, INTO OUTFILE of MySQL, mail) is on the machine for everybody who
comes later, as what is written in a shell (`decnet_decoys.changes`). The machine is made when it is first needed.
"""

from __future__ import annotations

import contextlib
import posixpath
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from decnet_core.events.catalogue import BaitRead
from decnet_core.net.addresses import source_of
from decnet_decoys.decky_context import DeckyContext
from decnet_decoys.evidence.connection_recorder import ConnectionRecorder
from decnet_decoys.shell.machine.fs_errors import EXISTS, NOT_DIRECTORY, FileSystemError

if TYPE_CHECKING:
    from decnet_decoys.shell.machine.access import Access
    from decnet_decoys.shell.machine.filesystem import FileSystem
    from decnet_decoys.shell.machine.tree import Identity

MAX_MADE = 16
"""Directories that are made for one file."""


class Owner(NamedTuple):
    """Whose a new file is, and its permissions."""

    account: str = "root"
    mode: int = 0o644
    group: str = ""
    """Empty: the account's own."""


ROOTS = Owner()


class MachineFiles:
    """The files as one client's connection changes them. Make it with `opened`."""

    def __init__(self, context: DeckyContext, recorder: ConnectionRecorder) -> None:
        self._context = context
        self._recorder = recorder

    @classmethod
    async def opened(cls, context: DeckyContext, recorder: ConnectionRecorder) -> MachineFiles:
        """Return them when the machine has been made."""
        await context.prepare_machine()
        return cls(context, recorder)

    def directory_refused(self, path: str) -> str:
        """Return why a process cannot change to a directory, in the words of strerror(3); empty: it can."""
        with self._files() as files:
            return _kind_refused(files, path)

    def is_absent(self, path: str) -> bool:
        with self._files() as files:
            return not files.exists(path)

    def read(self, path: str, most: int, *, account: str = "root") -> bytes | None:
        """Return a file's content of up to `most` bytes; None if there is none that `account` may read.

        That a bait is read is recorded.
        """
        from decnet_decoys.shell.machine.access import Access
        from decnet_decoys.shell.machine.tree import size_of, whole_of

        with self._files() as files:
            try:
                content = files.read(path, Access(self._identity(account), on_bait=self._bait_read))
            except FileSystemError:
                return None
            return None if size_of(content) > most else whole_of(content)

    def write(
        self,
        path: str,
        data: bytes,
        owner: Owner = ROOTS,
        *,
        append: bool = False,
        new: bool = False,
        makes: bool = False,
    ) -> str:
        """Write a file whatever its permissions are; return why it failed, in the words of strerror(3), or nothing.

        `new`: it must not be there yet. `makes`: missing directories are made, for a server that said they are there.
        """
        from decnet_decoys.shell.machine.access import KERNEL, Access

        uid, gid = self._numbers(owner.account)
        gid = self._context.machine.groups.get(owner.group, gid)
        with self._files() as files:
            folder = posixpath.dirname(path)
            access = Access(now=int(time.time()))
            try:
                if makes:
                    _make(files, folder, access)
                refused = _kind_refused(files, folder)
                if refused:
                    return refused
                is_new = not files.exists(path, KERNEL)
                if new and not is_new:
                    return EXISTS
                files.write(path, data, access, append=append)
                if is_new:
                    files.change(path, access, mode=owner.mode, uid=uid, gid=gid)
            except FileSystemError as error:
                return str(error)
            context = self._context
            address = self._recorder.info.src[0]
            context.changes.take(context.machine, files, source_of(address), self._recorder.session)
        return ""

    @contextlib.contextmanager
    def _files(self) -> Iterator[FileSystem]:
        context = self._context
        with context.fleet.overlays.mounted(context.machine, self._recorder.info.src[0]) as overlay:
            yield overlay.files

    def _bait_read(self, path: str, token: str) -> None:
        self._recorder.emit(BaitRead(service=self._recorder.service, path=path, token=token))

    def _numbers(self, account: str) -> tuple[int, int]:
        user = self._context.machine.user(account)
        return (0, 0) if user is None else (user.uid, user.gid)

    def _identity(self, account: str) -> Identity:
        from decnet_decoys.shell.machine.tree import ROOT, Identity

        uid, gid = self._numbers(account)
        return Identity(uid, frozenset((gid,))) if uid else ROOT


def _make(files: FileSystem, folder: str, access: Access) -> None:
    """Make a directory and those above it, so that sshd takes keys from it (StrictModes)."""
    parts = folder.strip("/").split("/")[:MAX_MADE]
    for count in range(1, len(parts) + 1):
        path = "/" + "/".join(parts[:count])
        if not files.exists(path):
            files.mkdir(path, access)
            if parts[count - 1] == ".ssh":
                files.change(path, access, mode=0o700)


def _kind_refused(files: FileSystem, path: str) -> str:
    try:
        return "" if files.stat(path).kind == "dir" else NOT_DIRECTORY
    except FileSystemError as error:
        return str(error)
