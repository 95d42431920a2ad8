# SPDX-License-Identifier: MIT
"""How far each worker is behind: cursor workers by their cursor, ingest by bytes in the spools."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection

from decnet.show.times import size
from decnet_core.bus.subjects import Health
from decnet_models.events.queries import last_seq
from decnet_models.notices.queries import last_seq as last_notice_seq
from decnet_models.progress.lease_queries import Lease, all_leases, now_of
from decnet_models.progress.queries import DeadLetter, count_dead_letters, cursors, dead_letters_of

FOLLOW_NOTICES = ("webhook", "enrich")
"""The worker whose cursor goes over the notices; those of all others go over the events."""

DEAD_LETTERS_SHOWN = 3
"""How many dead letters of each worker are shown."""


class Holding(msgspec.Struct, frozen=True):
    """The shards of a worker that one instance holds, or that nobody does."""

    worker: str
    holder: str | None
    shards: int
    seconds_left: float
    """Until it must have renewed them."""


class Progress(msgspec.Struct, frozen=True):
    """The ends of the event log and of the outbox, and each worker's position in its log."""

    last_seq: int
    cursors: dict[str, int]
    dead_letters: dict[str, int]
    last_notice_seq: int = 0
    newest_dead_letters: tuple[DeadLetter, ...] = ()
    """The newest events that each worker could not handle, with their errors."""
    holdings: tuple[Holding, ...] = ()
    """PostgreSQL: which instance handles how many shards of a worker's attackers."""

    def behind(self, worker: str) -> int | None:
        """Return the events or notices that `worker` has not handled yet; None for one without a cursor."""
        position = self.cursors.get(worker)
        end = self.last_notice_seq if worker in FOLLOW_NOTICES else self.last_seq
        return None if position is None else max(0, end - position)


def read_progress(connection: Connection) -> Progress:
    """Read the position of every cursor worker."""
    counts = count_dead_letters(connection)
    return Progress(
        last_seq(connection),
        cursors(connection),
        counts,
        last_notice_seq(connection),
        tuple(one for worker in sorted(counts) for one in dead_letters_of(connection, worker, DEAD_LETTERS_SHOWN)),
        holdings(all_leases(connection), now_of(connection)),
    )


def holdings(leases: Sequence[Lease], now_ns: int) -> tuple[Holding, ...]:
    """Return how many shards of each worker each instance holds; an expired lease is nobody's."""
    held: dict[tuple[str, str | None], list[int]] = {}
    for one in leases:
        left = one.expires_at - now_ns
        held.setdefault((one.worker, one.holder if left > 0 else None), []).append(max(0, left))
    ordered = sorted(held.items(), key=lambda item: (item[0][0], item[0][1] or ""))
    return tuple(Holding(worker, holder, len(left), min(left) / 1e9) for (worker, holder), left in ordered)


def lag_text(worker: str, health: Health | None, progress: Progress | None) -> str:
    """Return the lag of a worker as text, a dash without one."""
    behind = progress.behind(worker) if progress else None
    if behind is not None:
        return f"{behind} {'notices' if worker in FOLLOW_NOTICES else 'events'}"
    if health is not None and "lag_bytes" in health.counters:
        return size(health.counters["lag_bytes"])
    return "-"
