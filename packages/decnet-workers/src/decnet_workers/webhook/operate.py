# SPDX-License-Identifier: MIT
"""What an operator does with webhooks beyond plain queries: add one (checked, with its secret), test one."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection

from decnet_core.events.notices import NOTICE_KINDS, TestNotice
from decnet_models.notices import queries as notices
from decnet_models.webhooks.queries import Webhook, add_webhook
from decnet_workers.webhook.filters import idle_globs
from decnet_workers.webhook.signature import secret_of, written
from decnet_workers.webhook.target import TargetError, parse_target


class WebhookError(ValueError):
    """An endpoint cannot be added like this; the message says what to change."""


class Added(msgspec.Struct, frozen=True):
    """A new endpoint and the secret (`whsec_...`) its receiver verifies with."""

    webhook: Webhook
    secret: str


def add(
    connection: Connection,
    key: bytes,
    url: str,
    *,
    kinds: Sequence[str] = (),
    allow_private: bool = False,
    now_ns: int,
) -> Added:
    """Add an endpoint that hears notices from now on; `key` is `signature.webhook_key`. Raises WebhookError."""
    try:
        target = parse_target(url)
    except TargetError as error:
        raise WebhookError(str(error)) from error
    if not target.tls and not allow_private:
        raise WebhookError("http:// is for private addresses only: use https://, or --allow-private for one of yours")
    if unknown := idle_globs(kinds):
        raise WebhookError(f"no notice is a {unknown[0]!r}; kinds are: {', '.join(sorted(NOTICE_KINDS))}")
    since = notices.last_seq(connection)
    made = add_webhook(connection, url, kinds=kinds, allow_private=allow_private, since_seq=since, now_ns=now_ns)
    return Added(made, secret_for(key, made))


def secret_for(key: bytes, webhook: Webhook) -> str:
    """Return the endpoint's secret as its receiver is given it."""
    return written(secret_of(key, webhook.id, webhook.generation))


def send_test(connection: Connection, webhook_id: str, *, now_ns: int) -> None:
    """Write a test notice for one endpoint; publish `NOTICE.of("webhook.test")` after the commit for speed."""
    notices.add(connection, f"webhook.test:{webhook_id}:{now_ns}", TestNotice(now_ns, webhook_id), now_ns)
