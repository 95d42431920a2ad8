# SPDX-License-Identifier: MIT
"""The warm parent: imports once what its workers share (`warmth`), and forks one child per worker.

It runs no event loop and no thread once it forks, so that a fork is always safe; the supervisor, which does, is another
process and speaks to it over a socket pair (see `orders`). Measured with the eight workers of the walking fleet: one
costs its supervisor's order, about 3 ms and the pages that it writes, instead of 20 to 50 MiB of imports.
"""

from __future__ import annotations

import array
import contextlib
import logging
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Callable, Sequence

import msgspec

from decnet_core import library_pages
from decnet_core.exits import Exit
from decnet_core.runtime import process
from decnet_core.supervise.fork import child_main as child
from decnet_core.supervise.fork import identity
from decnet_core.supervise.fork.zygote_protocol import (
    LARGEST_PACKET,
    Answer,
    Exited,
    Fork,
    Forked,
    Reload,
    Warm,
    decode_order,
    encode,
)
from decnet_core.supervise.preload.before_fork import warm

log = logging.getLogger(__name__)

SOCKET = "DECNET_ZYGOTE_FD"
"""Names the descriptor of the zygote's end of the pair."""

LEADER = "DECNET_ZYGOTE_LEADER"
"""Names the pid of the supervisor, when the zygote forked that, too, and so must pass on its signals and its end."""

_DESCRIPTORS = 2
_SETTLED_SECONDS = 1.0
"""No order came for so long: the start is over."""
_HANDLED = (signal.SIGCHLD, signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Zygote:
    """Serves one supervisor until its end of the pair is closed."""

    def __init__(self, channel: socket.socket, leader: int = 0) -> None:
        self._channel = channel
        self._leader = leader
        self._leader_code: int = Exit.STOPPED
        self._wake, self._woken = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    def serve(self) -> int:
        """Fork when asked, report who ended, until the supervisor is gone; return the exit code to end with."""
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # the supervisor's to decide about
            signal.signal(number, self._pass_on if self._leader else signal.SIG_IGN)
        signal.set_wakeup_fd(self._woken, warn_on_full_buffer=False)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _HANDLED)  # a reload has left them blocked
        patience: float | None = _SETTLED_SECONDS
        while True:
            ready, _, _ = select.select((self._channel.fileno(), self._wake), (), (), patience)
            if not ready:
                library_pages.let_go()
                patience = None
            if self._wake in ready:
                self._drain_wakeups()
            if self._channel.fileno() in ready and not self._obey():
                break
            self._reap()
        if self._leader_code == Exit.STOPPED and self._leader:
            with contextlib.suppress(ChildProcessError):
                self._leader_code = os.waitstatus_to_exitcode(os.waitpid(self._leader, 0)[1])
        if self._leader_code < 0:
            log.error("the supervisor was killed by signal %d", -self._leader_code)
            return Exit.CRASHED
        return self._leader_code

    def _pass_on(self, number: int, _frame: object) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._leader, number)

    def _drain_wakeups(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.read(self._wake, 4096)

    def _obey(self) -> bool:
        """Carry out one order; False when the supervisor is gone."""
        try:
            data, descriptors = _receive(self._channel)
        except ConnectionResetError:  # it left without having heard our last words
            return False
        if not data:
            return False
        order = decode_order.decode(data)
        if isinstance(order, Reload):
            self._reload()
        else:
            self._fork(order, descriptors)
        for descriptor in descriptors:
            os.close(descriptor)
        return True

    def _reload(self) -> None:
        """Execute the code anew; signals wait until the new image handles them, for by default they would end it."""
        command = [sys.executable, "-m", "decnet_core.supervise.fork.zygote", *sys.argv[1:]]
        signal.pthread_sigmask(signal.SIG_BLOCK, _HANDLED)
        try:
            os.execv(command[0], command)  # noqa: S606  # no shell is wanted
        except OSError as error:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _HANDLED)
            log.error("the code stays as it is: cannot execute %s: %s", command[0], error.strerror)  # noqa: TRY400
            self._say(Warm(os.getpid(), len(sys.modules), 0.0))

    def _fork(self, order: Fork, descriptors: list[int]) -> None:
        # A child that is told to stop before it has handlers of its own must not pass that on to the supervisor.
        signal.pthread_sigmask(signal.SIG_BLOCK, _HANDLED)
        pid, reason = _forked()
        if pid == 0:
            self._be_child(order, *descriptors)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _HANDLED)
        if pid is None:
            self._say(Forked(order.order, 0, reason))
            return
        pidfd = os.pidfd_open(pid)
        self._say(Forked(order.order, pid), [pidfd])
        os.close(pidfd)

    def _be_child(self, order: Fork, output: int, lifeline: int) -> None:
        """Be the worker, from here to the end of the process."""
        code: int = Exit.CRASHED
        try:
            self._channel.close()
            os.close(self._wake)
            os.close(self._woken)
            identity.become(
                order.name, output=output, environment={**order.environment, process.LIFELINE: str(lifeline)}
            )
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _HANDLED)
            os.close(output)
            code = child.be(order.name, order.place, hosting="fork")
        finally:
            sys.stderr.flush()
            os._exit(code)  # the parent's exit handlers are not the child's

    def _reap(self) -> None:
        while True:
            try:
                ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            except ChildProcessError:
                return
            if ended is None:
                return
            pid = ended.si_pid
            if pid != self._leader:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(pid, signal.SIGKILL)  # what it started itself, while its number is still its own
            _, status = os.waitpid(pid, 0)
            if pid == self._leader:
                self._leader_code = os.waitstatus_to_exitcode(status)
                self._leader = 0
            else:
                self._say(Exited(pid, os.waitstatus_to_exitcode(status)))

    def _say(self, answer: Answer, descriptors: Sequence[int] = ()) -> None:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # the next read tells that it is gone
            socket.send_fds(self._channel, [encode(answer)], list(descriptors))


def _forked() -> tuple[int | None, str]:
    """Fork; return the pid, 0 in the child, or None and why it cannot be done."""
    try:
        return os.fork(), ""
    except OSError as error:
        return None, f"cannot fork: {error.strerror}"


def _receive(channel: socket.socket) -> tuple[bytes, list[int]]:
    """Return one packet and its descriptors, which this process's children do not inherit on exec."""
    room = socket.CMSG_SPACE(_DESCRIPTORS * array.array("i").itemsize)
    data, ancillary, _, _ = channel.recvmsg(LARGEST_PACKET, room, socket.MSG_CMSG_CLOEXEC)
    descriptors = array.array("i")
    for level, kind, content in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            descriptors.frombytes(content[: len(content) - len(content) % descriptors.itemsize])
    return data, list(descriptors)


def main(places: Sequence[str]) -> int:
    """Be the zygote of the workers at `places`."""
    started = time.monotonic()
    channel = socket.socket(fileno=int(os.environ[SOCKET]))
    warm(places)
    return _serve(channel, int(os.environ.get(LEADER, "0")), started)


def lead(places: Sequence[str], supervise: Callable[[socket.socket], int]) -> int:
    """Be the zygote of the workers at `places` and of their supervisor, which so shares the same pages.

    `supervise` runs in a forked child, is given its end of the pair, and returns the exit code of both.
    """
    started = time.monotonic()
    warm(places)
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    leader = os.fork()
    if leader == 0:
        ours.close()
        code: int = Exit.CRASHED
        try:
            identity.follow_parent()
            code = supervise(theirs)
        finally:
            sys.stderr.flush()
            os._exit(code)
    theirs.close()
    ours.set_inheritable(True)
    os.environ.update({SOCKET: str(ours.fileno()), LEADER: str(leader)})  # for the image that a reload executes
    sys.argv[1:] = places
    return _serve(ours, leader, started)


def _serve(channel: socket.socket, leader: int, started: float) -> int:
    with contextlib.suppress(BrokenPipeError):
        channel.send(encode(Warm(os.getpid(), len(sys.modules), round(time.monotonic() - started, 3))))
    try:
        return Zygote(channel, leader).serve()
    except msgspec.DecodeError as error:
        print(f"zygote: an order that is not one: {error}", file=sys.stderr)  # noqa: T201  # no logging here
        return Exit.CRASHED


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
