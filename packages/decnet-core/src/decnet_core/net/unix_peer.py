# SPDX-License-Identifier: MIT
"""Who is at the other end of a UNIX socket, and whether a directory's owner may be.

In `run` each worker's directory belongs to its own account, so its owner says who the worker is. Names of accounts are
not looked up: a sandbox with a user namespace shows the numbers of all other accounts as one (user_namespaces(7)).
"""

import os
import socket
import struct
from pathlib import Path

UCRED = struct.Struct("iII")
"""struct ucred: pid, uid, gid."""


def peer_uid(opened: socket.socket) -> int:
    """Return the user who connected, or who listens there, as the kernel recorded it (SO_PEERCRED). Raises OSError."""
    uid: int = UCRED.unpack(opened.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, UCRED.size))[1]
    return uid


def entitled(uid: int, directory: Path) -> bool:
    """Whether `uid` is root, this process's own account, or the owner of `directory`. Raises OSError without one."""
    return uid in (0, os.geteuid()) or uid == directory.resolve().stat().st_uid
