# SPDX-License-Identifier: MIT
"""The webhooks as SQLModel classes."""

from typing import Optional

from decnet_models.table_model import TableModel, related
from decnet_models.webhooks import tables


class Webhook(TableModel, table=True):
    """An endpoint that notices are delivered to."""

    __table__ = tables.webhook

    id: str
    """The id of the webhook."""
    url: str
    """The URL that notices are posted to."""
    kinds: str
    """The kinds of notices that it receives, as a JSON list of globs; empty: all."""
    allow_private: bool
    """Whether the URL may lead to a private address."""
    generation: int
    """The secret is derived from it: a higher number is a new secret."""
    since_seq: int
    """`notice.seq` up to which notices are older than the webhook and are not sent."""
    created_at: int
    """When it was added."""
    enabled_at: int
    """When it was last enabled; an endpoint is gone only if it said so later (`webhook_state.gone_at`)."""
    removed_at: int | None = None
    """When it was removed; null: it is in use."""
    filter: str = "{}"
    """What it receives of the notices of these kinds, and when, as JSON; `{}`: each of them at once."""
    format: str = "json"
    """The name of the format in which it gets notices."""
    options: str = "{}"
    """What the format needs beside URL and token, as a JSON object of texts."""
    sealed: str | None = None
    """The URL and the token, encrypted with the fleet's webhook key; then `url` is only what may be shown of it."""

    state_row: Optional["WebhookState"] = related()
    delivery_rows: list["WebhookDelivery"] = related(order_by="WebhookDelivery.id")
    replay_rows: list["WebhookReplay"] = related(order_by="WebhookReplay.seq")


class WebhookReplay(TableModel, table=True):
    """A request of the operator to send dead deliveries again."""

    __table__ = tables.webhook_replay

    seq: int | None = None
    """The number of the request, in order of time."""
    webhook_id: str
    """The webhook."""
    delivery_id: int | None = None
    """The dead delivery; null: all of the webhook's."""
    created_at: int
    """When it was requested."""

    webhook_row: Webhook = related()


class WebhookState(TableModel, table=True):
    """What the worker has learnt about an endpoint."""

    __table__ = tables.webhook_state

    webhook_id: str
    """The webhook."""
    failures: int
    """Failed attempts in a row."""
    failing_since: int | None = None
    """When the first of them failed."""
    open_until: int | None = None
    """Until when the circuit breaker is open, so that nothing is sent."""
    gone_at: int | None = None
    """When the endpoint answered 410 Gone."""

    webhook_row: Webhook = related()


class WebhookDelivery(TableModel, table=True):
    """A notice on its way to an endpoint."""

    __table__ = tables.webhook_delivery

    id: int | None = None
    """The number of the delivery."""
    webhook_id: str
    """The webhook."""
    notice_seq: int
    """`notice.seq` of the notice."""
    kind: str
    """The kind of notice."""
    message_id: str
    """The idempotency key, which is the same in every attempt."""
    body: str
    """The notice as JSON; the format makes the same message of it in each attempt."""
    state: str
    """pending, delivered or dead."""
    attempts: int
    """How often it was tried."""
    due_at: int
    """When it is tried next."""
    created_at: int
    """When it was created."""
    first_attempt_at: int | None = None
    """When it was first tried."""
    ended_at: int | None = None
    """When it was delivered or given up."""
    status: int | None = None
    """The HTTP status of the last answer."""
    error: str | None = None
    """Why the last attempt failed."""
    answer: str | None = None
    """What the receiver said to the last attempt, if that failed or was a test: the beginning of it."""

    webhook_row: Webhook = related()
