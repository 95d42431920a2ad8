# SPDX-License-Identifier: MIT
"""The worker `reporter`: writes the report that is due, once, and is parked until the next one.

A report is a row of the outbox, so it needs no record of its own, is never written twice, and is sent, retried and
kept when it cannot be delivered as any notice is. The worker itself has neither network nor keys.
"""

import time
from functools import partial
from typing import ClassVar

import msgspec

from decnet.reporter.schedule import due
from decnet.reporter.settings import ReporterSettings
from decnet_core.bus.subjects import NOTICE, NoticeWritten
from decnet_core.events.notices import Notice, ReportWritten, notice_kind
from decnet_core.runtime.context import Context
from decnet_core.runtime.worker import MIB
from decnet_models.database.engine import reading, writing
from decnet_models.database.window import Window
from decnet_models.following.database_worker import DatabaseWorker
from decnet_models.following.single_instance import single_instance
from decnet_models.following.step_loop import Rest, repeat, seconds_until
from decnet_models.notices import queries as notices

POLL_SECONDS = 600.0
"""How late a report may be after the clock of the host was set."""


class Reporter(DatabaseWorker[ReporterSettings]):
    """Writes a report at a set time of the day, which goes to receivers of webhooks and mail."""

    name = "reporter"
    Settings = ReporterSettings
    notices: ClassVar[tuple[type[Notice], ...]] = (ReportWritten,)
    parks = True
    background = True
    gives_way = True
    memory_budget = 128 * MIB

    async def run(self, ctx: Context) -> None:
        async with single_instance(ctx) as mine:
            if mine:
                await repeat(ctx, partial(self._step, ctx))

    async def _step(self, ctx: Context) -> Rest:
        """Write the report that was due last, if it is not there; none without a time of day."""
        if not self.settings.at:
            return Rest(ctx.poll_seconds(POLL_SECONDS))
        now = due(self.settings.at, self.settings.days, time.time_ns())
        seq = await ctx.in_thread(self._write, now.window)
        if seq is not None:
            ctx.counters.add("reports")
            ctx.bus.publish(NOTICE.of(notice_kind(ReportWritten)), msgspec.json.encode(NoticeWritten(seq)))
        return Rest(ctx.poll_seconds(POLL_SECONDS), seconds_until(now.next_at))

    def _write(self, window: Window) -> int | None:
        """Return the `seq` of the newest notice, None when the report was there."""
        key, now = f"{notice_kind(ReportWritten)}:{window.until}", time.time_ns()
        with reading(self._engine) as connection:
            if notices.is_written(connection, key):
                return None
            from decnet.reporter import writing as reports  # once a day: nothing of it stays while there is no report

            report = reports.written_report(connection, window, self.settings.rows, now)
        with writing(self._engine) as connection:
            return reports.add(connection, key, report, now)
