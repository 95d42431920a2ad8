# SPDX-License-Identifier: MIT
"""A supervisor's handle on one child process: its pid, its output, its signals, its end.

The end is seen through a pidfd (pidfd_open(2)) in the event loop: no SIGCHLD handler to share, and no thread per child,
which is how asyncio watches children on Python 3.11. A child leads a session of its own, so that Ctrl-C at a terminal
reaches its supervisor only, and so that what it has started itself can be killed with it.
"""

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable

EXIT_CODE_SECONDS = 30.0
"""Who reaps the child reports its exit code in milliseconds; one that takes this long hangs, or is stopped."""
LOST = -signal.SIGKILL
"""The exit code of a child whose end will not be reported."""
_CHUNK_BYTES = 64 * 1024


class ChildProcess:
    def __init__(
        self,
        pid: int,
        pidfd: int,
        output: int,
        write: Callable[[bytes], None],
        reap: Callable[[], int] | None = None,
    ) -> None:
        """Take over the descriptors `pidfd` and `output`; `write` receives what the child prints.

        `reap` returns the exit code of a child of this process. Without it another process reaps the child, calls
        `exited` and has to kill the session: once the child is reaped its number may belong to a stranger.
        """
        self.pid = pid
        self._pidfd = pidfd
        self._output = _Output(output, write)
        self._reap = reap
        self._loop = asyncio.get_running_loop()
        self._gone: asyncio.Future[None] = self._loop.create_future()
        self._code: asyncio.Future[int] = self._loop.create_future()
        self._loop.add_reader(pidfd, self._on_exit)

    async def wait(self) -> int:
        """Return the exit code, negative for the signal that killed the child."""
        await asyncio.shield(self._gone)
        with contextlib.suppress(TimeoutError):
            return await asyncio.wait_for(asyncio.shield(self._code), EXIT_CODE_SECONDS)
        return LOST

    async def stop(self, seconds: float) -> None:
        """Ask the child to end, kill it after `seconds`; returns when it is gone."""
        self.terminate()
        await self.wait_or_kill(seconds)

    async def wait_or_kill(self, seconds: float) -> None:
        """Wait for the child's end, and kill it after `seconds`; returns when it is gone."""
        try:
            await asyncio.wait_for(self.wait(), seconds)
        except TimeoutError:
            self.kill()
            await self.wait()

    def terminate(self) -> None:
        """Send SIGTERM, unless the child has exited."""
        if self._pidfd >= 0:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._pidfd, signal.SIGTERM)

    def kill(self) -> None:
        """Kill the child and its session; one that was forked a moment ago may not lead a session yet."""
        if self._pidfd >= 0:
            with contextlib.suppress(ProcessLookupError):  # reaped: its number may belong to a stranger
                signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)
                os.killpg(self.pid, signal.SIGKILL)

    def exited(self, code: int) -> None:
        """Note the exit code; the first report counts."""
        if not self._code.done():
            self._code.set_result(code)

    def _on_exit(self) -> None:
        self._loop.remove_reader(self._pidfd)
        if self._reap is not None:
            self.kill()
            self.exited(self._reap())
        os.close(self._pidfd)
        self._pidfd = -1
        self._output.close()
        self._gone.set_result(None)


class _Output:
    """Reads what a child prints from a descriptor, which it owns."""

    def __init__(self, descriptor: int, write: Callable[[bytes], None]) -> None:
        self._descriptor = descriptor
        self._write = write
        self._loop = asyncio.get_running_loop()
        os.set_blocking(descriptor, False)
        self._loop.add_reader(descriptor, self._read)

    def close(self) -> None:
        """Pass on what is left and close the descriptor."""
        while self._read():
            pass
        self._loop.remove_reader(self._descriptor)
        os.close(self._descriptor)

    def _read(self) -> bool:
        """Pass on one chunk; return whether there may be more."""
        try:
            data = os.read(self._descriptor, _CHUNK_BYTES)
        except BlockingIOError:
            return False
        if not data:
            self._loop.remove_reader(self._descriptor)
            return False
        self._write(data)
        return True
