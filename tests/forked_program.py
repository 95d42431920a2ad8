# SPDX-License-Identifier: MIT
"""Runs a program again and again, each time in a process of its own, as new as one that was started but for imports.

Most of what a short command computes is imports. They are made once, in a process that then forks for every run. What
a test says of the interpreter itself (its streams closed, its variables) needs a start.
"""

from __future__ import annotations

import atexit
import functools
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import NamedTuple, TextIO

_START_SECONDS = 60.0

_SERVER = """
import atexit, contextlib, gc, importlib, json, os, socket, sys

program, wanted, sys.argv = compile(sys.argv[1], "<program>", "exec"), sys.argv[2:], ["-c"]
for name in wanted:
    importlib.import_module(name)
with socket.socket(fileno=0) as connection:
    while True:
        gc.freeze()
        asked, streams, _, _ = socket.recv_fds(connection, 1 << 20, 3)
        if not asked:
            sys.exit()
        told, telling = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(told)
            break
        os.close(telling)
        connection.send(str(child).encode())
        for stream in streams:
            os.close(stream)
        status = os.waitpid(child, 0)[1]
        with open(told) as names:
            for name in names.read().split():
                with contextlib.suppress(ImportError):
                    importlib.import_module(name)
        connection.send(str(os.waitstatus_to_exitcode(status)).encode())
for number, stream in enumerate(streams):
    os.dup2(stream, number)
    os.close(stream)
atexit.register(lambda: os.write(telling, " ".join(sys.modules).encode()))
sys.stdin, sys.stdout = open(0, closefd=False), open(1, "w", closefd=False)
sys.stderr = open(2, "w", buffering=1, errors="backslashreplace", closefd=False)
arguments, environment = json.loads(asked)
sys.argv += arguments
os.environ.clear()
os.environ.update(environment)
exec(program, {"__name__": "__main__"})
"""
"""Imports what a run had imported when it ended, for those that follow."""


class Started(NamedTuple):
    """A run that the caller speaks with, and may kill; `wait` takes seconds and returns the exit code."""

    pid: int
    stdin: TextIO
    stdout: TextIO
    wait: Callable[[float], int]


class ForkedProgram:
    """A program of Python source, in a process that has imported what its runs needed so far, `wanted` at first."""

    def __init__(self, program: str, *wanted: str) -> None:
        self._command = [sys.executable, "-c", _SERVER, program, *wanted]
        self._start()

    def _start(self) -> None:
        self._connection, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(self._command, stdin=theirs.fileno())
        self._runs = False
        self._pid = 0

    def close(self, maker: int) -> None:
        """End it in the process that made it: one that a test forks may end as Python does."""
        if os.getpid() == maker:
            with self._connection:
                self._process.kill()
                self._process.wait()

    def run(
        self, *arguments: str, environment: Mapping[str, str] | None = None, said: bytes = b"", seconds: float = 100
    ) -> subprocess.CompletedProcess[bytes]:
        """Run it with `said` in a pipe as its standard input; return what it printed and its exit code."""
        reading, writing = os.pipe()
        feeding = threading.Thread(target=_feed, args=(writing, said))
        feeding.start()
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            with os.fdopen(reading) as stdin:
                self._begin(arguments, environment, (stdin.fileno(), out.fileno(), err.fileno()))
            code = self._end(seconds)
            feeding.join()
            out.seek(0)
            err.seek(0)
            return subprocess.CompletedProcess(arguments, code, out.read(), err.read())

    @contextmanager
    def started(self, *arguments: str, environment: Mapping[str, str] | None = None) -> Iterator[Started]:
        """Run it beside the caller, which waits for its end, with pipes to and from it."""
        their_input, our_output = os.pipe()
        our_input, their_output = os.pipe()
        with os.fdopen(our_output, "w") as stdin, os.fdopen(our_input) as stdout:
            try:
                pid = self._begin(arguments, environment, (their_input, their_output, 2))
            finally:
                os.close(their_input)
                os.close(their_output)
            try:
                yield Started(pid, stdin, stdout, self._end)
            finally:
                if self._runs:
                    os.kill(pid, signal.SIGKILL)
                    self._end(_START_SECONDS)

    def _begin(self, arguments: Sequence[str], environment: Mapping[str, str] | None, streams: Sequence[int]) -> int:
        """Have it run; return its process id."""
        request = json.dumps([arguments, dict(os.environ if environment is None else environment)]).encode()
        socket.send_fds(self._connection, [request], streams)
        self._runs = True
        self._pid = self._answer(_START_SECONDS)
        return self._pid

    def _end(self, seconds: float) -> int:
        """Return the exit code, that of a signal negative."""
        code = self._answer(seconds)
        self._runs, self._pid = False, 0
        return code

    def _answer(self, seconds: float) -> int:
        """Return what it says; whoever comes too late is ended, or the next run would be told his answer."""
        self._connection.settimeout(seconds)
        try:
            return int(self._connection.recv(100))
        except TimeoutError:
            self._begin_anew()
            raise

    def _begin_anew(self) -> None:
        with self._connection:
            if self._pid:
                with suppress(ProcessLookupError):
                    os.kill(self._pid, signal.SIGKILL)
            self._process.kill()
            self._process.wait()
        self._start()


def _feed(writing: int, data: bytes) -> None:
    with suppress(BrokenPipeError), os.fdopen(writing, "wb", buffering=0) as pipe:
        for start in range(0, len(data), 1 << 16):
            pipe.write(data[start : start + (1 << 16)])


def decnet(environment: Mapping[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a short command of the operator's."""
    done = forked_program(_DECNET).run(*arguments, environment=environment, seconds=100)
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


_DECNET = "import sys; from decnet.command import main; sys.exit(main())"


@functools.cache
def forked_program(program: str, *wanted: str) -> ForkedProgram:
    """Return the one of this process of tests; it ends with it, when its connection does."""
    forking = ForkedProgram(program, *wanted)
    atexit.register(forking.close, os.getpid())
    return forking
