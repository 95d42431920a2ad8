# SPDX-License-Identifier: MIT
"""The requests of SFTP that name paths and need nothing open; FileSystemError says why one fails."""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from typing import TYPE_CHECKING

from decnet_decoys.ssh.transfers import sftp_packets as packets
from decnet_decoys.ssh.transfers.sftp_packets import BAD_MESSAGE, FAILURE, NO_SUCH_FILE, OK, Packet

if TYPE_CHECKING:
    from decnet_decoys.shell.state import ShellState


def _status(shell: ShellState, packet: Packet) -> bytes:
    return packets.attributes(shell.files.stat(packet.path() or ".", shell.access))


def _status_of_link(shell: ShellState, packet: Packet) -> bytes:
    entry = shell.files.stat(packet.path() or ".", shell.access, follow=False)
    return packets.attributes(entry)


def set_attributes(shell: ShellState, packet: Packet) -> int:
    """Change what a path's attributes are; as lsetstat@openssh.com, too."""
    return change(shell, packet.path(), packet.attributes())


def change(shell: ShellState, path: str, changes: dict[str, int]) -> int:
    """Change those attributes of a path, never its size."""
    if changes.pop("size", None) is not None:
        shell.files.stat(path, shell.access)
    if changes:
        shell.files.change(path, shell.access, **changes)
    return OK


def _remove(shell: ShellState, packet: Packet) -> int:
    path = packet.path()
    if shell.files.stat(path, shell.access, follow=False).kind == "dir":
        return FAILURE
    shell.files.remove(path, shell.access)
    return OK


def _make_directory(shell: ShellState, packet: Packet) -> int:
    shell.files.mkdir(packet.path(), shell.access)
    return OK


def _remove_directory(shell: ShellState, packet: Packet) -> int:
    path = packet.path()
    if shell.files.stat(path, shell.access).kind != "dir":
        return FAILURE
    shell.files.remove(path, shell.access)
    return OK


def _real_path(shell: ShellState, packet: Packet) -> bytes | int:
    path = posixpath.normpath(posixpath.join(shell.cwd, packet.path() or "."))
    if not shell.files.exists(posixpath.dirname(path)):
        return NO_SUCH_FILE
    return packets.names([(path, path, None)])


def rename(shell: ShellState, packet: Packet) -> int:
    """Give a path another name, whatever had that (posix-rename@openssh.com)."""
    shell.files.rename(packet.path(), packet.path(), shell.access)
    return OK


def _rename_to_new(shell: ShellState, packet: Packet) -> int:
    """Give a path a name that nothing has: process_rename() of OpenSSH's sftp-server.c.

    A file gets it as a second link, which any entry is in the way of. Of anything else only stat(2) is asked, which a
    link to nothing does not show: rename(2) replaces that, unless by a directory.
    """
    path, name = packet.path(), packet.path()
    kind = shell.files.stat(path, shell.access, follow=False).kind
    in_the_way = shell.files.has_name(name, shell.access)
    if shell.files.exists(name, shell.access) or (in_the_way and kind not in ("dir", "link")):
        return FAILURE
    if in_the_way and kind == "dir":
        return NO_SUCH_FILE  # ENOTDIR
    shell.files.rename(path, name, shell.access)
    return OK


def _read_link(shell: ShellState, packet: Packet) -> bytes | int:
    entry = shell.files.stat(packet.path(), shell.access, follow=False)
    return packets.names([(entry.target, entry.target, None)]) if entry.kind == "link" else BAD_MESSAGE


def _make_link(shell: ShellState, packet: Packet) -> int:
    target, path = packet.path(), packet.path()  # in OpenSSH's order, not the draft's
    shell.files.link(target, path, shell.access)
    return OK


REQUESTS: dict[int, Callable[[ShellState, Packet], bytes | int]] = {
    7: _status_of_link, 9: set_attributes, 13: _remove, 14: _make_directory, 15: _remove_directory, 16: _real_path,
    17: _status, 18: _rename_to_new, 19: _read_link, 20: _make_link,
}  # fmt: skip
"""By the number of a request."""
