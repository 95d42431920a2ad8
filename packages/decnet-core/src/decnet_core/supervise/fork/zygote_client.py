# SPDX-License-Identifier: MIT
"""The supervisor's side of fork mode: keeps a zygote and has it fork children.

A zygote that dies takes its children along (parent-death signal); the next child is forked by a new one.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import signal
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from decnet_core.supervise.fork import child_process
from decnet_core.supervise.fork.child_process import Output, PidFd
from decnet_core.supervise.fork.popen_child import Child
from decnet_core.supervise.fork.zygote import SOCKET
from decnet_core.supervise.fork.zygote_protocol import (
    LARGEST_PACKET,
    Exited,
    Fork,
    Forked,
    Reload,
    Warm,
    decode_answer,
    encode,
)

_WARM_SECONDS = 60.0
_ANSWER_SECONDS = 30.0
"""A zygote forks, and tells of an end, in milliseconds; one that is silent for so long is stopped, or hangs."""
_LEAVE_SECONDS = 10.0
"""A zygote ends when its supervisor has let go of it; it is not told by a signal, for it ignores them."""
_LOST = -signal.SIGKILL
"""The exit code of a child whose zygote died, or hangs, before it could tell."""


class ForkedChild:
    """One running child of the zygote."""

    def __init__(self, pid: int, pidfd: int, output: int, write: Callable[[bytes], None]) -> None:
        self.pid = pid
        self._output = Output(output, write)
        loop = asyncio.get_running_loop()
        self._code: asyncio.Future[int] = loop.create_future()
        self._over: asyncio.Future[None] = loop.create_future()
        self._pidfd = PidFd(pid, pidfd, self._end, ours=False)

    async def wait(self) -> int:
        """Return the exit code, negative for the signal that killed it."""
        await asyncio.shield(self._over)
        with contextlib.suppress(TimeoutError):
            return await asyncio.wait_for(asyncio.shield(self._code), _ANSWER_SECONDS)
        return _LOST

    async def stop(self, seconds: float) -> None:
        """Send SIGTERM, after `seconds` SIGKILL; returns when the process is gone."""
        await child_process.stop(self, lambda: self.signal(signal.SIGTERM), seconds)

    def signal(self, number: int) -> None:
        """Send a signal to the process; one that has ended is left alone."""
        self._pidfd.signal(number)

    def kill(self) -> None:
        """Kill the process and whatever it started in its session."""
        self._pidfd.kill_session()

    def reaped(self, code: int) -> None:
        """Take the exit code from the zygote; the first word counts."""
        if not self._code.done():
            self._code.set_result(code)

    def _end(self) -> None:
        self._output.close()
        self._over.set_result(None)


class _Birth(NamedTuple):
    """A child that was ordered and is not there yet."""

    child: asyncio.Future[ForkedChild]
    output: int
    write: Callable[[bytes], None]


class Nursery:
    """Forks workers of the classes at `places` from one warm zygote, which is started when it is first needed."""

    def __init__(
        self,
        places: Sequence[str],
        environment: Mapping[str, str],
        write: Callable[[bytes], None],
        channel: socket.socket | None = None,
    ) -> None:
        """`channel` leads to a zygote that already runs, our own parent; otherwise one is started when needed."""
        self._places = tuple(places)
        self._environment = dict(environment)
        self._write = write
        self._orders = itertools.count(1)
        self._births: dict[int, _Birth] = {}
        self._children: dict[int, ForkedChild] = {}
        self._channel: socket.socket | None = None
        self._zygote: Child | None = None
        self._warm: asyncio.Future[Warm] | None = None
        self._opening = asyncio.Lock()
        self._adopted = channel is not None
        self._parent = os.getppid()
        if channel is not None:
            self._attach(channel)

    @property
    def pid(self) -> int | None:
        """The zygote's process id, when it runs."""
        return self._zygote.pid if self._zygote is not None else None

    async def open(self) -> Warm:
        """Start the zygote unless it runs, and wait until it is warm; OSError when that fails."""
        async with self._opening:
            if self._channel is None and self._adopted:
                raise OSError("the zygote that forked this supervisor is gone")
            if self._channel is None:
                self._start()
            assert self._warm is not None
            try:
                return await asyncio.wait_for(asyncio.shield(self._warm), _WARM_SECONDS)
            except TimeoutError as error:
                raise OSError(f"the zygote was not warm within {_WARM_SECONDS:g} s") from error

    async def fork(
        self, name: str, place: str, *, environment: Mapping[str, str], lifeline: int, write: Callable[[bytes], None]
    ) -> ForkedChild:
        """Have the zygote fork worker `name`; `write` gets what it prints. Raises OSError when it cannot."""
        await self.open()
        assert self._channel is not None
        order = next(self._orders)
        message = encode(Fork(order, name, place, dict(environment)))
        if len(message) > LARGEST_PACKET:
            raise OSError(f"the environment is too large for a forked worker: {len(message)} of {LARGEST_PACKET} bytes")
        reading, writing = os.pipe2(os.O_CLOEXEC)
        birth = self._births[order] = _Birth(asyncio.get_running_loop().create_future(), reading, write)
        try:
            socket.send_fds(self._channel, [message], [writing, lifeline])
            return await asyncio.wait_for(birth.child, _ANSWER_SECONDS)
        except TimeoutError as error:
            self._give_up()
            raise OSError(f"the zygote did not answer within {_ANSWER_SECONDS:g} s; killed") from error
        finally:
            os.close(writing)
            if self._births.pop(order, None) is not None:  # no child took the other end
                os.close(reading)

    async def reload(self) -> None:
        """Let the zygote load the code anew; children that run go on, the next are of the new code."""
        if self._channel is None:
            return
        self._warm = asyncio.get_running_loop().create_future()
        self._channel.send(encode(Reload()))
        await self.open()

    async def close(self) -> None:
        """End the zygote; its children must have ended before."""
        if self._channel is not None:
            self._lose("the zygote was stopped")
        if self._zygote is not None:
            await self._zygote.stop(_LEAVE_SECONDS)

    def _start(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._zygote = Child.spawn(
                [sys.executable, "-m", "decnet_core.supervise.fork.zygote", *self._places],
                environment={**self._environment, SOCKET: str(theirs.fileno())},
                inherit=[theirs.fileno()],
                write=self._write,
            )
        self._attach(ours)

    def _attach(self, channel: socket.socket) -> None:
        channel.setblocking(False)
        self._channel = channel
        loop = asyncio.get_running_loop()
        self._warm = loop.create_future()
        loop.add_reader(channel, self._read)

    def _read(self) -> None:
        assert self._channel is not None
        try:
            data, descriptors, _, _ = socket.recv_fds(self._channel, LARGEST_PACKET, 1)
        except BlockingIOError:
            return
        except ConnectionResetError:
            data, descriptors = b"", []
        if not data:
            self._lose("the zygote has died")
            return
        answer = decode_answer.decode(data)
        if isinstance(answer, Warm):
            if self._warm is not None and not self._warm.done():
                self._warm.set_result(answer)
        elif isinstance(answer, Exited):
            self._exited(answer)
        else:
            self._forked(answer, descriptors)

    def _forked(self, answer: Forked, descriptors: list[int]) -> None:
        birth = self._births.get(answer.order)
        if birth is None or birth.child.done():  # who asked has gone, and may have asked for another instead
            for descriptor in descriptors:
                with contextlib.suppress(ProcessLookupError):
                    signal.pidfd_send_signal(descriptor, signal.SIGKILL)
                os.close(descriptor)
        elif answer.pid:
            del self._births[answer.order]
            child = self._children[answer.pid] = ForkedChild(answer.pid, descriptors[0], birth.output, birth.write)
            birth.child.set_result(child)
        else:
            birth.child.set_exception(OSError(answer.reason))

    def _exited(self, answer: Exited) -> None:
        child = self._children.pop(answer.pid, None)
        if child is not None:
            child.reaped(answer.code)

    def _give_up(self) -> None:
        """Kill a zygote that does not answer: its children go with it, and so does a supervisor that it forked."""
        if self._zygote is not None:
            self._zygote.kill()
        elif self._adopted and os.getppid() == self._parent:
            os.kill(self._parent, signal.SIGKILL)
        self._lose("the zygote did not answer")

    def _lose(self, reason: str) -> None:
        """Let go of a zygote that is gone: nobody will answer, nobody else will tell how its children ended."""
        if self._channel is not None:
            asyncio.get_running_loop().remove_reader(self._channel)
            self._channel.close()
            self._channel = None
        error = OSError(reason)
        if self._warm is not None and not self._warm.done():
            self._warm.set_exception(error)
            self._warm.exception()  # seen here; who waits in `open` gets it too
        for birth in self._births.values():
            if not birth.child.done():
                birth.child.set_exception(error)
        for child in self._children.values():
            child.reaped(_LOST)
        self._children.clear()
