# SPDX-License-Identifier: MIT
"""What a supervisor holds of a running child, however it was made: its pid, its output, its end, its signals."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable
from typing import Protocol

_CHUNK = 64 * 1024


class ChildProcess(Protocol):
    """One running child."""

    pid: int

    async def wait(self) -> int:
        """Return the exit code, negative for the signal that killed it."""
        ...

    async def stop(self, seconds: float) -> None:
        """Send SIGTERM, after `seconds` SIGKILL; returns when the process is gone."""
        ...

    def kill(self) -> None:
        """Kill the process and whatever it started in its session."""
        ...


class Output:
    """Reads what a child prints from a descriptor, which it owns, and passes it on."""

    def __init__(self, descriptor: int, write: Callable[[bytes], None]) -> None:
        self._descriptor = descriptor
        self._write = write
        self._loop = asyncio.get_running_loop()
        os.set_blocking(descriptor, False)
        self._loop.add_reader(descriptor, self.read)

    def read(self) -> bool:
        """Pass on one chunk; tell whether there may be more now."""
        try:
            data = os.read(self._descriptor, _CHUNK)
        except BlockingIOError:
            return False
        if not data:
            self._loop.remove_reader(self._descriptor)
            return False
        self._write(data)
        return True

    def close(self) -> None:
        """Pass on what is still there and let go."""
        while self.read():
            pass
        self._loop.remove_reader(self._descriptor)
        os.close(self._descriptor)


class PidFd:
    """Signals one process and sees its end; `ended` is called once (pidfd_open(2)).

    Of a child of `ours` what it started in its session is then killed: until it is reaped, which is ours to do, its
    number cannot be another's. Who reaps the others must do that for them.
    """

    def __init__(self, pid: int, descriptor: int, ended: Callable[[], None], *, ours: bool) -> None:
        self._pid = pid
        self._descriptor = descriptor
        self._ended = ended
        self._ours = ours
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(descriptor, self._over)

    def signal(self, number: int) -> None:
        """Send a signal to the process; one that has ended is left alone."""
        if self._descriptor >= 0:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._descriptor, number)

    def kill_session(self) -> None:
        """Kill the process and whatever it started in its session, of which it is the leader.

        A child that was forked a moment ago may not lead one yet, so it gets the signal itself, too.
        """
        if self._descriptor >= 0:
            with contextlib.suppress(ProcessLookupError):  # reaped: its number may be another's already
                signal.pidfd_send_signal(self._descriptor, signal.SIGKILL)
                os.killpg(self._pid, signal.SIGKILL)

    def _over(self) -> None:
        self._loop.remove_reader(self._descriptor)
        if self._ours:
            self.kill_session()
        os.close(self._descriptor)
        self._descriptor = -1
        self._ended()


async def stop(child: ChildProcess, terminate: Callable[[], None], seconds: float) -> None:
    """Ask a child to end with `terminate`; kill it when it has not after `seconds`."""
    terminate()
    try:
        await asyncio.wait_for(child.wait(), seconds)
    except TimeoutError:
        child.kill()
        await child.wait()
