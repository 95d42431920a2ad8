# SPDX-License-Identifier: MIT
"""The zygote: imports once what its workers share (`preload`), and forks one child per worker.

What only some of them need, a zygote of their own imports. It is a child of the first, shares what that has imported,
and lives only as long as one of them does. It is started because somebody waits for one of them: workers are forked as
soon as the first one's modules are imported, and replaced once nobody waits any more, because they take more memory
than those that are forked from prepared pages. Those for which nobody waits are forked from such pages at once.

It runs no event loop and no thread once it forks, so that a fork is always safe. The supervisor, which does, is another
process and talks to it over a socket pair (`zygote_protocol`). A child costs about 3 ms and the pages that it writes,
instead of 20 to 50 MiB of imports.
"""

import array
import contextlib
import gc
import logging
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from decnet_core import library_pages
from decnet_core.exits import Exit
from decnet_core.net.inherited import VARIABLE, close_all, described, passed
from decnet_core.runtime import process
from decnet_core.runtime.notify import Notifier
from decnet_core.supervise.fork import child_main, identity, secrets
from decnet_core.supervise.fork.zygote_protocol import (
    LARGEST_PACKET,
    Exited,
    Fork,
    Forked,
    ForkZygote,
    Message,
    Notify,
    Preloaded,
    Prepare,
    Reload,
    decode_request,
    encode,
)
from decnet_core.supervise.preload.before_fork import load, preload

log = logging.getLogger(__name__)

SOCKET = "DECNET_ZYGOTE_FD"
"""Names the descriptor of the zygote's end of the pair."""

SUPERVISOR = "DECNET_ZYGOTE_SUPERVISOR"
"""Names the pid of a supervisor that the zygote has forked, so that it must pass on signals and the exit code."""

_DESCRIPTORS = 20
_STOP_SECONDS = 15.0
"""Workers stop by themselves when their supervisor is gone; those that still run after this long are killed."""
_STARTED_SECONDS = 1.0
"""Without a request for this long, the fleet has started, or what was prepared is forked."""
_SIGNALS = (signal.SIGCHLD, signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Zygote:
    """Serves one supervisor until its end of the pair is closed."""

    def __init__(
        self,
        channel: socket.socket,
        supervisor: int = 0,
        killed: Callable[[int], int] | None = None,
        unprepared: Sequence[str] = (),
    ) -> None:
        """`supervisor` is its pid if it is a child of the zygote; `killed` is that of `run_with_supervisor`.

        `unprepared` are the places that have not been preloaded.
        """
        self._channel = channel
        self._supervisor = supervisor
        self._killed = killed or _say_killed
        self._unprepared = tuple(unprepared)
        self._loaded = False  # whether one of the unprepared was loaded
        self._settling: float | None = _STARTED_SECONDS  # None once the pages that only imports read are dropped
        self._exit_code: int = Exit.STOPPED
        self._wakeup, self._wakeup_writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    def serve(self) -> int:
        """Fork on request and report exits until the supervisor is gone; return the exit code to end with.

        Nothing that it has forked is left then.
        """
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # the supervisor decides what they mean
            signal.signal(number, self._forward if self._supervisor else signal.SIG_IGN)
        signal.set_wakeup_fd(self._wakeup_writer, warn_on_full_buffer=False)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)  # blocked by `_reload`
        while True:
            readable, _, _ = select.select((self._channel.fileno(), self._wakeup), (), (), self._settling)
            if not readable:
                library_pages.drop_clean_pages()
                self._settling = None
            if self._wakeup in readable:
                self._drain_wakeups()
            if self._channel.fileno() in readable and not self._handle_request():
                break
            self._reap()
        self._await_supervisor()
        self._outlive_children()
        return self._killed(-self._exit_code) if self._exit_code < 0 else self._exit_code

    def _await_supervisor(self) -> None:
        if self._exit_code == Exit.STOPPED and self._supervisor:
            with contextlib.suppress(ChildProcessError):
                self._exit_code = os.waitstatus_to_exitcode(os.waitpid(self._supervisor, 0)[1])
        self._supervisor = 0

    def _outlive_children(self) -> None:
        """Wait until the workers are gone: they stop because their lifeline has ended with the supervisor."""
        deadline = time.monotonic() + _STOP_SECONDS
        while self._reap():
            if time.monotonic() > deadline:
                _kill_children()
            select.select((self._wakeup,), (), (), 0.1)
            self._drain_wakeups()

    def _forward(self, number: int, _frame: object) -> None:
        if self._supervisor:  # 0 would be our process group
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._supervisor, number)

    def _drain_wakeups(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.read(self._wakeup, 4096)

    def _handle_request(self) -> bool:
        """Read and carry out one request; False when the supervisor is gone."""
        try:
            data, descriptors = _receive(self._channel)
        except ConnectionResetError:  # it ended with messages of ours unread
            return False
        if not data:
            return False
        request = decode_request.decode(data)
        match request:
            case Reload():
                self._reload()
            case Notify(state):
                Notifier.from_environment().send_patiently(state)
            case Prepare(places):
                self._prepare(places)
            case Fork() | ForkZygote():
                self._fork(request, descriptors)
        close_all(descriptors)
        return True

    def _reload(self) -> None:
        """Replace this process's image by a new one, with the code that is installed now.

        An exec keeps pid, children and socket, but resets signal handlers to the default, which for SIGHUP and SIGTERM
        would end the zygote and all its children. So signals stay blocked, which an exec keeps too, until `serve` has
        installed handlers in the new image.
        """
        command = [sys.executable, "-m", "decnet_core.supervise.fork.zygote", *sys.argv[1:]]
        signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        try:
            os.execv(command[0], command)  # noqa: S606  # no shell is wanted
        except OSError as error:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
            log.error("the code was not reloaded: cannot execute %s: %s", command[0], error.strerror)  # noqa: TRY400
            self._send(Preloaded(os.getpid(), len(sys.modules), 0.0))

    def _prepare(self, places: Sequence[str]) -> None:
        started = time.monotonic()
        if asked := [one for one in self._unprepared if one in places]:
            self._unprepared = tuple(one for one in self._unprepared if one not in asked)
            self._loaded = True
            preload(asked, rehearsed=True)
            self._settling = _STARTED_SECONDS
        if not self._unprepared:
            gc.enable()
        self._send(_preloaded_since(started))

    def _load_first(self, place: str) -> None:
        """Import the first of the workers that are waited for, and with it the library that all of them need.

        The others import the rest themselves, beside each other.
        """
        self._loaded = True
        load(place)

    def _fork(self, request: Fork | ForkZygote, descriptors: list[int]) -> None:
        if self._unprepared and not self._loaded and isinstance(request, Fork):
            self._load_first(request.place)
        # A child that is signalled before it has handlers of its own must not forward that to the supervisor.
        signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        try:
            pid = os.fork()
        except OSError as error:
            self._send(Forked(request.request, 0, f"cannot fork: {error.strerror}"))
            pid = -1
        if pid == 0:
            self._be_child(request, *descriptors)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
        if pid > 0:
            pidfd = os.pidfd_open(pid)
            self._send(Forked(request.request, pid), [pidfd])
            os.close(pidfd)

    def _be_child(self, request: Fork | ForkZygote, output: int, lifeline: int, *passed: int) -> None:
        """Be the child, from here to the end of the process."""
        code: int = Exit.CRASHED
        try:
            gc.freeze()  # what it was forked with; not in a zygote, which makes that ready to be shared later
            gc.enable()
            self._channel.close()
            os.close(self._wakeup)
            os.close(self._wakeup_writer)
            if isinstance(request, Fork):
                code = _be_worker(request, output, lifeline, *passed)
            else:
                code = _be_zygote(request, output, lifeline, *passed)
        finally:
            sys.stderr.flush()
            os._exit(code)  # the zygote's exit handlers are not the child's

    def _reap(self) -> bool:
        """Reap every child that has exited and report its exit code; return whether others run.

        A worker may have left processes of its own in its session. They are killed between WNOWAIT, which tells of the
        exit, and `waitpid`, which frees the number: until then no stranger can have the same process group.
        """
        while True:
            try:
                ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            except ChildProcessError:
                return False
            if ended is None:
                return True
            pid = ended.si_pid
            if pid != self._supervisor:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(pid, signal.SIGKILL)
            code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            if pid == self._supervisor:
                self._exit_code = code
                self._supervisor = 0
            else:
                self._send(Exited(pid, code))

    def _send(self, message: Message, descriptors: Sequence[int] = ()) -> None:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # the next read finds that it is gone
            socket.send_fds(self._channel, [encode(message)], list(descriptors))


def _be_worker(request: Fork, output: int, lifeline: int, *passed: int) -> int:
    secret = passed[: len(passed) - len(request.sockets)]
    sockets = described(dict(zip(request.sockets, passed[len(secret) :], strict=True)))
    environment = {**request.environment, process.LIFELINE: str(lifeline), VARIABLE: sockets}
    identity.become_worker(request.name, output=output, environment=environment)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
    os.close(output)
    for descriptor in secret:
        os.environ.update(secrets.read(descriptor))
    return child_main.run(request.name, request.place, hosting="fork")


def _be_zygote(request: ForkZygote, output: int, lifeline: int, channel: int) -> int:
    started = time.monotonic()
    identity.become_worker(request.name, output=output, environment={})
    os.close(output)
    os.close(lifeline)  # that of its children comes with each
    # Nothing that an import makes is garbage, and to look for it would take a tenth of the time, be it then or at the
    # first fork: until `_prepare`.
    gc.disable()
    return _serve(socket.socket(fileno=channel), 0, started, unprepared=request.places)


def _preloaded_since(started: float) -> Preloaded:
    return Preloaded(os.getpid(), len(sys.modules), round(time.monotonic() - started, 3))


def _say_killed(number: int) -> int:
    log.error("the supervisor was killed by signal %d", number)
    return Exit.CRASHED


def _kill_children() -> None:
    with contextlib.suppress(OSError):  # a kernel without that file
        for pid in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split():
            os.kill(int(pid), signal.SIGKILL)


def _receive(channel: socket.socket) -> tuple[bytes, list[int]]:
    """Return one packet and its descriptors, which this process's children do not inherit on exec."""
    room = socket.CMSG_SPACE(_DESCRIPTORS * array.array("i").itemsize)
    data, ancillary, _, _ = channel.recvmsg(LARGEST_PACKET, room, socket.MSG_CMSG_CLOEXEC)
    return data, passed(ancillary)


def main(places: Sequence[str]) -> int:
    """Be the zygote of the workers at `places`, started by a supervisor or executed again by itself."""
    started = time.monotonic()
    channel = socket.socket(fileno=int(os.environ[SOCKET]))
    preload(places)
    return _serve(channel, int(os.environ.get(SUPERVISOR, "0")), started)


def run_with_supervisor(
    places: Sequence[str], supervise: Callable[[socket.socket], int], killed: Callable[[int], int] | None = None
) -> int:
    """Be the zygote of the workers at `places` and of their supervisor, which so shares the same pages.

    `supervise` runs in a forked child, is given its end of the pair, and returns the exit code of both. When a signal
    has killed that child, `killed` is told its number, once all workers are gone, and returns the exit code; by default
    it is logged.
    """
    started = time.monotonic()
    preload(places)
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    supervisor = os.fork()
    if supervisor == 0:
        ours.close()
        code: int = Exit.CRASHED
        try:
            identity.follow_parent()
            code = supervise(theirs)
        finally:
            sys.stderr.flush()
            os._exit(code)
    theirs.close()
    secrets.leave()  # only the supervisor reads them
    ours.set_inheritable(True)
    os.environ.update({SOCKET: str(ours.fileno()), SUPERVISOR: str(supervisor)})  # for the image that a reload executes
    sys.argv[1:] = places
    return _serve(ours, supervisor, started, killed)


def _serve(
    channel: socket.socket,
    supervisor: int,
    started: float,
    killed: Callable[[int], int] | None = None,
    unprepared: Sequence[str] = (),
) -> int:
    with contextlib.suppress(BrokenPipeError):
        channel.send(encode(_preloaded_since(started)))
    try:
        return Zygote(channel, supervisor, killed, unprepared).serve()
    except msgspec.DecodeError as error:
        print(f"zygote: invalid request: {error}", file=sys.stderr)  # noqa: T201  # no logging here
        return Exit.CRASHED


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
