# SPDX-License-Identifier: MIT
"""Whose process listens on the bus's UNIX socket: a server gives orders, so not everyone may be one.

The server must be root's, this process's own account's, or that of the owner of the socket's directory, who alone can
make sockets there. With `decnet init` that is the broker's account.
"""

import socket
from pathlib import Path

from decnet_core.bus.interface import BusError
from decnet_core.net.unix_peer import entitled, peer_uid


def check_server(opened: socket.socket, path: str) -> None:
    """Raise BusError unless the process that listens on the socket at `path` is entitled to; OSError if it is gone."""
    uid = peer_uid(opened)
    if not entitled(uid, Path(path).resolve().parent):
        raise BusError(f"user {uid} listens there, who is not the owner of the directory: not connected")
