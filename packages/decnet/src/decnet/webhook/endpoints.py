# SPDX-License-Identifier: MIT
"""Adds, finds and tests the endpoints of webhooks, and shows their secrets."""

import asyncio
import contextlib
import time
from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection

from decnet.cli.errors import NotFoundError, OperatorError
from decnet.fleet.bus_access import reachable_bus
from decnet.fleet.deployment import Deployment
from decnet_core.bus.interface import BusError
from decnet_core.bus.subjects import NOTICE, NoticeWritten
from decnet_core.events.notices import NOTICE_KINDS, TestNotice, notice_kind
from decnet_models.notices import queries as notices
from decnet_models.webhooks import queries
from decnet_models.webhooks.queries import Webhook
from decnet_workers.outbound.target import TargetError, parse_target
from decnet_workers.webhook.filters import idle_globs
from decnet_workers.webhook.signature import secret_of, webhook_key, written

_NUDGE_SECONDS = 1.0


class Added(msgspec.Struct, frozen=True):
    """A new endpoint with the secret for its receiver."""

    id: str
    url: str
    kinds: tuple[str, ...]
    secret: str


def add(
    connection: Connection, deployment: Deployment, url: str, *, kinds: Sequence[str], allow_private: bool
) -> Added:
    """Add an endpoint that receives notices from now on; raises OperatorError, KeyFileError."""
    try:
        parse_target(url)
    except TargetError as error:
        raise OperatorError(str(error)) from error
    if idle := idle_globs(kinds):
        raise OperatorError(f"no notice is called {idle[0]!r}; kinds are: {', '.join(NOTICE_KINDS)}")
    made = queries.add_webhook(
        connection,
        url,
        kinds=kinds,
        allow_private=allow_private,
        since_seq=notices.last_seq(connection),
        now_ns=time.time_ns(),
    )
    return Added(made.id, made.url, made.kinds, secret(deployment, made))


def secret(deployment: Deployment, webhook: Webhook) -> str:
    """Return the endpoint's secret in the receiver's form."""
    return written(secret_of(webhook_key(deployment.state.keys), webhook.id, webhook.generation))


def find(connection: Connection, webhook_id: str) -> Webhook:
    """Return the endpoint; raises NotFoundError."""
    webhook = queries.find_webhook(connection, webhook_id)
    if webhook is None:
        raise NotFoundError(f"there is no webhook {webhook_id!r}; decnet webhook list shows them")
    return webhook


def write_test(connection: Connection, webhook: Webhook) -> int:
    """Write a test notice for this endpoint alone; return its `seq`."""
    now = time.time_ns()
    notices.add(connection, f"webhook.test:{webhook.id}:{now}", TestNotice(ts=now, webhook=webhook.id), now)
    return notices.last_seq(connection)


def nudge(deployment: Deployment, seq: int) -> None:
    """Wake the webhook worker; without a bus it finds the notice at its next poll."""
    asyncio.run(_nudge(deployment, seq))


async def _nudge(deployment: Deployment, seq: int) -> None:
    async with reachable_bus(deployment, "decnet-webhook") as bus:
        if bus is None:
            return
        with contextlib.suppress(BusError, TimeoutError):
            bus.publish(NOTICE.of(notice_kind(TestNotice)), msgspec.json.encode(NoticeWritten(seq)))
            await bus.flush(_NUDGE_SECONDS)
