# SPDX-License-Identifier: MIT
"""The worker's queries: deliveries of notices, what is due, the result of an attempt; within its transactions."""

import secrets
from collections.abc import Collection, Sequence
from functools import cache
from typing import Any

import msgspec
from sqlalchemy import (
    BindParameter,
    Connection,
    Select,
    Update,
    and_,
    bindparam,
    delete,
    func,
    literal_column,
    or_,
    select,
    update,
)

from decnet_models.database.rows.row_select import RowSelect, listed
from decnet_models.database.statements import insert_into
from decnet_models.webhooks.queries import DEAD, DELIVERED, IN_WEBHOOK, PENDING, Delivery, Webhook, webhook_in
from decnet_models.webhooks.tables import webhook, webhook_delivery, webhook_replay, webhook_state


class EndpointState(msgspec.Struct, frozen=True):
    """An endpoint's state as known to the worker; times are nanoseconds since the Unix epoch."""

    failures: int = 0
    failing_since: int | None = None
    open_until: int | None = None
    gone_at: int | None = None


class NewDelivery(msgspec.Struct, frozen=True):
    """A notice to be delivered to an endpoint."""

    webhook_id: str
    notice_seq: int
    kind: str
    body: str


class Replay(msgspec.Struct, frozen=True):
    """An operator's request to try dead letters again."""

    seq: int
    webhook_id: str
    delivery_id: int | None


class Success(msgspec.Struct, frozen=True):
    """A delivery that the endpoint has answered with a status of success."""

    delivery: Delivery
    status: int | None
    answer: str | None = None


_JOINED = webhook.outerjoin(webhook_state, webhook_state.c.webhook_id == webhook.c.id)
_GONE = and_(webhook_state.c.gone_at.is_not(None), webhook_state.c.gone_at >= webhook.c.enabled_at)
_ACTIVE = and_(webhook.c.removed_at.is_(None), or_(webhook_state.c.gone_at.is_(None), ~_GONE))


def active_webhooks(connection: Connection) -> list[Webhook]:
    """Return the endpoints that are neither removed nor gone."""
    return [webhook_in(row) for row in _ACTIVE_ONES.rows(connection)]


_ACTIVE_ONES = RowSelect(lambda _: select(*IN_WEBHOOK).select_from(_JOINED).where(_ACTIVE).order_by(webhook.c.id))


def endpoints(connection: Connection, webhook_ids: Collection[str]) -> dict[str, tuple[Webhook, EndpointState]]:
    """Return those of the endpoints that are active, with their states, by their ids."""
    rows = _ENDPOINTS.rows(connection, names=list(webhook_ids)) if webhook_ids else ()
    return {row[0]: (webhook_in(row), _state_in(row[len(IN_WEBHOOK) :])) for row in rows}


_STATE = tuple(webhook_state.c[name] for name in EndpointState.__struct_fields__)
_ENDPOINTS = RowSelect(
    lambda connection: (
        select(*IN_WEBHOOK, *_STATE).select_from(_JOINED).where(listed(connection, webhook.c.id, "names"), _ACTIVE)
    )
)


def _state_in(values: Sequence[Any]) -> EndpointState:
    failures, *times = values
    return EndpointState(failures or 0, *times)


def add_deliveries(connection: Connection, deliveries: Sequence[NewDelivery], *, now_ns: int) -> None:
    """Add the deliveries that do not exist yet; each gets a permanent message id."""
    if not deliveries:
        return
    rows = [
        {
            **msgspec.structs.asdict(delivery),
            "message_id": f"msg_{secrets.token_hex(16)}",
            "state": PENDING,
            "attempts": 0,
            "due_at": now_ns,
            "created_at": now_ns,
        }
        for delivery in deliveries
    ]
    statement = insert_into(connection, webhook_delivery)
    connection.execute(statement.on_conflict_do_nothing(index_elements=["webhook_id", "notice_seq"]), rows)


def replays_after(connection: Connection, seq: int, limit: int) -> list[Replay]:
    """Return up to `limit` requests after `seq`, oldest first."""
    return [Replay(*row) for row in _REPLAYS_AFTER.rows(connection, after=seq, limit=limit)]


def _replays_after(_: Connection) -> Select[Any]:
    columns = (webhook_replay.c[name] for name in Replay.__struct_fields__)
    query = select(*columns).where(webhook_replay.c.seq > bindparam("after"))
    return query.order_by(webhook_replay.c.seq).limit(bindparam("limit"))


_REPLAYS_AFTER = RowSelect(_replays_after)


def requeue(connection: Connection, replay: Replay, *, now_ns: int) -> int:
    """Make the dead letters that `replay` names pending, as new ones but for their message id; return their number."""
    statement = update(webhook_delivery).where(
        webhook_delivery.c.webhook_id == replay.webhook_id, webhook_delivery.c.state == DEAD
    )
    if replay.delivery_id is not None:
        statement = statement.where(webhook_delivery.c.id == replay.delivery_id)
    fresh = {"state": PENDING, "attempts": 0, "due_at": now_ns, "first_attempt_at": None, "ended_at": None}
    return connection.execute(statement.values(**fresh)).rowcount


def ready_at(connection: Connection) -> dict[str, int]:
    """Return for each active endpoint that has pending deliveries when the first may be attempted.

    That is when it is due and the breaker is no longer open. The cost grows with endpoints, not with deliveries.
    """
    rows = _READY_AT.rows(connection)
    return {name: max(due, open_until or 0) for name, due, open_until in rows if due is not None}


def _ready_at(_: Connection) -> Select[Any]:
    earliest = (
        select(func.min(webhook_delivery.c.due_at))
        .where(webhook_delivery.c.state == PENDING, webhook_delivery.c.webhook_id == webhook.c.id)
        .correlate(webhook)
        .scalar_subquery()
    )
    query = select(webhook.c.id, earliest, webhook_state.c.open_until).select_from(_JOINED).where(_ACTIVE)
    return query.order_by(webhook.c.id)


_READY_AT = RowSelect(_ready_at)


def deliveries_due(connection: Connection, webhook_id: str, now_ns: int, limit: int) -> list[Delivery]:
    """Return up to `limit` due deliveries of the endpoint, in the order of their notices."""
    return [Delivery(*row) for row in _DUE.rows(connection, state=PENDING, webhook=webhook_id, now=now_ns, limit=limit)]


_DUE = RowSelect(
    lambda _: (
        select(webhook_delivery)
        .where(
            webhook_delivery.c.state == bindparam("state"),
            webhook_delivery.c.webhook_id == bindparam("webhook"),
            webhook_delivery.c.due_at <= bindparam("now"),
        )
        .order_by(webhook_delivery.c.notice_seq)
        .limit(bindparam("limit"))
        .offset(literal_column("0"))
    )
)


def record_attempt(
    connection: Connection,
    delivery: Delivery,
    *,
    state: str,
    due_at: int,
    status: int | None,
    error: str | None,
    answer: str | None = None,
    now_ns: int,
) -> None:
    """Record the result of an attempt; `state` pending means another one at `due_at`."""
    values = {
        "state": state,
        "attempts": delivery.attempts + 1,
        "due_at": due_at,
        "first_attempt_at": delivery.first_attempt_at or now_ns,
        "ended_at": None if state == PENDING else now_ns,
        "status": status,
        "error": error,
        "answer": answer,
    }
    connection.execute(update(webhook_delivery).where(webhook_delivery.c.id == delivery.id).values(**values))


def record_delivered(connection: Connection, successes: Sequence[Success], *, now_ns: int) -> None:
    """Record deliveries that have arrived."""
    rows = [
        {"delivered": one.delivery.id, "answered": one.status, "said": one.answer, "now": now_ns} for one in successes
    ]
    connection.execute(_record_delivered(), rows)


@cache
def _record_delivered() -> Update:
    now: BindParameter[int] = bindparam("now")
    values = {
        "state": DELIVERED,
        "attempts": webhook_delivery.c.attempts + 1,
        "due_at": now,
        "first_attempt_at": func.coalesce(webhook_delivery.c.first_attempt_at, now),
        "ended_at": now,
        "status": bindparam("answered"),
        "error": None,
        "answer": bindparam("said"),
    }
    return update(webhook_delivery).where(webhook_delivery.c.id == bindparam("delivered")).values(**values)


def failing(connection: Connection) -> dict[str, EndpointState]:
    """Return the states of the endpoints whose last attempt failed."""
    return {row[0]: _state_in(row[1:]) for row in _FAILING.rows(connection)}


_FAILING = RowSelect(lambda _: select(webhook_state.c.webhook_id, *_STATE).where(webhook_state.c.failures > 0))


def record_state(connection: Connection, webhook_id: str, state: EndpointState) -> None:
    values = msgspec.structs.asdict(state)
    statement = insert_into(connection, webhook_state).values(webhook_id=webhook_id, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["webhook_id"], set_=values))


def correct_future_times(connection: Connection, *, now_ns: int) -> int:
    """Make deliveries due that a clock set back would delay; return their number.

    These were created, or attempted, at a time that is now in the future. A breaker opened by such a failure closes.
    """
    future = or_(webhook_delivery.c.created_at > now_ns, webhook_delivery.c.first_attempt_at > now_ns)
    held_up = (webhook_delivery.c.state == PENDING, webhook_delivery.c.due_at > now_ns, future)
    values = {"due_at": now_ns, "first_attempt_at": None}
    connection.execute(
        update(webhook_state).where(webhook_state.c.failing_since > now_ns).values(failing_since=None, open_until=None)
    )
    return connection.execute(update(webhook_delivery).where(*held_up).values(**values)).rowcount


def give_up(connection: Connection, webhook_id: str, error: str, *, created_before: int, now_ns: int) -> int:
    """Give up the endpoint's pending deliveries made before a time, with `error`; return their number."""
    statement = update(webhook_delivery).where(
        webhook_delivery.c.webhook_id == webhook_id,
        webhook_delivery.c.state == PENDING,
        webhook_delivery.c.created_at < created_before,
    )
    return connection.execute(statement.values(state=DEAD, ended_at=now_ns, error=error)).rowcount


def give_up_removed(connection: Connection, *, now_ns: int) -> int:
    """Give up what is pending for removed endpoints; return the number."""
    removed = select(webhook.c.id).where(webhook.c.removed_at.is_not(None))
    statement = update(webhook_delivery).where(
        webhook_delivery.c.state == PENDING, webhook_delivery.c.webhook_id.in_(removed)
    )
    ended = {"state": DEAD, "ended_at": now_ns, "error": "the webhook was removed"}
    return connection.execute(statement.values(**ended)).rowcount


def forget_ended(connection: Connection, ended_before: int, limit: int) -> int:
    """Delete up to `limit` deliveries that ended before a time; return the number."""
    old = (
        select(webhook_delivery.c.id)
        .where(webhook_delivery.c.state.in_((DELIVERED, DEAD)), webhook_delivery.c.ended_at < ended_before)
        .limit(limit)
    )
    return connection.execute(delete(webhook_delivery).where(webhook_delivery.c.id.in_(old))).rowcount


def counts(connection: Connection) -> dict[str, int]:
    """Return how many deliveries are pending and dead."""
    query = (
        select(webhook_delivery.c.state, func.count())
        .where(webhook_delivery.c.state.in_((PENDING, DEAD)))
        .group_by(webhook_delivery.c.state)
    )
    return {row[0]: row[1] for row in connection.execute(query)}
