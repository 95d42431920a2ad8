# SPDX-License-Identifier: MIT
"""Adds, finds and tests the endpoints of webhooks, and shows their secrets."""

import asyncio
import time
from urllib.parse import urlsplit

import msgspec
from sqlalchemy import Connection

from decnet.cli.errors import NotFoundError, OperatorError
from decnet.fleet.bus_access import publish
from decnet.fleet.deployment import Deployment, transaction
from decnet.webhook.definition import Definition, defined, kept_of
from decnet_core.bus.subjects import NOTICE, NoticeWritten
from decnet_core.events.notices import TestNotice, notice_kind
from decnet_core.net.addresses import parse_address
from decnet_models.notices import queries as notices
from decnet_models.webhooks import queries
from decnet_models.webhooks.queries import PENDING, Delivery, Webhook
from decnet_workers.outbound.addresses import networks, refusal
from decnet_workers.webhook.settings import WebhookSettings
from decnet_workers.webhook.signature import secret_of, webhook_key, written

_POLL_SECONDS = 0.1


class Added(msgspec.Struct, frozen=True):
    """A new endpoint with the secret for its receiver."""

    id: str
    url: str
    kinds: tuple[str, ...]
    secret: str
    format: str


def add(connection: Connection, deployment: Deployment, said: Definition) -> Added:
    """Add an endpoint that receives notices from now on; raises OperatorError, KeyFileError."""
    url, now = said.url or "", time.time_ns()
    blank = Webhook(queries.new_id(), url, (), False, 1, notices.last_seq(connection), now, now)
    made = defined(blank, webhook_key(deployment.state.keys), said, new=True)
    _refuse_forbidden(deployment, url, allow_private=made.allow_private)
    queries.insert_webhook(connection, made)
    return Added(made.id, made.url, made.kinds, secret(deployment, made), made.format)


def _refuse_forbidden(deployment: Deployment, url: str, *, allow_private: bool) -> None:
    """Refuse an address to which nothing would ever be sent. A name is looked up by each delivery."""
    address = parse_address(urlsplit(url).hostname or "")
    if address is None:
        return
    try:
        allowed = networks(deployment.settings.section("webhook", WebhookSettings).allow_networks)
    except ValueError as error:
        raise OperatorError(f"[webhook] allow_networks: {error}; write e.g. 10.1.0.0/16") from error
    why = refusal(address, allow_private=allow_private, allowed=allowed)
    if why is not None:
        remedy = "name its network in [webhook] allow_networks"
        if refusal(address, allow_private=True, allowed=allowed) is None:
            remedy = f"use --allow-private (in the API: allow_private), or {remedy}"
        raise OperatorError(f"nothing would be sent there: {why}; {remedy}")


def edit(connection: Connection, deployment: Deployment, webhook_id: str, said: Definition) -> Webhook:
    """Change an endpoint, and return it; raises NotFoundError, OperatorError, SealError."""
    before, key = find(connection, webhook_id), webhook_key(deployment.state.keys)
    changed = defined(before, key, said)
    if said.url is not None or said.allow_private is False:
        _refuse_forbidden(deployment, kept_of(changed, key).url, allow_private=changed.allow_private)
    queries.edit_webhook(connection, changed)
    return changed


def secret(deployment: Deployment, webhook: Webhook) -> str:
    """Return the endpoint's secret in the receiver's form."""
    return written(secret_of(webhook_key(deployment.state.keys), webhook.id, webhook.generation))


def find(connection: Connection, webhook_id: str) -> Webhook:
    """Return the endpoint; raises NotFoundError."""
    webhook = queries.find_webhook(connection, webhook_id)
    if webhook is None:
        raise NotFoundError(f"there is no webhook {webhook_id!r}; decnet webhook list shows them")
    return webhook


def replay(connection: Connection, webhook_id: str, delivery: int | None) -> int:
    """Have dead deliveries tried again, all or this one; return how many. Raises NotFoundError for none."""
    find(connection, webhook_id)
    count = queries.request_replay(connection, webhook_id, delivery_id=delivery, now_ns=time.time_ns())
    if count == 0:
        raise NotFoundError("there is no such dead delivery; decnet webhook deliveries --outcome dead shows them")
    return count


def write_test(connection: Connection, webhook: Webhook) -> int:
    """Write a test notice for this endpoint alone; return its `seq`."""
    now = time.time_ns()
    notices.add(connection, f"webhook.test:{webhook.id}:{now}", TestNotice(ts=now, webhook=webhook.id), now)
    return notices.last_seq(connection)


def nudge(deployment: Deployment, seq: int) -> bool:
    """Wake the webhook worker; return whether the bus took it. Without one it finds the notice at its next poll."""
    return asyncio.run(nudged(deployment, seq))


async def nudged(deployment: Deployment, seq: int) -> bool:
    """Do what `nudge` does, in a running loop."""
    return await publish(deployment, "decnet-webhook", NOTICE.of(notice_kind(TestNotice)), NoticeWritten(seq))


def outcome(deployment: Deployment, webhook_id: str, seq: int, wait: float) -> Delivery | None:
    """Return the delivery of a notice once it was attempted, else as it is after `wait` seconds."""
    deadline = time.monotonic() + wait
    while True:
        with transaction(deployment) as connection:
            made = queries.deliveries(connection, 100, webhook_id=webhook_id)
        found = next((delivery for delivery in made if delivery.notice_seq == seq), None)
        if (found and (found.state != PENDING or found.attempts)) or time.monotonic() >= deadline:
            return found
        time.sleep(_POLL_SECONDS)
