# SPDX-License-Identifier: MIT
"""The extensions that OpenSSH 9.2's sftp-server announces (OpenSSH's PROTOCOL, section 4), in its order."""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from typing import TYPE_CHECKING

from decnet_decoys.shell.machine.fs_errors import NOT_FOUND, FileSystemError
from decnet_decoys.shell.machine.tree import whole_of
from decnet_decoys.ssh.transfers import sftp_packets as packets
from decnet_decoys.ssh.transfers.sftp_packets import NO_SUCH_FILE, OK, Packet

if TYPE_CHECKING:
    from decnet_decoys.shell.state import ShellState

_BLOCK = 4096
_LONGEST_NAME = 255
_MOST_IDS = 256
_PACKET, _DATA, _HANDLES = 256 << 10, 255 << 10, 1019
"""Its limits, where the system's is 1,024 files of a process."""


def disk_of(shell: ShellState, path: str) -> bytes:
    """Return the numbers of statvfs(3) of the disk that holds `path`."""
    shell.files.stat(path, shell.access)
    disks = sorted(shell.machine.persona.hardware.disks, key=lambda disk: len(disk.mount))
    holding = [disk for disk in disks if path.startswith(disk.mount)]
    if not holding:
        raise FileSystemError(NOT_FOUND)
    total, free = holding[-1].size // 4, (holding[-1].size - holding[-1].used) // 4
    return packets.numbers(_BLOCK, _BLOCK, total, free, free, total, free, free, 0, 2, _LONGEST_NAME)


def _statvfs(shell: ShellState, packet: Packet) -> bytes:
    return disk_of(shell, shell.files.locate(packet.path(), shell.access))


def _hardlink(shell: ShellState, packet: Packet) -> int:
    """Make a copy, which stands for the link, as by `ln`."""
    old, new = packet.path(), packet.path()
    if shell.files.has_name(new, shell.access):
        raise FileSystemError("File exists")
    content = whole_of(shell.files.read(old, shell.access))
    shell.files.write(new, content, shell.access)
    return OK


def _expand(shell: ShellState, packet: Packet) -> bytes:
    path = packet.path()
    if path.startswith("~"):
        name, _, rest = path[1:].partition("/")
        if shell.account(name or shell.user.name) is None:
            return packets.status(NO_SUCH_FILE, "no such user")
        path = posixpath.join(_home(shell, name), rest)
    found = posixpath.normpath(posixpath.join(shell.cwd, path))
    return packets.names([(found, found, None)])


def _home_directory(shell: ShellState, packet: Packet) -> bytes:
    home = _home(shell, packet.path())
    return packets.names([(home, home, None)])


def _home(shell: ShellState, name: str) -> str:
    account = shell.account(name or shell.user.name)
    if account is None:
        raise FileSystemError(NOT_FOUND)
    return account.home


def _names_of_ids(shell: ShellState, packet: Packet) -> bytes:
    users, groups = (_ids(packet.string()) for _ in range(2))
    names = {user.gid: user.name for user in shell.machine.persona.users}
    found = [[_known(shell.owner_name(uid), uid) for uid in users], [names.get(gid, "") for gid in groups]]
    return packets.texts(found)


def _known(name: str, uid: int) -> str:
    return "" if name == str(uid) else name


def _ids(data: bytes) -> list[int]:
    return [int.from_bytes(data[at : at + 4], "big") for at in range(0, min(len(data), 4 * _MOST_IDS), 4)]


def _limits(_shell: ShellState, _packet: Packet) -> bytes:
    return packets.numbers(_PACKET, _DATA, _DATA, _HANDLES)


ANNOUNCED = (
    (b"posix-rename@openssh.com", b"1"), (b"statvfs@openssh.com", b"2"), (b"fstatvfs@openssh.com", b"2"),
    (b"hardlink@openssh.com", b"1"), (b"fsync@openssh.com", b"1"), (b"lsetstat@openssh.com", b"1"),
    (b"limits@openssh.com", b"1"), (b"expand-path@openssh.com", b"1"), (b"copy-data", b"1"),
    (b"home-directory", b"1"), (b"users-groups-by-id@openssh.com", b"1"),
)  # fmt: skip

REQUESTS: dict[bytes, Callable[[ShellState, Packet], bytes | int]] = {
    b"statvfs@openssh.com": _statvfs,
    b"hardlink@openssh.com": _hardlink,
    b"limits@openssh.com": _limits,
    b"expand-path@openssh.com": _expand,
    b"home-directory": _home_directory,
    b"users-groups-by-id@openssh.com": _names_of_ids,
}
"""Those that need no open file; sftp.py has the others."""
