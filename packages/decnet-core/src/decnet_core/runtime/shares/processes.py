# SPDX-License-Identifier: MIT
"""Forks a worker's shares and watches them: one that ends, hangs or outgrows its budget is started again, alone.

To a supervisor, or to systemd, this process is the worker: it is ready when all shares are, and passes on their words.
So nothing outside needs to know about shares, and they cost little: what was imported before the fork they share.

It runs no event loop and no thread, as a zygote, so that a fork is always safe. The shares hold the read end of a pipe
whose write end only this process has: however it ends, they stop.
"""

import contextlib
import logging
import os
import random
import select
import signal
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from decnet_core.exits import Exit
from decnet_core.net.inherited import close_all
from decnet_core.runtime.notify import BUDGET, EXPOSED, USED, Notifier, Receiver, watchdog_seconds
from decnet_core.runtime.restarts.handover import SUCCEEDS
from decnet_core.runtime.restarts.policy import Ended, decide
from decnet_core.runtime.restarts.settings import RestartSettings
from decnet_core.runtime.shares.child import Child
from decnet_core.runtime.shares.share import Share, names
from decnet_core.runtime.stored_sockets import forgetting, keeping
from decnet_core.timing.heartbeat_clock import until_beat

log = logging.getLogger(__name__)

Serve = Callable[[Notifier, Share, int], int]
"""Runs a share to its end, in its process: whom it notifies, what it is, its lifeline; returns the exit code."""

_RESTARTS = RestartSettings()
_LATE_SECONDS = 5.0
"""A process that wakes up so late was not running either (SIGSTOP, suspend): silence meanwhile proves nothing."""
_SIGNALS = (signal.SIGCHLD, signal.SIGHUP, signal.SIGINT, signal.SIGTERM)


class ShareProcesses:
    """Runs `count` shares of a worker until SIGTERM, SIGINT or the end of its own lifeline."""

    def __init__(
        self,
        worker: str,
        count: int,
        serve: Serve,
        notifier: Notifier,
        *,
        budget_bytes: int,
        exposed: bool,
        stop_seconds: float,
        lifeline: int | None,
        stored: dict[str, list[int]],
    ) -> None:
        """`budget_bytes` is each share's; one that has not stopped after `stop_seconds` is killed.

        `stored` are the sockets that are kept for the shares, which the next process of each finds in it.
        """
        self._worker = worker
        self._children = [Child(name) for name in names(worker, count)]
        self._serve = serve
        self._notifier = notifier
        self._budget = budget_bytes
        self._exposed = exposed
        self._stop_seconds = stop_seconds
        self._outer_lifeline = lifeline
        self._stored = stored
        self._watchdog = watchdog_seconds()
        self._stopping = False
        self._told_ready = self._told_standby = False
        self._code: int = Exit.STOPPED
        self._received: list[int] = []
        self._next_beat = 0.0

    def run(self) -> int:
        """Run the shares; return the exit code of the worker."""
        self._open()
        try:
            while not self._finished():
                self._start_due(time.monotonic())
                readable = self._wait()
                if self._outer_lifeline in readable:
                    log.warning("the parent process is gone; stopping")
                    self._outer_lifeline = None
                    self._stop()
                self._handle_signals()
                self._read_messages()
                self._reap()
                self._end_overdue(time.monotonic())
                self._tell(time.monotonic())
        finally:
            self._close()
        return self._code

    def _open(self) -> None:
        self._wakeup, self._wakeup_writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._lifeline, self._our_end = os.pipe()
        self._receiver = Receiver()
        for number in _SIGNALS:
            signal.signal(number, lambda number, _frame: self._received.append(number))
        signal.set_wakeup_fd(self._wakeup_writer, warn_on_full_buffer=False)

    def _close(self) -> None:
        signal.set_wakeup_fd(-1)
        for child in self._children:
            child.kill()
        self._receiver.close()
        for descriptor in (self._wakeup, self._wakeup_writer, self._lifeline, self._our_end):
            os.close(descriptor)

    def _finished(self) -> bool:
        return self._stopping and not any(child.pid for child in self._children)

    def _wait(self) -> list[int]:
        """Wait until something happens or is due; return the descriptors that can be read."""
        now = time.monotonic()
        dues = [moment for child in self._children for moment in child.dues(self._watchdog)]
        if self._watchdog is not None:
            dues.append(self._next_beat)
        timeout = max(0.0, min(dues) - now) if dues else None
        sources = [self._receiver.fileno(), self._wakeup]
        if self._outer_lifeline is not None:
            sources.append(self._outer_lifeline)
        readable = _readable(sources, timeout)
        with contextlib.suppress(BlockingIOError):
            os.read(self._wakeup, 4096)
        if timeout is not None and (late := time.monotonic() - now - timeout) > _LATE_SECONDS:
            for child in self._children:
                child.heard_at += late
        return readable

    def _handle_signals(self) -> None:
        received, self._received = self._received, []
        for number in received:
            if number in (signal.SIGTERM, signal.SIGINT):
                self._stop()
            elif number == signal.SIGHUP:
                for child in self._children:
                    child.signal(signal.SIGHUP)

    def _stop(self) -> None:
        """Ask all to end; the second time changes nothing."""
        if self._stopping:
            return
        self._stopping = True
        self._notifier.send("STOPPING=1")
        for child in self._children:
            child.starts_at = None
            child.ask_to_end(self._stop_seconds)

    def _end_overdue(self, now: float) -> None:
        """Kill those that hang, or do not end as they were asked to."""
        for child in self._children:
            if not child.pid:
                continue
            if child.kill_at is not None and now >= child.kill_at:
                log.warning("%s: did not stop, killed", child.name)
                child.kill()
            elif self._watchdog is not None and now >= child.heard_at + self._watchdog:
                log.warning("%s: no heartbeat for %.0f s, killed", child.name, self._watchdog)
                child.kill()

    def _read_messages(self) -> None:
        while (message := self._receiver.receive()) is not None:
            child = next((child for child in self._children if child.pid == message.pid), None)
            if child is None:
                close_all(message.descriptors)
                continue
            self._keep(message.fields, message.descriptors)
            self._note(child, message.fields, time.monotonic())

    def _keep(self, fields: dict[str, str], descriptors: list[int]) -> None:
        """Keep the sockets of a share for its next process, and have our own supervisor keep them."""
        name = fields.get("FDNAME", "")
        if "FDSTORE" in fields:
            self._stored.setdefault(name, []).extend(descriptors)
            self._notifier.send_patiently(keeping(name), descriptors)
            return
        close_all(descriptors)
        if "FDSTOREREMOVE" in fields:
            close_all(self._stored.pop(name, ()))
            self._notifier.send_patiently(forgetting(name))

    def _note(self, child: Child, fields: dict[str, str], now: float) -> None:
        """Handle what a share has sent."""
        child.heard_at = now
        child.standing_by = child.standing_by or "STANDBY" in fields
        if child.ready_at is None and ("READY" in fields or "WATCHDOG" in fields):
            child.ready_at = now
        if "STATUS" in fields:
            self._notifier.send(f"STATUS={fields['STATUS']}")
        used = fields.get(USED, "")
        if used.isdecimal() and int(used) > self._budget and child.kill_at is None:
            log.warning("%s: replacing (%d MiB used, %d MiB declared)", child.name, int(used) >> 20, self._budget >> 20)
            child.ask_to_end(self._stop_seconds)

    def _reap(self) -> None:
        for child in self._children:
            if not child.pid:
                continue
            pid, status = os.waitpid(child.pid, os.WNOHANG)
            if pid:
                self._ended(child, os.waitstatus_to_exitcode(status), time.monotonic())

    def _ended(self, child: Child, code: int, now: float) -> None:
        """Decide what follows the end of a share's process."""
        asked = child.kill_at is not None
        ready_seconds = child.ended(now)
        if self._stopping:
            return
        if code == Exit.STARTUP_FAILED and not self._told_ready:
            self._code = code
            self._stop()
        elif asked or (code == Exit.RESTART and ready_seconds):
            child.starts_at = now
        else:
            reason = f"killed by signal {-code}" if code < 0 else f"exit code {code}"
            self._restart_later(child, ready_seconds, reason, now)

    def _restart_later(self, child: Child, ready_seconds: float, reason: str, now: float) -> None:
        """Restart a share as a worker that attackers can reach: the others serve on, so it is never given up."""
        ended = Ended(Exit.CRASHED, ready_seconds)  # also where it cannot start any more
        chance = random.random()  # noqa: S311  # no secret
        decision = decide(ended, child.crashes, chance, _RESTARTS, exposed=True)
        child.crashes = decision.crashes
        child.starts_at = now + decision.delay_seconds
        log.warning("%s: restarting in %.1f s (%s)", child.name, decision.delay_seconds, reason)

    def _start_due(self, now: float) -> None:
        for index, child in enumerate(self._children):
            if child.starts_at is not None and now >= child.starts_at:
                child.starts_at = None
                self._start(index, child)
        os.environ.pop(SUCCEEDS, None)  # the first of each have it; what comes later succeeds nobody

    def _start(self, index: int, child: Child) -> None:
        share = Share(self._worker, index, len(self._children), restarts=child.starts)
        child.starts += 1
        child.heard_at = time.monotonic()
        sys.stderr.flush()
        # A child that is signalled before it has handlers of its own must not take that for its parent's.
        signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        try:
            child.pid = os.fork()
        except OSError as error:
            child.pid = -1
            self._restart_later(child, 0.0, f"cannot start a process: {error.strerror}", child.heard_at)
        if child.pid == 0:
            self._run_child(share)
        child.pid = max(child.pid, 0)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)

    def _run_child(self, share: Share) -> None:
        """Be the share, from here to the end of the process."""
        code: int = Exit.CRASHED
        try:
            address = self._receiver.address
            signal.set_wakeup_fd(-1)
            for number in _SIGNALS:
                signal.signal(number, signal.SIG_DFL)
            self._receiver.close()
            for descriptor in (self._wakeup, self._wakeup_writer, self._our_end):
                os.close(descriptor)
            if self._outer_lifeline is not None:
                os.close(self._outer_lifeline)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
            with contextlib.suppress(OSError):  # without /proc a child is only harder to tell apart
                Path("/proc/self/comm").write_text(f"decnet-{share.name}"[:15], encoding="ascii")
            random.seed()
            code = self._serve(Notifier(address), share, self._lifeline)
        finally:
            sys.stderr.flush()
            os._exit(code)  # the exit handlers are the parent's

    def _tell(self, now: float) -> None:
        """Report to our own supervisor: once that all stand by, once that all are ready, then heartbeats."""
        if not (self._told_standby or self._told_ready) and all(child.standing_by for child in self._children):
            self._told_standby = self._notifier.send("STANDBY=1")
        if not self._told_ready and all(child.ready_at is not None for child in self._children):
            self._told_ready = True
            self._notifier.send_patiently(f"READY=1\n{self._budget_fields}\n{EXPOSED}={self._exposed:d}")
            log.info("ready processes=%d", len(self._children))
        if self._watchdog is not None and now >= self._next_beat:
            self._next_beat = now + until_beat(self._watchdog / 2)
            if self._told_ready:
                self._notifier.send(f"WATCHDOG=1\n{USED}=0\n{self._budget_fields}")

    @property
    def _budget_fields(self) -> str:
        return f"{BUDGET}={self._budget * len(self._children)}"


def _readable(descriptors: Iterable[int], timeout: float | None) -> list[int]:
    """Return which can be read, after `timeout` seconds at the latest; as select(2), but for any number."""
    poll = select.poll()
    for descriptor in descriptors:
        poll.register(descriptor, select.POLLIN)
    return [descriptor for descriptor, _ in poll.poll(None if timeout is None else timeout * 1000)]
