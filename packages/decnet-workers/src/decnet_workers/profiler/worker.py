# SPDX-License-Identifier: MIT
"""The profiler: events in, merged rows and notices out, in the transaction that moves its cursor."""

import time
from collections.abc import Callable, Sequence
from functools import cache
from typing import ClassVar

from sqlalchemy import Connection, Engine

from decnet_core.bus.subjects import NOTICE
from decnet_core.events.notices import (
    AttackerJudged,
    AttackerObserved,
    BaitOpened,
    CanaryTriggered,
    CredentialCaptured,
    SessionEnded,
    notice_kind,
)
from decnet_core.net.addresses import canonical
from decnet_core.runtime.context import Context
from decnet_core.runtime.worker import MIB, NoSettings
from decnet_models.attackers.forgetting import forget
from decnet_models.attackers.merge import Tally
from decnet_models.attackers.queries import known_uses
from decnet_models.attackers.tables import attacker
from decnet_models.canary.queries import token_named
from decnet_models.database.engine import end_snapshot
from decnet_models.following.cursor_worker import CursorWorker, EventBatch, Results
from decnet_models.notices.queries import PreparedNotices
from decnet_models.progress.queries import begin_cursor
from decnet_workers.profiler.announce import Touched, notices, uses_in
from decnet_workers.profiler.bait import bait_look_up
from decnet_workers.profiler.logins import Login, logins_of
from decnet_workers.profiler.observation import Observation
from decnet_workers.profiler.record import KINDS, Recorder
from decnet_workers.profiler.rescoring import rescore
from decnet_workers.profiler.verdicts import VERDICTS, follow_verdicts

UNKNOWN_LABEL = "unknown"


class Profiler(CursorWorker[NoSettings]):
    """Keeps one row per attacker: what it touched, tried, typed and used, and how dangerous it is.

    Counts are sums over events, and each event is handled once, because the cursor moves in the same transaction.
    Verdicts of others, which enrich finds, come by a cursor of their own.
    """

    name = "profiler"
    listens = (*CursorWorker.listens, NOTICE.of(notice_kind(AttackerJudged)))
    follows = ("ingest",)
    consumes = KINDS
    notices = (AttackerObserved, CredentialCaptured, SessionEnded, CanaryTriggered, BaitOpened)
    group = "heavy"
    memory_budget = 64 * MIB
    batch_events: ClassVar[int] = 4000  # many touch hardly more keys than few, and each takes less time
    attacker_column = attacker.c.ip
    shared = True  # rows are an attacker's own, but for `credential`, whose columns are summed

    _passed_over = 0

    async def start(self, ctx: Context) -> None:
        """Open the database and show how many events had no attacker."""
        ctx.counters.read_from(lambda: {"events_without_attacker": self._passed_over})
        await super().start(ctx)

    def compute(self, batch: EventBatch) -> Callable[[Connection], Results]:
        touched, tally = self._touched(batch), Tally()
        end_snapshot(batch.connection)
        recorder = Recorder(tally)
        for one in touched:
            recorder.record(Observation(tally, one.attacker, one.stored, one.logins, one.bait))
        if not touched:
            return lambda _: Results()
        known = rescore(batch.connection, tally)
        uses = known_uses(batch.connection, uses_in(touched))
        end_snapshot(batch.connection)
        new = notices(touched, known=known, known_uses=uses, label=_labels(batch.connection))
        merge, results = tally.prepared(batch.connection), Results(PreparedNotices(new, time.time_ns()))

        def write(connection: Connection) -> Results:
            merge(connection)
            return results

        return write

    def prepare(self, connection: Connection) -> None:
        begin_cursor(connection, VERDICTS, now_ns=time.time_ns())

    def beside(self, engine: Engine) -> bool:
        """Take over verdicts that have changed."""
        return follow_verdicts(engine)

    def forget(self, connection: Connection, attackers: Sequence[str]) -> None:
        """Delete the attackers, and take their part from credentials."""
        forget(connection, attackers)

    def _touched(self, batch: EventBatch) -> list[Touched]:
        """Return the events that have an attacker; the others are counted (again, should the batch be repeated)."""
        touched, bait_in, known = [], bait_look_up(batch.connection), dict[int, tuple[Login, ...]]()
        for stored in batch.events:
            address = canonical(stored.event.src_ip or "")
            if address is None:
                self._passed_over += 1
            else:
                payload = stored.event.payload
                logins = known.get(id(payload))  # equal payloads of a batch are one object
                if logins is None:
                    logins = known[id(payload)] = logins_of(payload)
                touched.append(Touched(address, stored, logins, bait_in(logins) if logins else None))
        return touched


def _labels(connection: Connection) -> Callable[[str], str | None]:
    """Return a look-up of canary labels that queries once per token, for the duration of a batch.

    None for a token that is disabled: its use is not announced.
    """

    @cache
    def label(token: str) -> str | None:
        found = token_named(connection, token)
        if found is None:
            return UNKNOWN_LABEL
        return None if found.disabled_at is not None else found.label

    return label
