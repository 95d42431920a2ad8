# SPDX-License-Identifier: MIT
"""The worker's transactions: notices become deliveries, attempts become outcomes.

The cursor over the notices moves in the transaction that creates their deliveries, so a notice becomes exactly one
delivery per endpoint. An outcome is recorded after the attempt, successes together; killed in between, the same
deliveries are sent again with the same `webhook-id`, by which receivers deduplicate (Standard Webhooks): recorded once,
sent at least once.
"""

import random
import time
from collections.abc import Collection, Sequence

import msgspec
from sqlalchemy import Connection, Engine

from decnet_core.text import for_column, from_wire
from decnet_core.timing.durations import SECOND_NS
from decnet_models.database.engine import reading, writing
from decnet_models.errors import CursorMovedError
from decnet_models.events.plausible_time import PlausibleTime
from decnet_models.known.matching import KnownSourcesCache
from decnet_models.notices.queries import OutboxLine, last_seq, lines_after
from decnet_models.progress.queries import advance_cursor, begin_cursor, cursor_of
from decnet_models.webhooks import delivery_queries as queries
from decnet_models.webhooks.delivery_queries import EndpointState, NewDelivery, Replay, Success
from decnet_models.webhooks.queries import DEAD, PENDING, Delivery, Webhook
from decnet_workers.outbound.retry_after import retry_after
from decnet_workers.webhook.breaker import Breaker, after_success, is_open
from decnet_workers.webhook.envelope import body_of
from decnet_workers.webhook.filters import TEST, Offer, wants
from decnet_workers.webhook.incidents.incidents import ACTIONS, Incidents, Waiting
from decnet_workers.webhook.outcome import Failed, Reply
from decnet_workers.webhook.own_sources import without_own
from decnet_workers.webhook.retry import Schedule
from decnet_workers.webhook.settings import WebhookSettings

WORKER = "webhook"
REPLAYS = "webhook.replay"
"""The second cursor: over the operator's replay requests."""

BATCH = 500
"""Notices per transaction."""
_FORGET_BATCH = 5000
_FORGET_EVERY_NS = 3600 * SECOND_NS
_COUNT_EVERY_NS = 5 * SECOND_NS
"""Counting costs as much as the backlog, and health is reported every ten seconds."""

GONE = 410
REJECTED = frozenset({400, 413, 415, 422})
"""Statuses with which a receiver refuses this message, and would refuse it again."""
_ASKS_TO_WAIT = frozenset({429, 503})


class Poll(msgspec.Struct, frozen=True):
    """What to do: endpoints to send to now, when the next one is ready (ns), unread notices."""

    ready: tuple[str, ...]
    next_at: int | None
    lag: int
    pending: int
    dead: int
    incidents_at: int | None = None
    """When the next incident is due (ns)."""
    last_seq: int = 0
    """The number of the newest notice."""
    told: frozenset[str] = frozenset()
    """The kinds of notices of incidents that this poll has written."""


class Job(msgspec.Struct, frozen=True):
    """Deliveries of one endpoint, in order."""

    webhook: Webhook
    deliveries: tuple[Delivery, ...]


class Deliveries:
    """All database work of the worker; call it in the worker's thread."""

    def __init__(self, engine: Engine, settings: WebhookSettings) -> None:
        self._engine = engine
        self._schedule = Schedule(
            settings.first_retry_seconds,
            settings.retry_factor,
            settings.longest_retry_seconds,
            settings.give_up_seconds,
        )
        self._breaker = Breaker(settings.breaker_failures, settings.breaker_seconds, settings.breaker_longest_seconds)
        self._give_up_ns = int(settings.give_up_seconds * SECOND_NS)
        self._keep_ns = int(settings.keep_days * 86400 * SECOND_NS)
        self._incidents = Incidents(settings)
        self._known = KnownSourcesCache()
        self._plausible_time = PlausibleTime()
        self._forgotten_at = 0
        self._counts: dict[str, int] = {}
        self._counted_at = 0
        self._last_poll = 0

    def prepare(self) -> None:
        """Create the cursors of a new database."""
        with writing(self._engine) as connection:
            for cursor in (WORKER, REPLAYS, ACTIONS):
                begin_cursor(connection, cursor, now_ns=time.time_ns())
            self._incidents.prepare(queries.active_webhooks(connection))

    def poll(self) -> Poll:
        """Create deliveries for new notices and return what to send; writes only when there is something to write.

        The table is tidied when there are no new notices: somebody waits for what is made of them.
        """
        now = self._now()
        with reading(self._engine) as connection:
            start = cursor_of(connection, WORKER)
            lines = lines_after(connection, start, BATCH)
            asked = cursor_of(connection, REPLAYS)
            replays = queries.replays_after(connection, asked, BATCH)
            waiting = self._incidents.waiting(connection, now, BATCH)
            if not (lines or replays or waiting.something or self._is_stale(now)):
                return self._look(connection, start, now)
        with writing(self._engine, rows=len(lines)) as connection:
            webhooks = queries.active_webhooks(connection)
            self._take(connection, start, lines, webhooks, now)
            self._replay(connection, asked, replays, now)
            told = self._tell(connection, waiting, webhooks, now)
            if not lines and self._is_stale(now):
                self._tidy(connection, now)
            poll = self._look(connection, lines[-1].seq if lines else start, now)
        return msgspec.structs.replace(poll, told=frozenset(told))

    def _is_stale(self, now: int) -> bool:
        return now - self._forgotten_at > _FORGET_EVERY_NS

    def _now(self) -> int:
        """Return the time; when the clock was set back, future times are corrected."""
        now = time.time_ns()
        if now < self._last_poll:
            self._forgotten_at = self._counted_at = 0
            with writing(self._engine) as connection:
                self._correct_future_times(connection, now)
        self._last_poll = now
        return now

    def _correct_future_times(self, connection: Connection, now: int) -> None:
        queries.correct_future_times(connection, now_ns=now)
        self._incidents.correct_future_times(connection, now)

    def jobs(self, webhook_ids: Collection[str], limit: int) -> dict[str, Job]:
        """Return what to send to the endpoints now, without those for which nothing is due or whose breaker is open."""
        now = time.time_ns()
        with reading(self._engine) as connection:
            found = {
                name: Job(webhook, tuple(queries.deliveries_due(connection, name, now, limit)))
                for name, (webhook, state) in queries.endpoints(connection, webhook_ids).items()
                if not is_open(state, now)
            }
        return {name: job for name, job in found.items() if job.deliveries}

    def record_successes(self, successes: Sequence[Success]) -> int:
        """Record deliveries that have arrived, and that their endpoints work; return their number."""
        with writing(self._engine, rows=len(successes)) as connection:
            queries.record_delivered(connection, successes, now_ns=time.time_ns())
            failing = queries.failing(connection)
            for webhook_id in failing.keys() & {one.delivery.webhook_id for one in successes}:
                queries.record_state(connection, webhook_id, after_success(failing[webhook_id]))
        return len(successes)

    def record_failure(self, delivery: Delivery, outcome: Reply | Failed) -> str:
        """Record an attempt that failed and the endpoint's state; return the delivery's state."""
        with writing(self._engine) as connection:
            state = _state_of(connection, delivery.webhook_id)
            return self._failed(connection, delivery, outcome, state, time.time_ns())

    def _take(
        self, connection: Connection, start: int, lines: list[OutboxLine], webhooks: Sequence[Webhook], now: int
    ) -> None:
        if not lines:
            return
        _advance(connection, WORKER, start, lines[-1].seq, now)
        lines = without_own(connection, lines, self._known)
        scores = self._incidents.take(connection, lines, now)
        deliveries = [
            NewDelivery(webhook.id, line.seq, line.kind, body)
            for line in lines
            for body in [body_of(line)]
            for offer in [Offer(line, scores)]
            for webhook in webhooks
            if wants(webhook, offer, now)
        ]
        queries.add_deliveries(connection, deliveries, now_ns=now)

    def _tell(self, connection: Connection, waiting: Waiting, webhooks: Sequence[Webhook], now: int) -> set[str]:
        """Write notices of incidents, which the next poll makes deliveries of; return their kinds."""
        if waiting.actions:
            _advance(connection, ACTIONS, waiting.position, waiting.actions[-1].seq, now)
        return self._incidents.tell(connection, waiting.actions, webhooks, now)

    def _replay(self, connection: Connection, start: int, replays: list[Replay], now: int) -> None:
        if not replays:
            return
        _advance(connection, REPLAYS, start, replays[-1].seq, now)
        for replay in replays:
            queries.requeue(connection, replay, now_ns=now)

    def _tidy(self, connection: Connection, now: int) -> None:
        """Correct times in the future and keep the table bounded; more than one batch takes as many polls."""
        self._correct_future_times(connection, now)
        queries.give_up_removed(connection, now_ns=now)
        believed = self._plausible_time.by_log(connection, now)
        if queries.forget_ended(connection, believed - self._keep_ns, _FORGET_BATCH) < _FORGET_BATCH:
            self._forgotten_at = now

    def _look(self, connection: Connection, done: int, now: int) -> Poll:
        ready_at = queries.ready_at(connection)
        newest = last_seq(connection)
        if now - self._counted_at > _COUNT_EVERY_NS:
            self._counts, self._counted_at = queries.counts(connection), now
        return Poll(
            ready=tuple(name for name, at in ready_at.items() if at <= now),
            next_at=min((at for at in ready_at.values() if at > now), default=None),
            lag=max(0, newest - done),
            pending=self._counts.get(PENDING, 0),
            dead=self._counts.get(DEAD, 0),
            incidents_at=self._incidents.next_at(connection),
            last_seq=newest,
        )

    def _failed(
        self, connection: Connection, delivery: Delivery, outcome: Reply | Failed, state: EndpointState, now: int
    ) -> str:
        status = outcome.status if isinstance(outcome, Reply) else None
        error = f"answered {status}" if isinstance(outcome, Reply) else outcome.reason
        answer = answer_of(outcome)
        if is_rejection(outcome):
            queries.record_attempt(
                connection, delivery, state=DEAD, due_at=now, status=status, error=error, answer=answer, now_ns=now
            )
            queries.record_state(connection, delivery.webhook_id, after_success(state))  # it works
            return DEAD
        wait = _asked_wait(outcome, now)
        started = delivery.first_attempt_at or now
        again = self._schedule.next_at(delivery.attempts + 1, started, now, random.random(), wait)  # noqa: S311  # jitter
        ended = DEAD if again is None or status == GONE else PENDING
        queries.record_attempt(
            connection,
            delivery,
            state=ended,
            due_at=again or now,
            status=status,
            error=error,
            answer=answer,
            now_ns=now,
        )
        after = self._breaker.after_failure(state, now, wait)
        if status == GONE:
            after = msgspec.structs.replace(after, gone_at=now)
            queries.give_up(connection, delivery.webhook_id, "the endpoint is gone", created_before=now, now_ns=now)
        elif after.failing_since is not None and after.failing_since < now - self._give_up_ns:
            # what waited behind the breaker was never attempted, so it has no time of its own to be given up at
            queries.give_up(
                connection,
                delivery.webhook_id,
                "the endpoint failed for too long",
                created_before=now - self._give_up_ns,
                now_ns=now,
            )
        queries.record_state(connection, delivery.webhook_id, after)
        return ended


def _state_of(connection: Connection, webhook_id: str) -> EndpointState:
    known = queries.endpoints(connection, [webhook_id]).get(webhook_id)
    return known[1] if known else EndpointState()


def is_rejection(outcome: Reply | Failed) -> bool:
    """Return whether the endpoint works and will never take this message."""
    return outcome.rejected if isinstance(outcome, Failed) else outcome.status in REJECTED


def answer_of(outcome: Reply | Failed, delivery: Delivery | None = None) -> str | None:
    """Return what the receiver said, to be stored: of successes only for a test, whose sender looks at it."""
    kept = not (isinstance(outcome, Reply) and outcome.is_success) or (delivery is not None and delivery.kind == TEST)
    return for_column(from_wire(outcome.answer)) if kept and outcome.answer else None


def _asked_wait(outcome: Reply | Failed, now: int) -> float | None:
    if isinstance(outcome, Reply) and outcome.status in _ASKS_TO_WAIT:
        return retry_after(outcome.retry_after, now / SECOND_NS)
    return None


def _advance(connection: Connection, cursor: str, start: int, end: int, now: int) -> None:
    if not advance_cursor(connection, cursor, start, end, now_ns=now):
        raise CursorMovedError(f"another instance has moved the cursor {cursor}")
