# SPDX-License-Identifier: MIT
"""What every way of hosting a fleet offers to the operator's command; narrow, so that a forking host can replace it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

import msgspec

from decnet_core.supervise.policy import Phase


class Status(msgspec.Struct, frozen=True):
    """One worker, as its supervisor sees it."""

    name: str
    phase: Phase
    pid: int | None = None
    restarts: int = 0
    """How often it was started again after its end; to be replaced in good order is none."""
    reason: str = ""
    """Why it is not running, in one line for the operator; may quote what the worker said, so show it escaped."""
    recycled: int = 0
    """How often it was replaced because it outgrew its memory budget."""


Listener = Callable[[Status], None]


class Fleet(Protocol):
    """Workers under supervision."""

    @property
    def zygote(self) -> int | None:
        """The pid of the warm parent, where there is one."""
        ...

    async def start(self, names: Iterable[str]) -> None:
        """Start the workers; returns when each is ready or has failed for the first time."""
        ...

    def status(self) -> tuple[Status, ...]:
        """Return the state of each worker, in the order of their start."""
        ...

    def on_change(self, listener: Listener) -> None:
        """Call `listener` with the new status whenever one changes."""
        ...

    async def restart(self, name: str) -> None:
        """Stop the worker if it runs and start it again, also one that was given up; KeyError for an unknown name."""
        ...

    async def reload(self) -> None:
        """Load the code and the settings anew, replacing one worker after the other."""
        ...

    async def stop(self) -> None:
        """Stop all workers gracefully, those that do not obey by force; none is left when this returns."""
        ...

    async def failed(self) -> None:
        """Wait for a defect of the supervision itself and raise it; workers' crashes are not one."""
        ...

    def kill(self) -> None:
        """Kill what still runs, at once; `stop` then returns soon."""
        ...
