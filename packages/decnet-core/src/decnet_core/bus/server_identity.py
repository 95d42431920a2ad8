# SPDX-License-Identifier: MIT
"""Whose process listens on a UNIX socket: a server gives orders, so not everyone may be one.

The server must be root's, this process's own account's, or that of the owner of the socket's directory, who alone can
make sockets there. With `decnet init` that is the broker's account. Names of accounts are not looked up: a sandbox with
a user namespace shows the numbers of all other accounts as one (user_namespaces(7)).
"""

import os
import socket
import struct
from pathlib import Path

from decnet_core.bus.interface import BusError

_UCRED = struct.Struct("3i")


def check_server(opened: socket.socket, path: str) -> None:
    """Raise BusError unless the process that listens on the socket at `path` is entitled to; OSError if it is gone."""
    _, uid, _ = _UCRED.unpack(opened.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size))
    if uid not in (0, os.geteuid(), Path(path).resolve().parent.stat().st_uid):
        raise BusError(f"user {uid} listens there, who is not the owner of the directory: not connected")
