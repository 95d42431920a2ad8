# SPDX-License-Identifier: MIT
"""A child with an interpreter of its own; it leaves neither a zombie nor children of its own behind.

The end is seen through a pidfd in the event loop: no SIGCHLD handler to share, and no thread per child (which is how
asyncio watches children on Python 3.11).
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence

from decnet_core.supervise.fork import child_process
from decnet_core.supervise.fork.child_process import Output, PidFd


class Child:
    """A running process in a session of its own, so that Ctrl-C at a terminal reaches its parent only."""

    def __init__(self, process: subprocess.Popen[bytes], write: Callable[[bytes], None]) -> None:
        assert process.stdout is not None
        self.pid = process.pid
        self._process = process
        self._output = Output(os.dup(process.stdout.fileno()), write)
        process.stdout.close()
        self._ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._pidfd = PidFd(process.pid, os.pidfd_open(process.pid), self._reap, ours=True)

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
        await child_process.stop(self, lambda: self.signal(signal.SIGTERM), seconds)

    def signal(self, number: int) -> None:
        """Send a signal to the process; one that has ended is left alone."""
        self._pidfd.signal(number)

    def kill(self) -> None:
        """Kill the process and whatever it started in its session."""
        self._pidfd.kill_session()

    def _reap(self) -> None:
        code = self._process.wait()
        self._output.close()
        if not self._ended.done():
            self._ended.set_result(code)
