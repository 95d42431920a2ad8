# SPDX-License-Identifier: MIT
"""How far each worker is behind: cursor workers by their cursor, ingest by bytes in the spools."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection

from decnet.show.times import size
from decnet_core.bus.subjects import Health
from decnet_models.events.queries import last_seq
from decnet_models.notices.queries import last_seq as last_notice_seq
from decnet_models.progress.queries import count_set_aside, cursors

FOLLOWS_NOTICES = "webhook"
"""The worker whose cursor goes over the notices; those of all others go over the events."""


class Progress(msgspec.Struct, frozen=True):
    """The ends of the event log and of the outbox, and each worker's place in the one that it follows."""

    last_seq: int
    cursors: dict[str, int]
    set_aside: dict[str, int]
    last_notice_seq: int = 0

    def behind(self, worker: str) -> int | None:
        """Return the events or notices that `worker` has not handled yet; None for one without a cursor."""
        place = self.cursors.get(worker)
        end = self.last_notice_seq if worker == FOLLOWS_NOTICES else self.last_seq
        return None if place is None else max(0, end - place)


def read_progress(connection: Connection) -> Progress:
    """Read the place of every cursor worker."""
    return Progress(last_seq(connection), cursors(connection), count_set_aside(connection), last_notice_seq(connection))


def lag_text(worker: str, health: Health | None, progress: Progress | None) -> str:
    """Return the lag of a worker for people, a dash when it has none to speak of."""
    behind = progress.behind(worker) if progress else None
    if behind is not None:
        return f"{behind} {'notices' if worker == FOLLOWS_NOTICES else 'events'}"
    if health is not None and "lag_bytes" in health.counters:
        return size(health.counters["lag_bytes"])
    return "-"
