# SPDX-License-Identifier: MIT
"""The broker's sockets: one broker per path, never a live one replaced, and the kernel's credentials of each client."""

import fcntl
import os
import socket
import stat
import struct
from pathlib import Path
from typing import IO

from decnet_core.bus.broker.permissions import Credentials, group_number
from decnet_core.bus.interface import BusError
from decnet_core.bus.settings import BusSettings
from decnet_core.net.addresses import parse_address, parse_endpoint
from decnet_core.net.unix_peer import UCRED

_SO_PEERGROUPS = 59  # Linux 4.13, asm-generic/socket.h; not yet a name in Python's socket module
_MAX_GROUPS = 256  # as many as fit into the longest answer that getsockopt of Python takes
_PROBE_SECONDS = 1.0


class NameTakenError(BusError):
    """Something listens on the socket's path that is no broker of this account; it may go away."""


class AlreadyRunningError(BusError):
    """Another broker of this account holds the path."""


class BrokerSocket:
    """A broker's UNIX socket in the file system, held from `bind` to `release`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock: IO[str] | None = None
        self._inode = 0

    def bind(self, settings: BusSettings) -> socket.socket:
        """Return a listening socket at the path, mode 0660; BusError when a live one is there or it cannot be."""
        self._lock = _locked(self._path)
        try:
            _refuse_live(self._path)
            listener = self._bound(settings)
        except BusError:
            self.release()
            raise
        self._inode = self._path.stat().st_ino
        return listener

    def release(self) -> None:
        """Remove the socket, unless another broker has replaced it, and unlock the path."""
        if self._inode and self._path.exists() and self._path.lstat().st_ino == self._inode:
            self._path.unlink(missing_ok=True)
        self._inode = 0
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _bound(self, settings: BusSettings) -> socket.socket:
        """Bind beside the path and rename: the mode is right, and a dead socket gone, before a client can see it."""
        fresh = self._path.with_name(self._path.name + ".new")
        fresh.unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            listener.bind(str(fresh))
            if settings.socket_group:
                os.chown(fresh, -1, group_number(settings.socket_group))
            fresh.chmod(0o660)
            listener.listen(settings.max_connections)
            fresh.replace(self._path)
        except (OSError, BusError) as error:
            listener.close()
            fresh.unlink(missing_ok=True)
            raise BusError(f"the bus cannot listen on {self._path}: {error}") from error
        listener.setblocking(False)
        return listener


def tcp_address(settings: BusSettings) -> tuple[str, int] | None:
    """Return where to listen on the loopback, None when that is off; BusError when it would be open to others."""
    if not settings.tcp:
        return None
    try:
        host, port = parse_endpoint(settings.tcp)
    except ValueError as error:
        raise BusError(
            f"[bus] tcp: write address:port, as 127.0.0.1:4222 or [::1]:4222, not {settings.tcp!r}"
        ) from error
    address = parse_address(host)
    if address is None or not address.is_loopback:
        raise BusError(f"[bus] tcp: {settings.tcp} is not on the loopback; use nats-server and [bus] url between hosts")
    if not (settings.tcp_token or settings.no_auth_user or any(role.password for role in settings.roles)):
        raise BusError("[bus] tcp needs tcp_token: any process of this machine could connect otherwise")
    return host, port


def credentials(opened: socket.socket) -> Credentials:
    """Return the credentials of the client of a UNIX socket, as the kernel recorded them when it connected."""
    pid, uid, gid = UCRED.unpack(opened.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, UCRED.size))
    try:
        raw = opened.getsockopt(socket.SOL_SOCKET, _SO_PEERGROUPS, 4 * _MAX_GROUPS)
    except OSError:  # an old kernel or a sandbox: the primary group must do
        raw = b""
    return Credentials(pid, uid, frozenset(group for (group,) in struct.iter_unpack("I", raw)) | {gid})


def _locked(path: Path) -> IO[str]:
    """Return the held lock of the socket at `path`; the kernel releases it however this process ends."""
    try:
        lock = os.fdopen(os.open(f"{path}.lock", os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600), "w")
    except OSError as error:
        raise BusError(f"the bus cannot use {path}: {error.strerror}; create its directory") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.close()
        raise AlreadyRunningError(f"a bus is already running on {path}; stop it first") from error
    return lock


def _refuse_live(path: Path) -> None:
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise BusError(f"{path} is not a socket; remove it or choose another state directory")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(_PROBE_SECONDS)
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            return
        except OSError as error:
            raise NameTakenError(f"something holds {path} and cannot be probed: {error}") from error
    raise NameTakenError(f"something is already listening on {path}; stop it first")
