# SPDX-License-Identifier: MIT
"""One child process: its output, its end, its signals; it leaves neither a zombie nor children of its own behind.

The end is seen through a pidfd in the event loop: no SIGCHLD handler to share, and no thread per child (which is how
asyncio watches children on Python 3.11).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence

_CHUNK = 64 * 1024


class Child:
    """A running process in a session of its own, so that Ctrl-C at a terminal reaches its parent only."""

    def __init__(self, process: subprocess.Popen[bytes], write: Callable[[bytes], None]) -> None:
        assert process.stdout is not None
        self.pid = process.pid
        self._process = process
        self._write = write
        self._output = process.stdout
        self._loop = asyncio.get_running_loop()
        self._ended: asyncio.Future[int] = self._loop.create_future()
        self._pidfd = os.pidfd_open(process.pid)
        os.set_blocking(self._output.fileno(), False)
        self._loop.add_reader(self._output, self._read)
        self._loop.add_reader(self._pidfd, self._reap)

    @classmethod
    def spawn(
        cls,
        command: Sequence[str],
        *,
        environment: Mapping[str, str],
        inherit: Sequence[int],
        write: Callable[[bytes], None],
    ) -> Child:
        """Start `command`; `write` gets what it prints, `inherit` are descriptors it keeps; OSError when it cannot."""
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=dict(environment),
            pass_fds=tuple(inherit),
            start_new_session=True,
        )
        return cls(process, write)

    async def wait(self) -> int:
        """Return the exit code, negative for the signal that killed it."""
        return await asyncio.shield(self._ended)

    async def stop(self, seconds: float) -> None:
        """Send SIGTERM, after `seconds` SIGKILL; returns when the process is gone."""
        self.signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(self.wait(), seconds)
        except TimeoutError:
            self.kill()
            await self.wait()

    def signal(self, number: int) -> None:
        """Send a signal to the process; one that has ended is left alone."""
        if self._pidfd >= 0:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._pidfd, number)

    def kill(self) -> None:
        """Kill the process and whatever it started in its session."""
        if self._pidfd >= 0:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)

    def _read(self) -> bool:
        """Pass on one chunk of output; tell whether there may be more now."""
        try:
            data = os.read(self._output.fileno(), _CHUNK)
        except BlockingIOError:
            return False
        if not data:
            self._loop.remove_reader(self._output)
            return False
        self._write(data)
        return True

    def _reap(self) -> None:
        self.kill()  # its own children; until it is reaped its pid cannot be another process's
        self._loop.remove_reader(self._pidfd)
        os.close(self._pidfd)
        self._pidfd = -1
        code = self._process.wait()
        while self._read():
            pass
        self._loop.remove_reader(self._output)
        self._output.close()
        if not self._ended.done():
            self._ended.set_result(code)
