# SPDX-License-Identifier: MIT
"""Keeps one worker running as a process: starts it, listens for its signs of life, starts it again by the policy."""

from __future__ import annotations

import asyncio
import logging
import random
import signal
import time
from collections.abc import Awaitable, Callable, Mapping

from decnet_core.exits import Exit
from decnet_core.runtime.handover import SUCCEEDS
from decnet_core.runtime.notify import BUDGET
from decnet_core.supervise.fleet import Status
from decnet_core.supervise.fork.child_process import ChildProcess
from decnet_core.supervise.logfile import LogFile, StandardError
from decnet_core.supervise.policy import Ended, Phase, decide
from decnet_core.supervise.settings import SuperviseSettings

log = logging.getLogger(__name__)

Spawn = Callable[[str, Callable[[bytes], None], Mapping[str, str]], Awaitable[ChildProcess]]
"""Starts a worker's process by name, given who takes its output and what its environment has besides; OSError."""

_HELD_UP_SECONDS = 1.0
"""A timer that is so late was held up itself, with all of us: stopped, swapped out, or the machine slept."""
_TAIL_BYTES = 4096
_REASON_LIMIT = 300


class Keeper:
    """One worker under supervision; `changed` hears every new status."""

    def __init__(
        self,
        name: str,
        spawn: Spawn,
        *,
        settings: SuperviseSettings,
        logfile: LogFile | StandardError,
        changed: Callable[[Status], None],
    ) -> None:
        self.status = Status(name, Phase.STOPPED)
        self.settled = asyncio.Event()
        """Set when the worker has become ready, or failed, for the first time since it was started."""
        self.finished = asyncio.Event()
        """Set when `keep` has ended: no process is left."""
        self._spawn = spawn
        self._settings = settings
        self._logfile = logfile
        self._changed = changed
        self._child: ChildProcess | None = None
        self._successor: ChildProcess | None = None
        self._successor_said: dict[str, str] = {}
        self._standing_by = asyncio.Event()
        self._recycled = 0
        self._recycling = asyncio.Lock()
        self.budget_bytes = 0
        """What the worker declared when it became ready."""
        self._unwanted = asyncio.Event()
        self._wake = asyncio.Event()
        self._starts = 0
        self._crashes = 0
        self._ready_at: float | None = None
        self._said = ""
        self._killed_for = ""
        self._tail = b""
        self._silence: asyncio.TimerHandle | None = None

    async def keep(self) -> None:
        """Run the worker again and again until `stop`."""
        while not self._unwanted.is_set():
            ended, reason = await self._live()
            if self._unwanted.is_set():
                break
            if self._successor is not None:  # it was to leave
                continue
            if self._wake.is_set():  # a restart was asked for; its end was no crash
                self._wake.clear()
                continue
            decision = decide(ended, self._crashes, random.random(), self._settings)  # noqa: S311  # jitter
            self._crashes = decision.crashes
            self._set(decision.phase, reason=reason)
            self.settled.set()
            log.warning("worker ended worker=%s next=%s: %s", self.status.name, decision.phase.value, reason)
            await self._woken(None if decision.phase.over else decision.delay_seconds)
        self._logfile.close()
        self._set(Phase.STOPPED)
        self.settled.set()
        self.finished.set()

    def knows(self, pid: int) -> bool:
        """Return whether `pid` is this worker's process or its successor's."""
        return any(child is not None and child.pid == pid for child in (self._child, self._successor))

    def hear(self, pid: int, signs: Mapping[str, str]) -> None:
        """Take what the worker's process `pid` said by sd_notify."""
        if self._successor is not None and pid == self._successor.pid:
            self._successor_said.update(signs)  # it may be ready before we know that its predecessor is gone
            if "STANDBY" in signs:
                self._standing_by.set()
            return
        if signs.get(BUDGET, "").isdecimal():
            self.budget_bytes = int(signs[BUDGET])
        if "STATUS" in signs:
            self._said = signs["STATUS"][:_REASON_LIMIT]
        # Its word that it is ready is lost when it comes while we are held up; no beat comes before that word.
        if ("READY" in signs or "WATCHDOG" in signs) and self.status.phase is Phase.STARTING:
            self._ready_at = time.monotonic()
            self._set(Phase.READY, pid=self.status.pid)
            self.settled.set()
        if self.status.phase is Phase.READY:
            self._expect_sign(self._settings.watchdog_seconds)

    async def restart(self) -> None:
        """Start the worker anew with a clean slate, stopping it first when it runs."""
        self._crashes = 0
        self.settled.clear()
        self._wake.set()
        await self._end()
        await self.settled.wait()

    async def recycle(self, *, why: str, pid: int | None = None, outgrown: bool = False) -> bool:
        """Replace the process, or only process `pid`, by a new one, which stands by before the old is asked to leave.

        Returns whether it was replaced; when the successor does not come up, the old one stays. `outgrown` counts it
        as one that has outgrown its budget.
        """
        async with self._recycling:  # a reload and the watch of budgets may both want it: one successor at a time
            old = self._child
            if old is None or pid not in (None, old.pid) or self.status.phase is not Phase.READY:
                return False
            return await self._replace(old, why, outgrown=outgrown)

    async def _replace(self, old: ChildProcess, why: str, *, outgrown: bool) -> bool:
        log.warning("replacing worker=%s: %s", self.status.name, why)
        self._standing_by.clear()
        self._successor_said.clear()
        try:
            successor = await self._spawn(self.status.name, self._take_output, {SUCCEEDS: str(old.pid)})
        except OSError as error:
            log.warning("no successor for worker=%s: %s", self.status.name, error)
            return False
        if self._child is not old:  # it fell in the meantime, and a process of its own has taken its place
            successor.kill()
            return False
        self._successor = successor
        self.settled.clear()  # now, for the successor is ready at once when the old one falls
        if not await self._stands_by(successor):
            if self._child is successor:  # the old one fell in the meantime
                return True
            self._successor = None
            successor.kill()
            self.settled.set()
            log.error("worker=%s goes on as it is: its successor did not stand by", self.status.name)
            return False
        self._recycled += outgrown
        await old.stop(self._settings.stop_seconds)
        await self.settled.wait()
        return True

    async def stop(self) -> None:
        """End the worker; `keep` then returns."""
        self._unwanted.set()
        self._wake.set()
        if self._successor is not None:
            self._successor.kill()
        await self._end()

    async def _stands_by(self, successor: ChildProcess) -> bool:
        """Wait until the successor stands by; False when it ends before, or takes too long."""
        ready = asyncio.ensure_future(self._standing_by.wait())
        ended = asyncio.ensure_future(successor.wait())
        try:
            await asyncio.wait(
                (ready, ended), timeout=self._settings.start_seconds, return_when=asyncio.FIRST_COMPLETED
            )
            return ready.done() and not ended.done()
        finally:
            ready.cancel()
            ended.cancel()

    def kill(self) -> None:
        """Kill the worker's process at once."""
        if self._child is not None:
            self._child.kill()

    async def _end(self) -> None:
        child = self._child
        if child is not None:
            self._set(Phase.STOPPING, pid=child.pid)
            await child.stop(self._settings.stop_seconds)

    async def _live(self) -> tuple[Ended, str]:
        """Run one process from start to end; return how it ended and why, as far as it told."""
        self._ready_at, self._said, self._killed_for, self._tail = None, "", "", b""
        self._starts += self._successor is None
        try:
            child = self._successor or await self._spawn(self.status.name, self._take_output, {})
        except OSError as error:
            return Ended(1), f"cannot start a process: {error}"
        self._successor = None
        self._child = child
        self._set(Phase.STARTING, pid=child.pid)
        self._expect_sign(self._settings.start_seconds)
        if self._successor_said:
            said, self._successor_said = self._successor_said, {}
            self.hear(child.pid, said)
        if self._unwanted.is_set():  # stop() came while the process was being made
            child.kill()
        code = await child.wait()
        self._child = None
        self._expect_nothing()
        ready = 0.0 if self._ready_at is None else time.monotonic() - self._ready_at
        return Ended(code, ready), self._reason(code)

    async def _woken(self, seconds: float | None) -> None:
        """Wait for `seconds`, or until the operator wants a restart or the end."""
        try:
            await asyncio.wait_for(self._wake.wait(), seconds)
        except TimeoutError:
            return
        self._wake.clear()

    def _take_output(self, data: bytes) -> None:
        self._tail = (self._tail + data)[-_TAIL_BYTES:]
        self._logfile.write(data)

    def _reason(self, code: int) -> str:
        if self._killed_for:
            return self._killed_for
        if code == Exit.STARTUP_FAILED and self._said:
            return self._said
        how = f"killed by {_signal_name(-code)}" if code < 0 else f"exit code {code}"
        lines = self._tail.decode("utf-8", "backslashreplace").strip().splitlines()
        last = lines[-1].rpartition(" | ")[2].strip('"') if lines else ""
        return f"{how}: {last}"[:_REASON_LIMIT] if last and code >= 0 else how

    def _expect_sign(self, seconds: float) -> None:
        self._expect_nothing()
        self._silence = asyncio.get_running_loop().call_later(seconds, self._overdue, seconds)

    def _expect_nothing(self) -> None:
        if self._silence is not None:
            self._silence.cancel()
            self._silence = None

    def _overdue(self, seconds: float) -> None:
        assert self._silence is not None
        if asyncio.get_running_loop().time() - self._silence.when() > _HELD_UP_SECONDS:
            self._expect_sign(seconds)  # what was said meanwhile waits to be read, or is lost
            return
        what = "not ready" if self.status.phase is Phase.STARTING else "no sign of life"
        self._killed_for = f"{what} within {seconds:g} s; killed"
        self.kill()

    def _set(self, phase: Phase, *, pid: int | None = None, reason: str = "") -> None:
        self.status = Status(self.status.name, phase, pid, max(0, self._starts - 1), reason, self._recycled)
        self._changed(self.status)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def environment_of(base: Mapping[str, str], *, journald: bool, **given: str) -> dict[str, str]:
    """Return the environment of a supervised worker: `base` and what its supervisor gives it.

    JOURNAL_STREAM is left out unless what it prints goes on to the journal.
    """
    kept = {name: value for name, value in base.items() if journald or name != "JOURNAL_STREAM"}
    return {**kept, **given}
