# SPDX-License-Identifier: MIT
"""What the operator does with webhooks: add, list, edit, remove, enable, see deliveries, ask for a replay."""

import secrets
from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, and_, func, insert, select, update

from decnet_models.database.rows.keyset import Direction, in_order
from decnet_models.database.statements import commit_in_order
from decnet_models.webhooks.tables import webhook, webhook_delivery, webhook_replay, webhook_state

PENDING, DELIVERED, DEAD = "pending", "delivered", "dead"


class Webhook(msgspec.Struct, frozen=True):
    """An endpoint; times are nanoseconds since the Unix epoch."""

    id: str
    url: str
    kinds: tuple[str, ...]
    """Globs of notice kinds; none means every kind."""
    allow_private: bool
    """Whether it may be on a private or loopback address."""
    generation: int
    since_seq: int
    created_at: int
    enabled_at: int
    removed_at: int | None = None
    filter: str = "{}"
    """What of these kinds, and when: JSON of `decnet_workers.webhook.incidents.selection`."""
    format: str = "json"
    options: dict[str, str] = {}
    sealed: str | None = None
    """URL and token, encrypted; then `url` is what may be shown of it."""


class WebhookStatus(msgspec.Struct, frozen=True):
    webhook: Webhook
    failures: int = 0
    """Consecutive failed attempts."""
    failing_since: int | None = None
    open_until: int | None = None
    """Nothing is sent before this time."""
    gone_at: int | None = None
    """When it answered 410 Gone, and nothing is sent until it is enabled again."""
    pending: int = 0
    dead: int = 0


class Delivery(msgspec.Struct, frozen=True):
    """One notice for one endpoint; `status` and `error` are those of the last attempt."""

    id: int
    webhook_id: str
    notice_seq: int
    kind: str
    message_id: str
    body: str
    state: str
    attempts: int
    due_at: int
    created_at: int
    first_attempt_at: int | None
    ended_at: int | None
    status: int | None
    error: str | None
    answer: str | None = None
    """What the receiver said to the last attempt, if that failed or was a test."""


def add_webhook(
    connection: Connection,
    url: str,
    *,
    kinds: Sequence[str] = (),
    allow_private: bool = False,
    since_seq: int,
    now_ns: int,
    filter: str = "{}",  # noqa: A002  # as the column is called
) -> Webhook:
    """Add an endpoint of format `json` for the notices after `since_seq`; the caller has checked `url` and `kinds`."""
    made = Webhook(new_id(), url, tuple(kinds), allow_private, 1, since_seq, now_ns, now_ns, filter=filter)
    insert_webhook(connection, made)
    return made


def insert_webhook(connection: Connection, made: Webhook) -> None:
    """Add an endpoint, whose id is from `new_id`."""
    connection.execute(insert(webhook).values(**_columns(msgspec.structs.asdict(made))))


def new_id() -> str:
    """Return an id for an endpoint."""
    return f"wh_{secrets.token_hex(8)}"


def edit_webhook(connection: Connection, changed: Webhook) -> bool:
    """Change what an operator may change of an endpoint; False when there is none of that id."""
    names = ("url", "kinds", "allow_private", "format", "options", "sealed", "filter")
    return _change(connection, changed.id, **_columns({name: getattr(changed, name) for name in names}))


def webhooks(connection: Connection) -> list[WebhookStatus]:
    """Return every endpoint that was not removed, oldest first."""
    counts = {
        (row[0], row[1]): row[2]
        for row in connection.execute(
            select(webhook_delivery.c.webhook_id, webhook_delivery.c.state, func.count())
            .where(webhook_delivery.c.state.in_((PENDING, DEAD)))
            .group_by(webhook_delivery.c.webhook_id, webhook_delivery.c.state)
        )
    }
    joined = webhook.outerjoin(webhook_state, webhook_state.c.webhook_id == webhook.c.id)
    query = select(webhook, webhook_state).select_from(joined).where(webhook.c.removed_at.is_(None))
    return [
        WebhookStatus(
            webhook_of(row),
            failures=row.failures or 0,
            failing_since=row.failing_since,
            open_until=row.open_until,
            gone_at=row.gone_at if (row.gone_at or 0) >= row.enabled_at else None,
            pending=counts.get((row.id, PENDING), 0),
            dead=counts.get((row.id, DEAD), 0),
        )
        for row in connection.execute(query.order_by(webhook.c.created_at, webhook.c.id))
    ]


def find_webhook(connection: Connection, webhook_id: str) -> Webhook | None:
    """Return the endpoint, None when there is none of that id or it was removed."""
    query = select(webhook).where(webhook.c.id == webhook_id, webhook.c.removed_at.is_(None))
    row = connection.execute(query).one_or_none()
    return webhook_of(row) if row else None


def remove_webhook(connection: Connection, webhook_id: str, *, now_ns: int) -> bool:
    """Remove the endpoint; False when there is none of that id."""
    return _change(connection, webhook_id, removed_at=now_ns)


def enable_webhook(connection: Connection, webhook_id: str, *, now_ns: int) -> bool:
    """Send to the endpoint again after it was gone; False when there is none of that id."""
    return _change(connection, webhook_id, enabled_at=now_ns)


def rotate_secret(connection: Connection, webhook_id: str) -> int | None:
    """Give the endpoint a new secret and return its generation; None when there is none of that id."""
    current = find_webhook(connection, webhook_id)
    if current is None:
        return None
    _change(connection, webhook_id, generation=current.generation + 1)
    return current.generation + 1


def deliveries(
    connection: Connection,
    limit: int = 100,
    *,
    webhook_id: str | None = None,
    state: str | None = None,
    after: int | None = None,
    direction: Direction = "desc",
) -> list[Delivery]:
    """Return up to `limit` deliveries, newest first; those of state DEAD are the dead letters.

    One webhook's stand in the order of their notices, which the index has; it is that in which they were made.
    Page on with `after` = the last one's `id`, of one webhook its `notice_seq`.
    """
    c = webhook_delivery.c
    order = c.id if webhook_id is None else c.notice_seq
    query = in_order(select(webhook_delivery), (order,), None if after is None else (after,), direction).limit(limit)
    if webhook_id is not None:
        query = query.where(c.webhook_id == webhook_id)
    if state is not None:
        query = query.where(webhook_delivery.c.state == state)
    return [Delivery(*row) for row in connection.execute(query)]


def request_replay(connection: Connection, webhook_id: str, *, delivery_id: int | None = None, now_ns: int) -> int:
    """Request that the worker retry the endpoint's dead letters (or one of them); return their number."""
    dead = and_(webhook_delivery.c.webhook_id == webhook_id, webhook_delivery.c.state == DEAD)
    if delivery_id is not None:
        dead = and_(dead, webhook_delivery.c.id == delivery_id)
    count = connection.execute(select(func.count()).select_from(webhook_delivery).where(dead)).scalar_one()
    if count:
        commit_in_order(connection, webhook_replay)  # the worker follows these with a cursor
        connection.execute(
            insert(webhook_replay).values(webhook_id=webhook_id, delivery_id=delivery_id, created_at=now_ns)
        )
    return count


def webhook_of(row: object) -> Webhook:
    """Return the endpoint of a row that has the columns of `webhook`."""
    return webhook_in([getattr(row, name) for name in Webhook.__struct_fields__])


IN_WEBHOOK = tuple(webhook.c[name] for name in Webhook.__struct_fields__)
"""What `webhook_in` reads."""


def webhook_in(row: Sequence[Any]) -> Webhook:
    """Return the endpoint of a row of the driver's that begins with IN_WEBHOOK."""
    values = dict(zip(Webhook.__struct_fields__, row, strict=False))
    read = {name: decoder.decode(values[name]) for name, decoder in _DECODERS.items()}
    return Webhook(**{**values, **read, "allow_private": bool(values["allow_private"])})


_JSON: dict[str, Any] = {"kinds": tuple[str, ...], "options": dict[str, str]}
"""Columns that are JSON."""
_DECODERS = {name: msgspec.json.Decoder(kind) for name, kind in _JSON.items()}


def _columns(values: dict[str, Any]) -> dict[str, Any]:
    return {name: msgspec.json.encode(one).decode() if name in _JSON else one for name, one in values.items()}


def _change(connection: Connection, webhook_id: str, **values: Any) -> bool:
    statement = update(webhook).where(webhook.c.id == webhook_id, webhook.c.removed_at.is_(None))
    return connection.execute(statement.values(**values)).rowcount > 0
