# SPDX-License-Identifier: MIT
"""How far each worker is behind: cursor workers by their cursor, ingest by bytes in the spools."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection

from decnet.show.times import size
from decnet_core.bus.subjects import Health
from decnet_models.events.queries import last_seq
from decnet_models.progress.queries import count_set_aside, cursors


class Progress(msgspec.Struct, frozen=True):
    """The event log's end and each worker's place in it."""

    last_seq: int
    cursors: dict[str, int]
    set_aside: dict[str, int]

    def behind(self, worker: str) -> int | None:
        """Return the events that `worker` has not handled yet; None for one without a cursor."""
        place = self.cursors.get(worker)
        return None if place is None else max(0, self.last_seq - place)


def read_progress(connection: Connection) -> Progress:
    """Read the place of every cursor worker."""
    return Progress(last_seq(connection), cursors(connection), count_set_aside(connection))


def lag_text(worker: str, health: Health | None, progress: Progress | None) -> str:
    """Return the lag of a worker for people, a dash when it has none to speak of."""
    behind = progress.behind(worker) if progress else None
    if behind is not None:
        return f"{behind} events"
    if health is not None and "lag_bytes" in health.counters:
        return size(health.counters["lag_bytes"])
    return "-"
