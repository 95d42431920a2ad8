# SPDX-License-Identifier: MIT
"""A plugin of tests/conftest.py: zygotes that are forked, for tests of what they and their children do afterwards.

To start a zygote takes half a second of processor time: an interpreter, its imports, its rehearsal. One process of the
tests has done these, and forks zygotes, which load the places of their own workers. Each is otherwise as if started:
with its own session, environment, output and socket, killed and reaped by who asked for it. What a test says of the
start itself (threads, imports, memory) needs one.
"""

from __future__ import annotations

import atexit
import functools
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence

import pytest

from decnet_core.supervise.fork import zygote_client
from decnet_core.supervise.fork.child_process import ChildProcess
from decnet_core.supervise.fork.zygote import SOCKET

_SECONDS = 60.0

_SERVER = """
import gc, json, os, signal, socket, sys
from decnet_core.supervise.fork import zygote
from decnet_core.supervise.preload import before_fork

before_fork.preload([])
before_fork._rehearse = int
nothing = os.open(os.devnull, os.O_RDONLY)
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
with socket.socket(fileno=0) as connection:
    while True:
        asked, descriptors, _, _ = socket.recv_fds(connection, 1 << 20, 3)
        if not asked:
            sys.exit()
        if os.fork() == 0:
            break
        for descriptor in descriptors:
            os.close(descriptor)
signal.signal(signal.SIGCHLD, signal.SIG_DFL)
channel, output, number = descriptors
asking = socket.socket(fileno=number)
child = os.fork()
if child:
    os.close(channel)
    os.close(output)
    if asking.recv(10):
        asking.send(str(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])).encode())
    os._exit(0)
os.setsid()
with asking:
    socket.send_fds(asking, [str(os.getpid()).encode()], [os.pidfd_open(os.getpid())])
os.dup2(nothing, 0)
os.dup2(output, 1)
os.dup2(output, 2)
os.close(output)
places, environment = json.loads(asked)
os.environ.clear()
os.environ.update(environment)
os.environ[zygote.SOCKET] = str(channel)
sys.path[1:1] = filter(None, environment.get("PYTHONPATH", "").split(os.pathsep))
sys.argv[1:] = places
sys.exit(zygote.main(places))
"""
"""The parent of a zygote lives as long, and reaps it when it is told to."""


@pytest.fixture(scope="module")
def forked_zygotes() -> Iterator[None]:
    """Have the zygotes of a module's tests forked."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(zygote_client, "popen_child", _fork)
        yield


def _fork(
    command: Sequence[str], *, environment: Mapping[str, str], inherit: Sequence[int], write: Callable[[bytes], None]
) -> ChildProcess:
    """As `popen_child` does with the command of a zygote."""
    assert command[1:3] == ["-m", "decnet_core.supervise.fork.zygote"]
    assert environment[SOCKET] == str(inherit[0])
    asking, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    asking.settimeout(_SECONDS)
    output, writing = os.pipe()
    request = json.dumps([command[3:], dict(environment)]).encode()
    with theirs:
        socket.send_fds(_server(), [request], [inherit[0], writing, theirs.fileno()])
    os.close(writing)
    pid, descriptors, _, _ = socket.recv_fds(asking, 100, 1)

    def reap() -> int:
        with asking:
            asking.send(b"reap")
            return int(asking.recv(100))

    return ChildProcess(int(pid), descriptors[0], output, write, reap)


@functools.cache
def _server() -> socket.socket:
    """Start the one of this process of tests; it ends with it, when the connection does."""
    connection, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    outer = {name: value for name, value in os.environ.items() if not name.startswith("DECNET_")}
    outer["DECNET_SUPERVISE_SHARE_MEMORY"] = "false"
    with theirs:
        process = subprocess.Popen([sys.executable, "-c", _SERVER], stdin=theirs.fileno(), env=outer)
    atexit.register(_end, process, connection, os.getpid())
    return connection


def _end(process: subprocess.Popen[bytes], connection: socket.socket, maker: int) -> None:
    """End it in the process that made it: one that a test forks may end as Python does."""
    if os.getpid() == maker:
        connection.close()
        process.kill()
        process.wait()
