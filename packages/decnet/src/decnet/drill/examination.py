# SPDX-License-Identifier: MIT
"""Repeats each check until it holds or its time is up, and records how long that took."""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping

import msgspec
from sqlalchemy.exc import DBAPIError

from decnet.drill.attack import Action
from decnet.drill.checks import Check, Evidence, Finding
from decnet.fleet.deployment import Deployment
from decnet_models.database.engine import open_engine, reading
from decnet_models.errors import reason

_POLL_SECONDS = 0.05


class CheckResult(msgspec.Struct, frozen=True):
    """The result of a check; `seconds` is from the action to when it was seen to hold."""

    check: str
    holds: bool
    seconds: float
    detail: str


class Examination:
    """The checks of one drill; `report` is called with each outcome as soon as it is known."""

    def __init__(
        self, deployment: Deployment, evidence: Evidence, checks: Iterable[Check], report: Callable[[CheckResult], None]
    ) -> None:
        self.outcomes: list[CheckResult] = []
        self._engine = open_engine(deployment.database_url, read_only=True)
        self._evidence = evidence
        self._open = list(checks)
        self._report = report

    async def run(self, done: Mapping[Action, float], seconds: float, attack_over: asyncio.Event) -> None:
        """Continue until all are decided; a check has `seconds` after its action, one whose action failed has none."""
        try:
            while self._open:
                over = attack_over.is_set()  # before looking: what was done by then is looked at once more
                now, findings = await asyncio.to_thread(self._look)
                for check, finding in findings:
                    self._judge(check, finding, now, done.get(check.after), seconds, over=over)
                await asyncio.sleep(_POLL_SECONDS)
        finally:
            self._engine.dispose()

    def _look(self) -> tuple[float, list[tuple[Check, Finding]]]:
        """Return the time, and the findings; a busy database is retried at the next look."""
        now = time.monotonic()
        try:
            with reading(self._engine) as connection:
                return now, [(check, check.look(connection, self._evidence)) for check in self._open]
        except DBAPIError as error:
            failed = Finding(False, f"the database cannot be read: {reason(error)}")
            return now, [(check, failed) for check in self._open]

    def _judge(
        self, check: Check, finding: Finding, now: float, began: float | None, seconds: float, *, over: bool
    ) -> None:
        """Decide the check if it holds, if its time is up, or if its action will never be done."""
        took = 0.0 if began is None else max(0.0, (finding.at or now) - began)
        if finding.holds:
            self._close(check, finding, took)
        elif began is None and over:
            self._close(check, Finding(False, f"the attack did not get that far: {check.after.value}"), 0.0)
        elif began is not None and now - began > seconds:
            self._close(check, finding, took)

    def _close(self, check: Check, finding: Finding, seconds: float) -> None:
        self._open.remove(check)
        outcome = CheckResult(check.name, finding.holds, round(seconds, 3), finding.detail)
        self.outcomes.append(outcome)
        self._report(outcome)
