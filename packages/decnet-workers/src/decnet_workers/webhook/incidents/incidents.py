# SPDX-License-Identifier: MIT
"""The part of the worker webhook that keeps incidents, as its transactions call it."""

from collections.abc import Mapping, Sequence

import msgspec
from sqlalchemy import Connection

from decnet_core.events.notices import Notice
from decnet_core.timing.durations import DAY_NS, MINUTE_NS
from decnet_models.incidents import keeping
from decnet_models.incidents.values import Action
from decnet_models.notices import queries as outbox
from decnet_models.notices.queries import OutboxLine
from decnet_models.progress.queries import cursor_of
from decnet_models.webhooks.queries import Webhook
from decnet_workers.webhook.incidents.hours import last_ended, next_end
from decnet_workers.webhook.incidents.intake import take
from decnet_workers.webhook.incidents.notifying import action_notices, due_notices, quiet_digest, storm_digest
from decnet_workers.webhook.incidents.policy import LONGEST_WINDOW_NS, Policy
from decnet_workers.webhook.incidents.selection import selection_of
from decnet_workers.webhook.incidents.storm import StormLimit
from decnet_workers.webhook.settings import WebhookSettings

ACTIONS = "webhook.incidents"
"""The cursor over what operators do with incidents."""

_LONGEST_WAIT = 4
"""In times of the wait of a first notification: an attacker who never pauses is told of nevertheless."""


class Waiting(msgspec.Struct, frozen=True):
    """What is to be done for incidents: whether some are due, and which actions nobody was told of."""

    due: bool
    position: int
    actions: Sequence[Action]

    @property
    def something(self) -> bool:
        return self.due or bool(self.actions)


class Incidents:
    """Gathers notices into incidents and decides when each is told."""

    def __init__(self, settings: WebhookSettings) -> None:
        wait = int(settings.incident_wait_seconds * 1e9)
        self._policy = Policy(
            wait=wait,
            longest_wait=_LONGEST_WAIT * wait,
            silence=int(settings.incident_silence_minutes * MINUTE_NS),
            window=int(settings.incident_window_minutes * MINUTE_NS),
            acknowledge=int(settings.incident_acknowledge_minutes * MINUTE_NS),
        )
        self._storm = StormLimit(settings.incidents_per_minute)
        self._digested: dict[str, int] = {}
        """The end of the last quiet hours of each endpoint whose digest was looked for."""
        self._quiet_ends: int | None = None

    def prepare(self, webhooks: Sequence[Webhook]) -> None:
        """Look at once whether quiet hours have ended while no worker ran."""
        if any(selection_of(webhook.filter).quiet for webhook in webhooks):
            self._quiet_ends = 0

    def waiting(self, connection: Connection, now: int, limit: int) -> Waiting:
        first, position = self.next_at(connection), cursor_of(connection, ACTIONS)
        return Waiting(first is not None and first <= now, position, keeping.actions_after(connection, position, limit))

    def take(self, connection: Connection, lines: Sequence[OutboxLine], now: int) -> Mapping[str, int]:
        """Put new notices into incidents; return the threat scores of their attackers."""
        return take(connection, lines, self._policy, now)

    def tell(
        self, connection: Connection, actions: Sequence[Action], webhooks: Sequence[Webhook], now: int
    ) -> set[str]:
        """Write the notices of what is due and of what operators did; return the kinds of new ones."""
        told = [*action_notices(connection, actions, now), *storm_digest(connection, now)]
        told += due_notices(connection, self._policy, self._storm, now)
        told += self._after_quiet(connection, webhooks, now)
        return outbox.add_all(connection, told, now)

    def next_at(self, connection: Connection) -> int | None:
        """Return when the next incident is due, or quiet hours end."""
        times = (keeping.first_due(connection), self._quiet_ends)
        return min((at for at in times if at is not None), default=None)

    def _after_quiet(self, connection: Connection, webhooks: Sequence[Webhook], now: int) -> list[tuple[str, Notice]]:
        """Return the digests of quiet hours that have ended, each written once whatever happens: its key names it."""
        told: list[tuple[str, Notice]] = []
        ends: list[int | None] = []
        for webhook in webhooks:
            selection = selection_of(webhook.filter)
            ends.append(next_end(selection.quiet, now))
            span = last_ended(selection.quiet, now)
            since = max(webhook.created_at, now - DAY_NS, self._digested.get(webhook.id, 0))
            if span is not None and span[1] > since:
                told += quiet_digest(connection, webhook.id, selection, span)
                self._digested[webhook.id] = span[1]
        self._quiet_ends = min((end for end in ends if end is not None), default=None)
        return told

    def correct_future_times(self, connection: Connection, now: int) -> None:
        """Make due what a clock that was ahead has put off."""
        longest = max(LONGEST_WINDOW_NS, self._policy.window, self._policy.acknowledge << 3)
        keeping.correct_future_times(connection, now, longest)
