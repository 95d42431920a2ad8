# SPDX-License-Identifier: MIT
"""Rows of the list of receivers; the formats and kinds of notices."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection

from decnet_core.events.notices import NOTICE_KINDS
from decnet_models.webhooks import queries
from decnet_models.webhooks.queries import Webhook, WebhookStatus
from decnet_web.api.routes.fleet.digests import digest_of
from decnet_web.api.routes.fleet.webhooks.shapes import (
    FormatList,
    FormatShown,
    NoticeKindShown,
    WebhookSelection,
    WebhookShown,
)
from decnet_workers.webhook.formats.registry import FORMATS, load
from decnet_workers.webhook.incidents.selection import selection_of
from decnet_workers.webhook.incidents.severity import WORDS


def webhook_row(connection: Connection, webhook_id: str) -> WebhookShown | None:
    """Return one receiver."""
    found = (one for one in queries.webhooks(connection) if one.webhook.id == webhook_id)
    status = next(found, None)
    return shown(status) if status else None


def shown(status: WebhookStatus) -> WebhookShown:
    """Return what may be shown of a receiver."""
    hook = status.webhook
    return WebhookShown(
        id=hook.id,
        url=hook.url,
        format=hook.format,
        kinds=list(hook.kinds),
        allow_private=hook.allow_private,
        options=hook.options,
        selection=_selection(hook),
        generation=hook.generation,
        since_seq=hook.since_seq,
        created_at=hook.created_at,
        enabled_at=hook.enabled_at,
        state="gone" if status.gone_at else "failing" if status.failures else "good",
        failures=status.failures,
        failing_since=status.failing_since,
        open_until=status.open_until,
        gone_at=status.gone_at,
        pending=status.pending,
        dead=status.dead,
        digest=digest_of(hook),
    )


def formats() -> FormatList:
    """Return the formats; loads the modules of all."""
    return FormatList(
        items=[_format(name) for name in FORMATS],
        notices=[
            NoticeKindShown(kind=kind, meaning=(shape.__doc__ or "").strip().partition("\n")[0])
            for kind, shape in NOTICE_KINDS.items()
        ],
    )


def _format(name: str) -> FormatShown:
    form = load(name)
    return FormatShown(
        name=name,
        title=form.title,
        travels_by=list(form.travels_by),
        token=form.token or None,
        token_optional=form.token_optional,
        options=dict(form.options),
        for_people=form.for_people,
        secret_url=form.secret_url,
    )


def _selection(hook: Webhook) -> WebhookSelection:
    words = msgspec.structs.asdict(selection_of(hook.filter))
    words |= {name: WORDS[words[name]] for name in ("severity", "breaks_quiet")}
    return WebhookSelection.model_validate(words)
