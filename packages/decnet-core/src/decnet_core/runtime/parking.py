# SPDX-License-Identifier: MIT
"""How a worker that has nothing to do asks its supervisor to be parked: to end, and be started when something wakes it.

The worker tells since when it knows that there is nothing to do: since its last look *began*, for what came later it
may have missed. The supervisor parks it only if nothing that would have woken it has come since then
(`supervise.parked`); otherwise the worker has been nudged too, looks again, and asks again. So nothing is overlooked,
however the two are interleaved.

A worker counts as idle from the first look that found nothing; nudges for which there is nothing to do do not keep it.

One for whose results nobody waits can also ask for a *break*, as long as more comes all the time than it is worth to
keep a process for: then messages do not wake it, but for those for which somebody waits (`Hosted.ends_break`); the
time when the break is over does.
"""

import contextlib
import math
import socket
import time
from collections.abc import Callable, Iterator

import msgspec

from decnet_core.bus.subjects import Health

PARKS = "DECNET_PARKS"
"""Set to 1 by a supervisor that parks workers."""

REQUEST = "X_DECNET_PARK"
"""The field of the sd_notify message that asks for it; a `ParkRequest` as JSON."""

WORKED = "X_DECNET_WORKED"
"""The field of the one that tells, once, that there is something to do, for whoever replaces it may never have any."""

AGAIN_SECONDS = 0.25
"""Until the second look and request: the first one only makes the supervisor listen in the worker's place. The pause
is doubled each time that it is not granted ..."""
LONGEST_SECONDS = 10.0
"""... up to this."""


class ParkRequest(msgspec.Struct, frozen=True):
    """What a supervisor must know to park a worker. Times are of CLOCK_MONOTONIC, which all processes share."""

    idle_since: float
    """When the last look for work began, which found none."""
    due: float | None
    """When there will be work though nothing has come, such as a retry."""
    listens: tuple[str, ...]
    """Bus patterns whose messages wake it."""
    health: Health
    """Its last report."""
    sockets: tuple[str, ...] = ()
    """Names of the listening sockets that come with the message, in their order; a client of one wakes it, too."""
    watched: bool = False
    """Whether the last descriptor is one of inotify(7), for changes that wake it."""
    spools: bool = False
    """Whether what is appended to a spool wakes it."""
    follows: tuple[str, ...] = ()
    """Workers with which it is woken, because there is usually work for it after theirs."""
    background: bool = False
    """Whether it is woken a moment after the others, once its zygote has prepared it (`Hosted.background`)."""
    worked: bool = True
    """Whether it had anything to do since it was started."""


class Parking:
    """The idle time of one worker; without a supervisor that parks, nothing happens."""

    def __init__(self) -> None:
        self._seconds = math.inf
        self._ask: Callable[[float, float | None], None] | None = None
        self._ask_for_break: Callable[[float, float], None] | None = None
        self._tell_worked: Callable[[], object] = lambda: None
        self.sockets: dict[str, socket.socket] = {}
        """Listening sockets by name, which the supervisor is to hold."""
        self.listens: tuple[str, ...] | None = None
        """Bus patterns whose messages wake it, if those that its class declares are not what it needs now."""
        self.looks_by_itself = True
        """Whether it also looks every `[runtime] parked_seconds`; not if work can only come by what it waits for."""
        self.hand_over_watch: Callable[[], int] | None = None
        """Returns a descriptor of inotify(7) for the supervisor alone, for changes since the last look began."""
        self.side_due = math.inf
        """When a job beside the main loop is due, such as the renewal of a certificate; CLOCK_MONOTONIC."""
        self._side_jobs = 0
        self.has_worked = False
        """Whether there has been anything to do."""
        self._idle_from: float | None = None
        self._asked = -math.inf
        self._again = 0.0

    def enable(
        self,
        seconds: float,
        ask: Callable[[float, float | None], None],
        ask_for_break: Callable[[float, float], None] | None = None,
        tell_worked: Callable[[], object] = lambda: None,
    ) -> None:
        """Call `ask` with `ParkRequest.idle_since` and `due` when the worker has been idle for `seconds`.

        `ask_for_break` is called with the same when it wants a break, in which few messages wake it; `tell_worked` when
        there is something to do for the first time.
        """
        self._seconds, self._ask, self._ask_for_break, self._tell_worked = seconds, ask, ask_for_break, tell_worked

    def worked(self) -> None:
        """Note that there was something to do."""
        self._note_work()
        self._again = 0.0

    def _note_work(self) -> None:
        self._idle_from = None
        if not self.has_worked:
            self.has_worked = True
            self._tell_worked()

    def busy(self, seconds: float) -> float:
        """Note that somebody is being served; return when to look again, at most in `seconds`."""
        self.worked()
        return min(seconds, self._seconds)

    @contextlib.contextmanager
    def side_job(self) -> Iterator[None]:
        """Not be parked meanwhile: a job beside the main loop is under way."""
        self._side_jobs += 1
        try:
            yield
        finally:
            self._side_jobs -= 1

    def rest(self, began: float, seconds: float, due_seconds: float | None = None) -> float:
        """Note a look that began at `began` and found nothing; return when the next one is due, at most in `seconds`.

        `due_seconds` is the time from now until work that is known already.
        """
        if self._side_jobs:
            self.worked()
            return seconds
        if self._idle_from is None:
            self._idle_from = began
        now = time.monotonic()
        left = self._idle_from + self._seconds - now
        if left > 0 or self._ask is None:
            return min(seconds, left)
        if now - self._asked >= self._again:  # nudges may come faster
            self._asked, self._again = now, min(max(2 * self._again, AGAIN_SECONDS), LONGEST_SECONDS)
            due = min(math.inf if due_seconds is None else now + due_seconds, self.side_due)
            self._ask(began, None if due == math.inf else due)
        return min(seconds, self._again)

    def take_break(self, began: float, seconds: float, break_seconds: float) -> float:
        """Note a look that began at `began` and left nothing for now, though more comes; return when the next is due.

        That is at most in `seconds`; in `break_seconds` if the supervisor grants the break.
        """
        self._note_work()
        now = time.monotonic()
        if self._ask_for_break is None or self._side_jobs:
            return seconds
        if now - self._asked >= self._again:
            self._asked, self._again = now, AGAIN_SECONDS
            self._ask_for_break(began, now + break_seconds)
        return min(seconds, self._again)
