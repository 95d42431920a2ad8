# SPDX-License-Identifier: MIT
"""Binds TCP and UDP sockets in one way, and explains failures in a sentence.

Sockets do not block and are not inherited. `::` receives IPv4 too (as mapped addresses: see `addresses`), any other
IPv6 address only IPv6. TCP sets SO_REUSEADDR, so that a restart does not wait for old connections in TIME_WAIT; UDP
does not, for there it would let two processes share the port and lose each other's datagrams.
"""

import errno
import os
import socket
from pathlib import Path

from decnet_core.errors import CoreError

BACKLOG = 128
_LONGEST_PATH = 103
"""Bytes of a UNIX socket's path: sun_path has 108, unix(7), less the final zero and `.new`."""
_PROBE_SECONDS = 1.0
_FIRST_UNPRIVILEGED = 1024


class BindError(CoreError):
    """An address cannot be used. The message is the reason and what helps; the caller adds which setting it is."""


class PortTakenError(BindError):
    """Another program has the port now."""


def listening(host: str, port: int, backlog: int = BACKLOG) -> socket.socket:
    """Return a TCP socket that listens on `host` (an address, or a name with an IPv4 address); raises BindError."""
    return _bound(host, port, socket.SOCK_STREAM, backlog)


def bound_udp(host: str, port: int) -> socket.socket:
    """Return a UDP socket bound to `host` (an address, or a name with an IPv4 address); raises BindError."""
    return _bound(host, port, socket.SOCK_DGRAM, 0)


def listening_unix(path: Path, mode: int, backlog: int = BACKLOG) -> socket.socket:
    """Return a UNIX stream socket that listens at `path` with these permissions; raises BindError.

    It is bound beside the path and renamed: nobody sees it with others, and what a killed predecessor left is replaced.
    """
    if len(os.fsencode(path)) > _LONGEST_PATH:
        raise BindError("the path is too long for a UNIX socket; choose a shorter state directory with --state DIR")
    if _answers(path):
        raise BindError("another process listens there; stop it first")
    fresh = unix_name(path)
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        fresh.unlink(missing_ok=True)
        sock.bind(os.fsencode(fresh))
        fresh.chmod(mode)
        sock.listen(backlog)
        fresh.replace(path)
    except OSError as error:
        sock.close()
        raise BindError(error.strerror or str(error)) from error
    return sock


def unix_name(path: Path) -> Path:
    """Return the name to which the socket at `path` was bound before it was renamed; getsockname(2) returns that."""
    return path.with_name(path.name + ".new")


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(_PROBE_SECONDS)
        try:
            probe.connect(os.fsencode(path))
        except OSError:
            return False
    return True


def _bound(host: str, port: int, kind: int, backlog: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        sock = socket.socket(family, kind)
    except OSError as error:  # an IPv6 address where the kernel has no IPv6
        raise _explained(error, port) from error
    try:
        sock.setblocking(False)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(host != "::"))
        if kind == socket.SOCK_STREAM:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((host, port))
        if kind == socket.SOCK_STREAM:
            sock.listen(backlog)
    except OSError as error:
        sock.close()
        raise _explained(error, port) from error
    return sock


def _explained(error: OSError, port: int) -> BindError:
    if error.errno == errno.EADDRINUSE:
        return PortTakenError("the port is taken by another program; stop it or use another port")
    return BindError(_reason(error, port))


def _reason(error: OSError, port: int) -> str:
    if error.errno == errno.EADDRNOTAVAIL:
        return "this host has no such address; on Linux all of 127.0.0.0/8 works, elsewhere add it to the loopback"
    if error.errno in (errno.EACCES, errno.EPERM) and port < _FIRST_UNPRIVILEGED:
        return "ports below 1024 need CAP_NET_BIND_SERVICE (`decnet init` grants it); or use a higher one"
    return error.strerror or str(error)
