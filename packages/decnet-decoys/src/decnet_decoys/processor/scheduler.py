# SPDX-License-Identifier: MIT
"""Runs the event loop's callbacks in the order of what their clients have used, and reports those that took too long.

All deckies share one event loop, and asyncio runs whatever is ready in the order in which it became so: a client with
24 busy connections gets 24 turns before a newcomer gets one. Here a callback belongs to the connection in whose context
(PEP 567) it was scheduled, whatever library scheduled it; it is charged for its time, and when its source has had its
share, it waits in a queue of which the least used are served first, one turn at a time; every other turn is for the
source that was served longest ago, so that nobody waits for ever. Those who have used little have a turn of their own,
before it is the turn of the queue. Nothing is idle while work waits, so a source that is alone is not slowed.

asyncio has no hook for this: `Handle._run`, through which every callback of every loop passes, is replaced while a
scheduler is installed. Measured by the thread's processor time, not by the wall clock: a busy machine is no defect.
What a callback is blamed for is no longer than either: the processor time is that since the callback before, with what
the loop itself did meanwhile, and a virtual machine books stolen time late.

A task that was cancelled keeps its exception, whose traceback refers to the frames that ran it. So no frame here keeps
the callback, or each connection that was evicted would be a cycle, freed by the next full collection of garbage only.
"""

from __future__ import annotations

import asyncio
import contextvars
import heapq
import itertools
import logging
from collections.abc import Callable
from time import perf_counter, thread_time
from typing import Any

from decnet_decoys.processor import turn
from decnet_decoys.processor.account import Account, Accounts
from decnet_decoys.processor.blame import Blame

log = logging.getLogger(__name__)

ACCOUNT: contextvars.ContextVar[Account] = contextvars.ContextVar("decoys_account")
"""Who pays for what the current context does; where it is not set, the worker itself."""

_AT_LEAST_SECONDS = 0.001
"""For which one connection is served before the next is looked for."""
_SAME_RANK = 0.1
"""How much a rank may have risen meanwhile (7 % more used) without being put in its new place."""

_HANDLE: Any = asyncio.Handle
"""Its slots are no part of what the type stubs know."""
_runs: list[Callable[[Any], None]] = []
"""`Handle._run` as it was found: asyncio's own, or what else watches the loop (`supervise.stalls`)."""
_installed: dict[asyncio.AbstractEventLoop, LoopScheduler] = {}


def install() -> LoopScheduler:
    """Return the running loop's scheduler, which works until it was uninstalled as often as installed."""
    loop = asyncio.get_running_loop()
    scheduler = _installed.setdefault(loop, LoopScheduler(loop))
    scheduler.users += 1
    if not _runs:
        _runs.append(_HANDLE._run)
        _HANDLE._run = _dispatch
    return scheduler


def context_of(account: Account) -> contextvars.Context:
    """Return a context for a connection: what is scheduled in it, the account is charged for."""
    context = contextvars.copy_context()
    context.run(ACCOUNT.set, account)
    return context


def _run_late(run: Any, handle: Any) -> None:
    if not handle.cancelled():
        run(handle)


def _dispatch(handle: Any) -> None:
    scheduler = _installed.get(handle._loop)
    if scheduler is None:
        _runs[0](handle)
    else:
        scheduler.offer(handle)
    handle = None


class LoopScheduler:
    """Decides for one event loop which callbacks run now and which wait."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.users = 0
        self.blame = Blame()
        self.deferred = 0
        """Callbacks that had to wait for their turn."""
        self.greedy = 0
        """Sources that have used much."""
        self._loop = loop
        self._accounts = Accounts()
        self._own = contextvars.copy_context()
        self._queue: list[tuple[float, int, Account]] = []
        self._numbers = itertools.count()
        self._turns = 0
        self._serving = False
        self._direct = self._spent = 0.0
        """Seconds since the last turn began: of callbacks that ran as they came, and of those that had waited."""
        self._clock = thread_time()

    def uninstall(self) -> None:
        """Leave what waits to the loop, which then does as it always does.

        Nothing is run here: this is called by a task, and while one runs no other can.
        """
        self.users -= 1
        if self.users:
            return
        del _installed[self._loop]
        for _, _, account in self._queue:
            for handle in account.waiting.values():
                self._loop.call_soon(_run_late, _runs[0], handle)
            account.waiting.clear()
        self._queue.clear()
        if not _installed and _HANDLE._run is _dispatch:  # else somebody who came later calls it
            _HANDLE._run = _runs.pop()

    def counters(self) -> dict[str, float]:
        return {"decoys_deferred": self.deferred, "decoys_greedy_sources": self.greedy, **self.blame.counters()}

    def account(self, service: str, decky: str, address: str) -> Account:
        return self._accounts.open(service, decky, address, self._loop.time())

    def charge(self, account: Account, seconds: float) -> None:
        """Charge a connection for what was computed for it outside its own callbacks."""
        account.charge(seconds, self._loop.time())
        self._note_greed(account)
        self.blame.longest = max(self.blame.longest, seconds)
        self.blame.count += seconds > turn.LONGEST_SECONDS

    def _note_greed(self, account: Account) -> None:
        if account.newly_greedy():
            self.greedy += 1
            log.warning("a source uses much processor time and waits for others: %s", account.label)

    def offer(self, handle: Any) -> None:
        """Run a ready callback, or queue it."""
        account = handle._context.get(ACCOUNT)
        if account is None:
            self._run(handle, None)
        elif account.waiting or account.indebted or self._direct >= turn.TURN_SECONDS:
            self._defer(account, handle)
        else:
            self._direct += self._run(handle, account)
        handle = None

    def _defer(self, account: Account, handle: Any) -> None:
        if not account.waiting:
            self._enqueue(account)
        elif id(handle) in account.waiting:
            return
        account.waiting[id(handle)] = handle
        self.deferred += 1
        if not self._serving:
            self._serve_soon()

    def _enqueue(self, account: Account) -> None:
        heapq.heappush(self._queue, (account.rank(self._loop.time()), next(self._numbers), account))

    def _serve_soon(self) -> None:
        self._serving = True
        self._loop.call_soon(self._serve, context=self._own)

    def _serve(self) -> None:
        """Run waiting callbacks for one turn, those of the account that used least first."""
        self._serving, self._direct, self._spent = False, 0.0, 0.0
        while self._queue and self._spent < turn.TURN_SECONDS:
            if self._turns % 2:
                self._serve_one(self._longest_waiting())
                continue
            rank, _, account = heapq.heappop(self._queue)
            if account.rank(self._loop.time()) > rank + _SAME_RANK:
                self._enqueue(account)  # charged while it waited, by other connections of its source
            else:
                self._serve_one(account)
        if self._queue and not self._serving:
            self._serve_soon()

    def _longest_waiting(self) -> Account:
        """Take the account whose source was served longest ago, so that heavy users are not starved."""
        entry = min(self._queue, key=lambda one: (one[2].source.served, one[1]))
        self._queue.remove(entry)
        heapq.heapify(self._queue)
        return entry[2]

    def _serve_one(self, account: Account) -> None:
        self._turns += 1
        account.source.served = self._turns
        until = min(self._spent + _AT_LEAST_SECONDS, turn.TURN_SECONDS)
        while account.waiting and self._spent < until:
            handle = account.waiting.pop(next(iter(account.waiting)))
            if not handle.cancelled():
                self._spent += self._run(handle, account)
            handle = None
        if account.waiting:
            self._enqueue(account)

    def _run(self, handle: Any, account: Account | None) -> float:
        """Run a callback; return its processor seconds."""
        began = turn.begin()
        _runs[0](handle)
        now = thread_time()
        spent, self._clock = now - self._clock, now
        lasted = min(spent, perf_counter() - began)
        if account is not None:
            account.charge(spent, self._loop.time())
            self._note_greed(account)
            self.blame.longest = max(self.blame.longest, lasted)
        if lasted > turn.LONGEST_SECONDS:
            self.blame.took(lasted, handle, account)
        handle = None
        return spent
