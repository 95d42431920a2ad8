# SPDX-License-Identifier: MIT
"""Plays a process that took over `decoys`: of another account, with nothing but the sockets that it inherited.

`taken_over.py ATTEMPTS` reads a list of attempts (JSON): the descriptor of a socket, an address and a port. It dials by
all of them, the last being one that succeeds, and prints how each ended: an error number, 0 for a connection, null for
none. Given a descriptor alone it tries what would free that socket, and prints the error numbers.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import json
import os
import select
import socket
import struct
import sys

NOBODY = 65534
SECONDS = 30
CLIENT_MARK = 0xDEC1
NEW_USER, NEW_NETWORK = 0x10000000, 0x40000000
SIOCGSKNS = 0x894C

libc = ctypes.CDLL(None, use_errno=True)


def begin(sock: socket.socket, address: str, port: int) -> int:
    """Begin a connection by a socket, whatever it did before; return the error number."""
    libc.connect(sock.fileno(), bytes(16), 16)  # AF_UNSPEC: out of its connection, or from listening
    sock.setblocking(False)
    if sock.type == socket.SOCK_DGRAM:
        try:
            sock.sendto(b"x", (address, port))
        except OSError as error:
            return error.errno or -1
        return 0
    return sock.connect_ex((address, port))


def ended(sock: socket.socket, milliseconds: int) -> int | None:
    waiting = select.poll()
    waiting.register(sock, select.POLLOUT)
    if not waiting.poll(milliseconds):
        return None
    return sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)


def dialled(attempts: list[tuple[int, str, int]]) -> list[int | None]:
    """Return how each attempt ended when the last had: its packets came later than those of the others."""
    sockets = [socket.socket(fileno=os.dup(descriptor)) for descriptor, _, _ in attempts]
    begun = [begin(sock, address, port) for sock, (_, address, port) in zip(sockets, attempts, strict=True)]
    last = ended(sockets[-1], 1000 * SECONDS) if begun[-1] == errno.EINPROGRESS else begun[-1]
    found = [
        ended(sock, 0) if number == errno.EINPROGRESS else number
        for sock, number in zip(sockets[:-1], begun[:-1], strict=True)
    ]
    for sock in sockets:
        libc.connect(sock.fileno(), bytes(16), 16)
        sock.close()
    return [*found, last]


def freed(descriptor: int) -> list[int]:
    """Return the error numbers of marking a socket, of that as root of a user namespace, and of asking for its own."""

    def mark() -> int:
        number = struct.pack("=I", CLIENT_MARK)
        failed = libc.setsockopt(descriptor, socket.SOL_SOCKET, socket.SO_MARK, number, len(number))
        return ctypes.get_errno() if failed else 0

    def namespace() -> int:
        try:
            return -fcntl.ioctl(descriptor, SIOCGSKNS)
        except OSError as error:
            return error.errno or -1

    found = [mark(), namespace()]
    libc.unshare(NEW_USER | NEW_NETWORK)  # refused or not
    return [*found, mark(), namespace()]


def main() -> None:
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, NOBODY)
    asked = json.loads(sys.argv[1])
    sys.stdout.write(json.dumps(freed(asked) if isinstance(asked, int) else dialled(asked)))


if __name__ == "__main__":
    main()
