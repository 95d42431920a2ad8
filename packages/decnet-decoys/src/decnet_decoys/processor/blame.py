# SPDX-License-Identifier: MIT
"""Counts and names the callbacks that kept everybody waiting: in the worker's health, and, seldom, in its log."""

import asyncio
import logging
from typing import Any

from decnet_core.runtime.logs import LogLimit
from decnet_decoys.processor.account import Account

log = logging.getLogger(__name__)

LOG_SECONDS = 60.0
"""Between two lines of the log; those in between are counted."""

_ASYNCIO = asyncio.__path__[0]


class Blame:
    """What took longer than `turn.LONGEST_SECONDS`."""

    def __init__(self) -> None:
        self.longest = 0.0
        """Processor seconds of a connection's longest callback so far."""
        self.count = 0
        """Callbacks of connections that took too long."""
        self.own = 0
        """Those of the worker itself: its start, a garbage collection while nobody is connected."""
        self._lines = LogLimit(LOG_SECONDS)

    def counters(self) -> dict[str, float]:
        return {
            "longest_stretch_ms": round(self.longest * 1000, 1),
            "decoys_stretches": self.count,
            "decoys_stretches_own": self.own,
        }

    def took(self, seconds: float, handle: Any, account: Account | None) -> None:
        """Report a callback that took `seconds`."""
        if account is None:
            self.own += 1
            return
        self.count += 1
        omitted = self._lines.due()
        if omitted is not None:
            log.warning(
                "%.0f ms without a yield in %s for %s; %d more since the last report",
                seconds * 1000, place_of(handle), account.label, omitted,
            )  # fmt: skip


def place_of(handle: Any) -> str:
    """Return what a callback runs: of a task the innermost coroutine that is not asyncio's, and where it waits now."""
    callback = handle._callback
    owner = getattr(callback, "__self__", None)
    if not isinstance(owner, asyncio.Task):
        return str(getattr(callback, "__qualname__", callback))
    waiting: Any = owner.get_coro()
    found = waiting
    while (waiting := getattr(waiting, "cr_await", None)) is not None and hasattr(waiting, "cr_code"):
        if not waiting.cr_code.co_filename.startswith(_ASYNCIO):
            found = waiting
    frame = getattr(found, "cr_frame", None)
    return str(getattr(found, "__qualname__", found)) + (f":{frame.f_lineno}" if frame is not None else "")
