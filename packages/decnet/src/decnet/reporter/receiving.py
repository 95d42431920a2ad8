# SPDX-License-Identifier: MIT
"""Who would receive a report."""

import sys

from sqlalchemy import Connection

from decnet_core.events.notices import ReportWritten, encode_notice, notice_kind
from decnet_models.notices.queries import OutboxLine
from decnet_models.webhooks import queries
from decnet_models.webhooks.queries import Webhook
from decnet_workers.webhook.filters import Offer, wants


def receivers(connection: Connection, report: ReportWritten) -> list[Webhook]:
    """Return the endpoints that a report written now is sent to."""
    line = OutboxLine(sys.maxsize, notice_kind(report), report.ts, encode_notice(report).decode())
    offer = Offer(line, {})
    listed = queries.webhooks(connection)
    return [one.webhook for one in listed if not one.gone_at and wants(one.webhook, offer, report.ts)]
