# SPDX-License-Identifier: MIT
"""Looks again and again until each check holds or its time is up, and says how long it took."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping

import msgspec
from sqlalchemy import Connection

from decnet.drill.attack import Deed
from decnet.drill.checks import Check, Evidence, Finding
from decnet.place import Place, records

_POLL_SECONDS = 0.05


class Outcome(msgspec.Struct, frozen=True):
    """How one check ended; `seconds` is from the deed to when it was seen to hold."""

    check: str
    holds: bool
    seconds: float
    detail: str


class Examination:
    """The checks of one drill; `tell` hears each outcome as soon as it is known."""

    def __init__(
        self, place: Place, evidence: Evidence, checks: Iterable[Check], tell: Callable[[Outcome], None]
    ) -> None:
        self.outcomes: list[Outcome] = []
        self._place = place
        self._evidence = evidence
        self._open = list(checks)
        self._last: dict[str, Finding] = {}
        self._tell = tell

    async def run(self, done: Mapping[Deed, float], seconds: float, attack_over: asyncio.Event) -> None:
        """Go on until nothing is open; a check has `seconds` after its deed, one whose deed failed has none."""
        while self._open:
            held = await asyncio.to_thread(self._look)
            now = time.monotonic()
            for check in list(self._open):
                began = done.get(check.after)
                if check.name in held:
                    self._close(check, holds=True, seconds=0.0 if began is None else max(0.0, now - began))
                elif began is None and attack_over.is_set():
                    self._close(
                        check, holds=False, seconds=0.0, detail=f"the attack did not get so far: {check.after.value}"
                    )
                elif began is not None and now - began > seconds:
                    self._close(check, holds=False, seconds=now - began)
            if self._open:
                await asyncio.sleep(_POLL_SECONDS)

    def _look(self) -> set[str]:
        with records(self._place) as connection:
            return {check.name for check in self._open if self._holds(check, connection)}

    def _holds(self, check: Check, connection: Connection) -> bool:
        finding = check.look(connection, self._evidence)
        self._last[check.name] = finding
        return finding.holds

    def _close(self, check: Check, *, holds: bool, seconds: float, detail: str | None = None) -> None:
        self._open.remove(check)
        outcome = Outcome(check.name, holds, round(seconds, 3), detail or self._last[check.name].detail)
        self.outcomes.append(outcome)
        self._tell(outcome)
