# SPDX-License-Identifier: MIT
"""Sends a report now to those who receive reports."""

import time

import msgspec

from decnet.cli.errors import NotFoundError
from decnet.fleet.deployment import Deployment, transaction
from decnet.reporter.receiving import receivers
from decnet.reporter.writing import add, written_report
from decnet.webhook.endpoints import nudge
from decnet_models.database.window import Window


class Receiver(msgspec.Struct, frozen=True):
    """A webhook that a report goes to."""

    id: str
    format: str
    url: str


def send(deployment: Deployment, window: Window, limit: int) -> list[Receiver]:
    """Write the report as a notice, and return who will get it; raises NotFoundError when nobody would."""
    with transaction(deployment) as connection:
        notice = written_report(connection, window, limit, time.time_ns())
        to = receivers(connection, notice)
    if not to:
        raise NotFoundError("nobody receives report.written; add e.g. a mail address: decnet webhook add smtp://...")
    with transaction(deployment, write=True) as connection:
        seq = add(connection, f"report.written:{notice.ts}:sent", notice, notice.ts)
    nudge(deployment, seq)
    return [Receiver(one.id, one.format, one.url) for one in to]
