# SPDX-License-Identifier: MIT
"""Receivers of notices: add, change, test, rotate their secrets, remove."""

from __future__ import annotations

import asyncio
import time
from typing import Annotated

from fastapi import APIRouter, Path, Query
from sqlalchemy import Connection

from decnet.cli.errors import NotFoundError
from decnet.webhook import endpoints
from decnet.webhook.definition import Definition
from decnet.webhook.selecting import Sends, Severity, Wish
from decnet.webhook.trying import Tried
from decnet_models.webhooks import queries
from decnet_models.webhooks.queries import DELIVERED, PENDING, Delivery
from decnet_web.api.audit import record
from decnet_web.api.dependencies import Admin, Analyst, InFleet, Viewer
from decnet_web.api.routes.fleet.digests import refuse_changed
from decnet_web.api.routes.fleet.webhooks.rows import formats, shown, webhook_row
from decnet_web.api.routes.fleet.webhooks.shapes import (
    DeliveryShown,
    FormatList,
    TestAsked,
    TestOutcome,
    WebhookAsked,
    WebhookChange,
    WebhookList,
    WebhookMade,
    WebhookSecret,
    WebhookShown,
    WebhookWords,
)

router = APIRouter(tags=["webhooks"])

Id = Annotated[str, Path(max_length=32, description="The receiver's id.")]
Digest = Annotated[str, Query(max_length=64, description="Of the receiver as you have seen it.")]

_POLL_SECONDS = 0.1
_SAID = ("url", "format", "kinds", "allow_private", "options", "sends", "severity", "score", "hours", "quiet")
"""What the audit keeps of a definition: no token."""


@router.get("/webhooks")
async def list_webhooks(fleet: InFleet, _viewer: Viewer) -> WebhookList:
    """List receivers with what is waiting, dead or failing."""
    found = await fleet.read(queries.webhooks)
    return WebhookList(items=[shown(one) for one in found])


@router.get("/webhooks/formats")
async def list_webhook_formats(fleet: InFleet, _viewer: Viewer) -> FormatList:
    """List the formats of receivers with what each needs, and the kinds of notices."""
    return await fleet.thread(formats)


@router.post("/webhooks", status_code=201)
async def add_webhook(asked: WebhookAsked, fleet: InFleet, admin: Admin) -> WebhookMade:
    """Add a receiver of notices from now on. The answer has the secret; POST /webhooks/{webhook}/test tries it."""

    def add(connection: Connection) -> WebhookMade:
        made = endpoints.add(connection, fleet.deployment, _definition(asked))
        record(connection, admin, "webhook.add", made.id, **_audited(asked), url=made.url)
        return WebhookMade(webhook=_row(connection, made.id), secret=made.secret)

    return await fleet.write(add)


@router.get("/webhooks/{webhook}")
async def show_webhook(webhook: Id, fleet: InFleet, _viewer: Viewer) -> WebhookShown:
    """Show one receiver."""
    return await fleet.read(lambda connection: _row(connection, webhook))


@router.patch("/webhooks/{webhook}")
async def change_webhook(
    webhook: Id,
    asked: WebhookChange,
    fleet: InFleet,
    admin: Admin,
) -> WebhookShown:
    """Change a receiver: what waits for it is sent as it is then. Id and secret stay."""

    def edit(connection: Connection) -> WebhookShown:
        refuse_changed(endpoints.find(connection, webhook), asked.digest, f"the webhook {webhook}")
        changed = endpoints.edit(connection, fleet.deployment, webhook, _definition(asked))
        record(connection, admin, "webhook.change", webhook, **_audited(asked), url=changed.url)
        return _row(connection, webhook)

    made = await fleet.write(edit)
    await endpoints.nudged(fleet.deployment, 0)
    return made


@router.delete("/webhooks/{webhook}", status_code=204)
async def remove_webhook(webhook: Id, digest: Digest, fleet: InFleet, admin: Admin) -> None:
    """Remove a receiver; what waits for it is not sent."""

    def remove(connection: Connection) -> None:
        found = endpoints.find(connection, webhook)
        refuse_changed(found, digest, f"the webhook {webhook}")
        queries.remove_webhook(connection, webhook, now_ns=time.time_ns())
        record(connection, admin, "webhook.remove", webhook, url=found.url)

    await fleet.write(remove)


@router.get("/webhooks/{webhook}/secret")
async def show_webhook_secret(webhook: Id, fleet: InFleet, admin: Admin) -> WebhookSecret:
    """Show a receiver's secret again; the audit keeps that you have looked."""

    def look(connection: Connection) -> WebhookSecret:
        found = endpoints.find(connection, webhook)
        record(connection, admin, "webhook.secret", webhook)
        return WebhookSecret(id=webhook, secret=endpoints.secret(fleet.deployment, found))

    return await fleet.write(look)


@router.post("/webhooks/{webhook}/rotate")
async def rotate_webhook_secret(webhook: Id, fleet: InFleet, admin: Admin) -> WebhookSecret:
    """Give a receiver a new secret; messages are signed with it from now on."""

    def rotate(connection: Connection) -> WebhookSecret:
        endpoints.find(connection, webhook)
        queries.rotate_secret(connection, webhook)
        record(connection, admin, "webhook.rotate", webhook)
        return WebhookSecret(id=webhook, secret=endpoints.secret(fleet.deployment, endpoints.find(connection, webhook)))

    return await fleet.write(rotate)


@router.post("/webhooks/{webhook}/enable")
async def enable_webhook(webhook: Id, fleet: InFleet, admin: Admin) -> WebhookShown:
    """Enable a receiver that had answered 410 Gone."""

    def enable(connection: Connection) -> WebhookShown:
        endpoints.find(connection, webhook)
        queries.enable_webhook(connection, webhook, now_ns=time.time_ns())
        record(connection, admin, "webhook.enable", webhook)
        return _row(connection, webhook)

    return await fleet.write(enable)


@router.post("/webhooks/{webhook}/test")
async def try_webhook(
    webhook: Id,
    asked: TestAsked,
    fleet: InFleet,
    analyst: Analyst,
) -> TestOutcome:
    """Send a test notice to one receiver and show what came of it."""

    def write(connection: Connection) -> int:
        seq = endpoints.write_test(connection, endpoints.find(connection, webhook))
        record(connection, analyst, "webhook.test", webhook)
        return seq

    seq = await fleet.write(write)
    reached = await endpoints.nudged(fleet.deployment, seq)
    found = await _outcome(fleet, webhook, seq, asked.wait if reached else 0)
    return TestOutcome(
        delivered=found is not None and found.state == DELIVERED,
        words=Tried(found).words,
        delivery=DeliveryShown.model_validate(found) if found else None,
    )


async def _outcome(fleet: InFleet, webhook_id: str, seq: int, wait: float) -> Delivery | None:
    """Return the delivery of a notice once it was attempted, else as it is after `wait` seconds."""
    deadline = time.monotonic() + wait
    while True:
        made = await fleet.read(lambda one: queries.deliveries(one, 1, webhook_id=webhook_id, after=seq + 1))
        found = next((each for each in made if each.notice_seq == seq), None)
        if (found and (found.state != PENDING or found.attempts)) or time.monotonic() >= deadline:
            return found
        await asyncio.sleep(_POLL_SECONDS)


def _row(connection: Connection, webhook_id: str) -> WebhookShown:
    found = webhook_row(connection, webhook_id)
    if found is None:
        raise NotFoundError(f"there is no webhook {webhook_id!r}; decnet webhook list shows them")
    return found


def _definition(asked: WebhookAsked | WebhookChange) -> Definition:
    wish = Wish(
        sends=Sends(asked.sends) if asked.sends else None,
        severity=Severity(asked.severity) if asked.severity else None,
        score=asked.score,
        sources=asked.sources,
        deckies=asked.deckies,
        techniques=asked.techniques,
        tags=asked.tags,
        hours=asked.hours,
        quiet=asked.quiet,
        breaks_quiet=Severity(asked.breaks_quiet) if asked.breaks_quiet else None,
    )
    return Definition(asked.url, asked.format, asked.token, asked.options, asked.kinds, asked.allow_private, wish)


def _audited(asked: WebhookWords) -> dict[str, object]:
    """Return what was said, without what may be a secret: token, options and URL."""
    return asked.model_dump(exclude_none=True, exclude={"token", "options", "url", "digest"})
