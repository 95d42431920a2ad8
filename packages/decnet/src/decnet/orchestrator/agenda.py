# SPDX-License-Identifier: MIT
"""What synthetic users have done lately and will do: rows of the worker orchestrator, and what it will plan next."""

import msgspec
from sqlalchemy import Connection

from decnet_core.timing.durations import DAY_NS
from decnet_models.realism import queries
from decnet_models.realism.queries import Action
from decnet_workers.orchestrator.schedule import running_hosts, unplanned
from decnet_workers.orchestrator.settings import OrchestratorSettings


class Agenda(msgspec.Struct, frozen=True):
    """Times in ns since the Unix epoch."""

    enabled: bool
    hosts: int
    """Deckies that are played and have a persona."""
    actions: tuple[Action, ...]
    """Of the last and the next 24 hours, earliest first."""


def agenda(
    connection: Connection, settings: OrchestratorSettings, decky: str | None, limit: int, now_ns: int
) -> Agenda:
    """Return the first `limit` actions of the last and next 24 hours, with those that would be planned now."""
    hosts = running_hosts(connection, settings)
    new = unplanned(connection, hosts, settings, now_ns)
    known = queries.between(connection, now_ns - DAY_NS, now_ns + DAY_NS)
    wanted = [action for action in (*known, *new) if decky is None or action.decky == decky]
    wanted.sort(key=lambda action: (action.due_at, action.id))
    return Agenda(settings.enabled, len(hosts), tuple(wanted[:limit]))
