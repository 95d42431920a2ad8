# SPDX-License-Identifier: MIT
"""The worker `ttp`: follows the event log and tags what the rules recognise."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import ClassVar

from sqlalchemy import Connection

from decnet_core.events.catalogue import PAYLOADS
from decnet_core.events.notices import TechniqueTagged
from decnet_core.exits import StartupError
from decnet_core.runtime.context import Context
from decnet_core.runtime.counters import Counters
from decnet_core.runtime.worker import MIB
from decnet_models.errors import UnreadyError
from decnet_models.following.cursor_worker import CursorWorker, EventBatch, Results
from decnet_models.notices.queries import PreparedNotices
from decnet_models.ttp.queries import forget
from decnet_models.ttp.tables import ttp_tag
from decnet_workers.ttp.findings import Findings
from decnet_workers.ttp.reader import ReaderError
from decnet_workers.ttp.settings import TtpSettings
from decnet_workers.ttp.watch import Watched


class Ttp(CursorWorker[TtpSettings]):
    """Tags ATT&CK techniques in attackers' actions, by Sigma rules."""

    name = "ttp"
    background = True
    Settings = TtpSettings
    consumes = PAYLOADS  # a rule of the operator's may read any kind
    notices = (TechniqueTagged,)
    commands = "decnet_workers.ttp.command"
    group = "heavy"
    preload = ("re2",)
    memory_budget = 64 * MIB
    attacker_column = ttp_tag.c.attacker
    shared = False  # a correlation may count over attackers, and windows are swept in the order of the whole log

    batch_events: ClassVar[int] = 4000

    _counters: Counters

    @classmethod
    def _unstarted(cls) -> Ttp:
        """Return a worker without rules: each process loads them itself, when they change."""
        worker = cls(TtpSettings(shipped_rules=False))
        worker._rules, worker._counters = Watched(worker.settings), Counters()
        return worker

    @classmethod
    def check(cls, settings: TtpSettings) -> None:
        """Refuse a folder of rules that is none."""
        if (missing := Watched(settings).missing()) is not None:
            raise StartupError(
                f"[ttp] rules_dir = {str(missing)!r} is no folder that ttp can read; create it or omit the setting"
            )

    async def start(self, ctx: Context) -> None:
        self.check(self.settings)
        self._rules = Watched(self.settings)
        self._counters = ctx.counters
        ctx.counters.read_from(self._rules.counters)
        if self.settings.rules_dir:  # what is wrong with them is said at once
            try:
                await ctx.in_thread(self._rules.read)
            except ReaderError as error:
                raise StartupError(str(error)) from error
        await super().start(ctx)

    async def run(self, ctx: Context) -> None:
        """Follow the log; reload the rules on request."""
        ctx.spawn(self._reload(ctx), name="reload")
        await super().run(ctx)

    def compute(self, batch: EventBatch) -> Callable[[Connection], Results]:
        try:
            self._rules.read_at_first()  # takes 0.3 s, and most lives at a fleet's start find no event
        except ReaderError as error:
            raise UnreadyError(str(error)) from error
        self._rules.read_if_changed()
        findings = Findings(batch.connection, self._rules.library)
        findings.look_at(batch.events)

        store, results = findings.prepared(), Results(PreparedNotices(findings.notices, time.time_ns()))

        def write(connection: Connection) -> Results:
            store(connection)
            self._counters.add("tags", findings.tags)
            return results

        return write

    def forget(self, connection: Connection, attackers: Sequence[str]) -> None:
        """Delete the attackers' tags."""
        forget(connection, attackers)

    async def _reload(self, ctx: Context) -> None:
        while True:
            await ctx.reloading.wait()
            ctx.reloading.clear()
            await ctx.in_thread(self._rules.read_or_keep)
