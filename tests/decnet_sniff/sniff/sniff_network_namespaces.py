# SPDX-License-Identifier: MIT
"""Two network namespaces joined by a cable, with a capture of what passes; as root, with iproute2 and tcpdump."""

from __future__ import annotations

import ctypes
import fcntl
import functools
import itertools
import os
import shutil
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ParamSpec

from decnet_core.placement.runtimes.namespaces import own_thread

P = ParamSpec("P")

CLIENT, SERVER = "10.83.0.1", "10.83.0.2"
CLIENT6, SERVER6 = "fd83::1", "fd83::2"
DEADLINE_SECONDS = 60
DISCARD_PORT = 9
RING_KIB = str(64 << 10)
"""Each packet takes 64 KiB of it, for so large may one be."""
LAST = b"the last packet of this capture"

_numbers = itertools.count()
_NEW_NETWORK, _SET_FLAGS, _UP = 0x40000000, 0x8914, 1
"""CLONE_NEWNET of linux/sched.h, SIOCSIFFLAGS of linux/sockios.h, IFF_UP of linux/if.h."""

MISSING = "" if os.geteuid() == 0 and shutil.which("ip") and shutil.which("tcpdump") else "needs root, ip and tcpdump"
"""Why no wire can be laid here; empty when one can."""


def until(holds: Callable[[], bool], what: str) -> None:
    """Wait until `holds`, at most DEADLINE_SECONDS."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not holds():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.02)


def on_a_quiet_lo(test: Callable[P, None]) -> Callable[P, None]:
    """Run a test where the loopback interface has its own packets only, not those of other tests, too; as root."""

    @functools.wraps(test)
    def run(*arguments: P.args, **named: P.kwargs) -> None:
        def alone() -> None:
            assert ctypes.CDLL(None).unshare(_NEW_NETWORK) == 0
            with socket.socket() as any_socket:
                fcntl.ioctl(any_socket, _SET_FLAGS, struct.pack("16sh14x", b"lo", _UP))
            test(*arguments, **named)

        own_thread(alone)

    return run


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True, timeout=DEADLINE_SECONDS)


class Wire:
    """The two ends, `client` and `server`, each a namespace with one interface `v0`."""

    def __init__(self) -> None:
        name = f"dn{os.getpid()}n{next(_numbers)}"
        self.client, self.server = f"{name}c", f"{name}s"

    def lay(self) -> None:
        """Make the namespaces and the cable."""
        for end in (self.client, self.server):
            _ip("netns", "add", end)
            _ip("netns", "exec", end, "sysctl", "-qw", "net.ipv6.conf.default.accept_dad=0")  # addresses work at once
            _ip("-n", end, "link", "set", "lo", "up")
        peer = ("peer", "name", "v0", "netns", self.server)
        _ip("-n", self.client, "link", "add", "v0", "type", "veth", *peer)
        for end, four, six in ((self.client, CLIENT, CLIENT6), (self.server, SERVER, SERVER6)):
            _ip("-n", end, "address", "add", f"{four}/24", "dev", "v0")
            _ip("-n", end, "address", "add", f"{six}/64", "dev", "v0", "nodad")
            _ip("-n", end, "link", "set", "v0", "up")

    def remove(self) -> None:
        """Take all away again."""
        for end in (self.client, self.server):
            subprocess.run(["ip", "netns", "del", end], check=False, capture_output=True, timeout=DEADLINE_SECONDS)

    def argv(self, end: str, *argv: str) -> list[str]:
        """Return the command that runs `argv` at `end`."""
        return ["ip", "netns", "exec", end, *argv]

    def run(self, end: str, *argv: str, stdin: str = "", env: dict[str, str] | None = None) -> str:
        """Run a program at `end`, whatever its exit code; return what it printed."""
        done = subprocess.run(
            self.argv(end, *argv), check=False, input=stdin, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            timeout=DEADLINE_SECONDS, text=True, errors="replace", env=env,
        )  # fmt: skip
        return done.stdout

    @contextmanager
    def serve(self, port: int, *argv: str) -> Iterator[None]:
        """Run a server at the server's end while the block runs, from when it listens on `port`."""
        with subprocess.Popen(
            self.argv(self.server, *argv), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as process:
            try:
                until(lambda: self._listens(port, process), f"{argv[0]} to listen on {port}")
                yield
            finally:
                process.kill()

    def _listens(self, port: int, process: subprocess.Popen[bytes]) -> bool:
        assert process.poll() is None, f"{process.args!r} ended with {process.returncode}"
        return f":{port} " in self.run(self.server, "ss", "-Hltun")

    @contextmanager
    def capture(self, path: Path) -> Iterator[None]:
        """Write what passes at the server's end to `path` while the block runs; complete when it ends."""
        tcpdump = self.argv(
            self.server, "tcpdump", "-i", "v0", "-s", "65535", "-B", RING_KIB, "-U", "--immediate-mode",
            "-Z", "root", "-w", str(path),
        )  # fmt: skip
        with subprocess.Popen(tcpdump, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
            try:
                assert process.stderr is not None
                assert b"listening on" in process.stderr.readline()
                yield
                self._send_last()
                until(lambda: LAST in path.read_bytes(), "the last packet")
            finally:
                process.terminate()
                said = process.communicate(timeout=DEADLINE_SECONDS)[1]
        assert b"\n0 packets dropped by kernel" in said, said.decode()

    def _send_last(self) -> None:
        script = "import socket, sys; socket.socket(2, 2).sendto(sys.argv[1].encode(), (sys.argv[2], int(sys.argv[3])))"
        self.run(self.client, sys.executable, "-c", script, LAST.decode(), SERVER, str(DISCARD_PORT))


@contextmanager
def wire() -> Iterator[Wire]:
    """Lay a wire for the duration of a block."""
    laid = Wire()
    try:
        laid.lay()
        yield laid
    finally:
        laid.remove()


def text_of(address: bytes) -> str:
    """Return a packed address as text."""
    return socket.inet_ntop(socket.AF_INET if len(address) == 4 else socket.AF_INET6, address)
