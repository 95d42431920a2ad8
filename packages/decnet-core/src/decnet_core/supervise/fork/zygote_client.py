# SPDX-License-Identifier: MIT
"""The supervisor's side of fork mode: starts a zygote, or uses the one that forked it, and has it fork children.

A zygote that dies takes its children along (parent-death signal); the next child is forked by a new one. A zygote can
be forked by another one, and is closed when nobody needs what it has imported; the next child opens it again.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import signal
import socket
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import NamedTuple

from decnet_core.supervise.fork.child_process import LOST, ChildProcess
from decnet_core.supervise.fork.popen_child import popen_child
from decnet_core.supervise.fork.secrets import piped
from decnet_core.supervise.fork.zygote import SOCKET
from decnet_core.supervise.fork.zygote_protocol import (
    LARGEST_PACKET,
    Exited,
    Fork,
    Forked,
    ForkZygote,
    Preloaded,
    Prepare,
    Reload,
    decode_message,
    encode,
)

_PRELOAD_SECONDS = 60.0
_REPLY_SECONDS = 30.0
"""A zygote forks within milliseconds; one that is silent for this long hangs, or is stopped."""
_LEAVE_SECONDS = 10.0
"""A zygote ends when its supervisor has closed the socket; signals cannot tell it so, for it ignores them."""


class _Request(NamedTuple):
    """A child that was asked for and does not exist yet."""

    child: asyncio.Future[ChildProcess]
    output: int
    write: Callable[[bytes], None]
    early: bool


class ZygoteClient:
    """Has one zygote fork workers of the classes at `places`."""

    def __init__(
        self,
        places: Sequence[str],
        environment: Mapping[str, str],
        write: Callable[[bytes], None],
        channel: socket.socket | None = None,
        *,
        name: str = "",
        parent: ZygoteClient | None = None,
        lifeline: int = -1,
    ) -> None:
        """`channel` leads to a running zygote, our own parent; without it one is started when it is first needed.

        `write` receives what a zygote of our own prints. With `parent` it is forked by that one, and called `name`.
        """
        self._name = name
        self._forked_by = parent
        self._lifeline = lifeline
        self._places = tuple(places)
        self._environment = dict(environment)
        self._write = write
        self._numbers = itertools.count(1)
        self._requests: dict[int, _Request] = {}
        self._children: dict[int, ChildProcess] = {}
        self._channel: socket.socket | None = None
        self._zygote: ChildProcess | None = None
        self._preloaded: asyncio.Future[Preloaded] | None = None
        self._opening = asyncio.Lock()
        self._adopted = channel is not None
        self._prepared: set[str] = set()  # places; with a parent none is at first
        self._preparing = asyncio.Lock()
        self.early: set[int] = set()
        """The pids of children that were forked before the zygote was prepared for them; they take more memory."""
        self._parent = os.getppid()
        if channel is not None:
            self._attach(channel)

    @property
    def pid(self) -> int | None:
        if self._adopted:
            return self._parent
        return self._zygote.pid if self._zygote is not None else None

    @property
    def asked(self) -> bool:
        """Whether a child has been asked for that does not exist yet, or what one needs."""
        return bool(self._requests) or self._opening.locked() or self._preparing.locked()

    async def open(self) -> Preloaded:
        """Start the zygote unless it runs, and wait until it can fork; one with a parent is to be prepared later.

        Raises OSError.
        """
        async with self._opening:
            if self._channel is None:
                if self._adopted:
                    raise OSError("the zygote that forked this supervisor is gone")
                self._prepared.clear()
                await self._start()
            assert self._preloaded is not None
            try:
                return await asyncio.wait_for(asyncio.shield(self._preloaded), _PRELOAD_SECONDS)
            except TimeoutError as error:
                raise OSError(f"the zygote was not ready after {_PRELOAD_SECONDS:g} s") from error

    async def fork(
        self,
        name: str,
        place: str,
        *,
        environment: Mapping[str, str],
        lifeline: int,
        write: Callable[[bytes], None],
        secrets: Mapping[str, str] = {},  # read only
        sockets: Mapping[str, int] = {},  # read only
    ) -> ChildProcess:
        """Have the zygote fork worker `name`; `write` receives what it prints. Raises OSError.

        `secrets` are added to the child's environment only; the zygote passes them on
        unread. `sockets` are descriptors of sockets that were held for the worker, by name; it gets duplicates.
        """
        await self.open()
        request = Fork(next(self._numbers), name, place, dict(environment), tuple(sockets))
        passed = [piped(secrets)] if secrets else []
        try:
            return await self._ask(request, [lifeline, *passed, *sockets.values()], write)
        finally:
            for descriptor in passed:
                os.close(descriptor)

    async def _ask(
        self, asked: Fork | ForkZygote, descriptors: Sequence[int], write: Callable[[bytes], None]
    ) -> ChildProcess:
        await self.open()
        assert self._channel is not None
        message = encode(asked)
        if len(message) > LARGEST_PACKET:
            raise OSError(f"the environment is too large for a forked worker: {len(message)} of {LARGEST_PACKET} bytes")
        reading, writing = os.pipe2(os.O_CLOEXEC)
        early = self._forked_by is not None and isinstance(asked, Fork) and asked.place not in self._prepared
        request = _Request(asyncio.get_running_loop().create_future(), reading, write, early)
        self._requests[asked.request] = request
        try:
            socket.send_fds(self._channel, [message], [writing, *descriptors])
            return await asyncio.wait_for(request.child, _REPLY_SECONDS)
        except TimeoutError as error:
            self._kill_zygote()
            raise OSError(f"the zygote did not answer within {_REPLY_SECONDS:g} s, killed") from error
        finally:
            os.close(writing)
            if self._requests.pop(asked.request, None) is not None:  # no child took the other end
                os.close(reading)

    async def reload(self) -> None:
        """Let the zygote load the code again; children that run stay, the next ones run the new code."""
        if self._channel is None:
            return
        self._preloaded = asyncio.get_running_loop().create_future()
        self._channel.send(encode(Reload()))
        await self.open()

    async def prepare(self, places: Collection[str]) -> None:
        """Have a zygote that another one has forked do what it left out for the workers at `places`. Raises OSError."""
        if self._forked_by is None:
            return
        async with self._preparing:
            await self.open()
            left_out = tuple(set(places) - self._prepared)
            if self._channel is None or not left_out:
                return
            self._preloaded = asyncio.get_running_loop().create_future()
            self._channel.send(encode(Prepare(left_out)))
            await self.open()
            self._prepared.update(left_out)

    @property
    def has_children(self) -> bool:
        """Whether processes that it forked run."""
        return bool(self._children)

    async def until_childless(self) -> None:
        """Return once none of the processes that it forked runs."""
        while self._children:
            await next(iter(self._children.values())).wait()

    async def close(self) -> None:
        """End the zygote; its children must have ended before."""
        if self._channel is not None:
            self._detach("the zygote was stopped")
        zygote, self._zygote = self._zygote, None
        if zygote is not None:
            await zygote.stop(_LEAVE_SECONDS)

    async def _start(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            try:
                self._zygote = await self._child(theirs.fileno())
            except OSError:
                ours.close()
                raise
        self._attach(ours)

    async def _child(self, channel: int) -> ChildProcess:
        if self._forked_by is not None:
            request = ForkZygote(next(self._forked_by._numbers), f"zygote-{self._name}", self._places)
            return await self._forked_by._ask(request, [self._lifeline, channel], self._write)
        return popen_child(
            [sys.executable, "-m", "decnet_core.supervise.fork.zygote", *self._places],
            environment={**self._environment, SOCKET: str(channel)},
            inherit=[channel],
            write=self._write,
        )

    def _attach(self, channel: socket.socket) -> None:
        channel.setblocking(False)
        self._channel = channel
        loop = asyncio.get_running_loop()
        self._preloaded = loop.create_future()
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
            self._detach("the zygote has died")
            return
        match decode_message.decode(data):
            case Forked() as reply:
                self._on_forked(reply, descriptors)
            case Exited(pid, code):
                self.early.discard(pid)
                if (child := self._children.pop(pid, None)) is not None:
                    child.exited(code)
            case Preloaded() as message:
                if self._preloaded is not None and not self._preloaded.done():
                    self._preloaded.set_result(message)

    def _on_forked(self, reply: Forked, descriptors: list[int]) -> None:
        request = self._requests.get(reply.request)
        if request is None or request.child.done():  # nobody waits for it any more; another may have been asked for
            for descriptor in descriptors:
                with contextlib.suppress(ProcessLookupError):
                    signal.pidfd_send_signal(descriptor, signal.SIGKILL)
                os.close(descriptor)
        elif reply.pid:
            del self._requests[reply.request]
            child = ChildProcess(reply.pid, descriptors[0], request.output, request.write)
            self._children[reply.pid] = child
            if request.early:
                self.early.add(reply.pid)
            request.child.set_result(child)
        else:
            request.child.set_exception(OSError(reply.reason))

    def _kill_zygote(self) -> None:
        """Kill a zygote that does not answer: its children go with it, and so does a supervisor that it forked."""
        if self._zygote is not None:
            self._zygote.kill()
        elif self._adopted and os.getppid() == self._parent:
            os.kill(self._parent, signal.SIGKILL)
        self._detach("the zygote did not answer")

    def _detach(self, reason: str) -> None:
        """Fail what waits for a zygote that is gone: it will send no reply and no exit code any more."""
        if self._channel is not None:
            asyncio.get_running_loop().remove_reader(self._channel)
            self._channel.close()
            self._channel = None
        error = OSError(reason)
        if self._preloaded is not None and not self._preloaded.done():
            self._preloaded.set_exception(error)
            self._preloaded.exception()  # retrieved here, for nobody may be waiting in `open`
        for request in self._requests.values():
            if not request.child.done():
                request.child.set_exception(error)
        for child in self._children.values():
            child.exited(LOST)
        self._children.clear()
        self.early.clear()
