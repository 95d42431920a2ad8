# SPDX-License-Identifier: MIT
"""The body of a message: the JSON that Standard Webhooks recommends, with the notice as data.

Attacker input is in JSON strings and nowhere else; receivers must treat it as data too.
"""

from datetime import UTC, datetime, timedelta

import msgspec

from decnet_models.notices.queries import OutboxLine

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Envelope(msgspec.Struct, frozen=True):
    """`timestamp` is when it happened (RFC 3339, UTC, microseconds), not when it is sent."""

    type: str
    timestamp: str
    data: msgspec.Raw


def body_of(line: OutboxLine) -> str:
    """Return the body for a notice."""
    data = msgspec.Raw(line.body.encode())
    return msgspec.json.encode(Envelope(line.kind, rfc3339(line.ts), data)).decode()


def moment(ts: int) -> datetime:
    """Return `ts` (ns since the Unix epoch) in UTC."""
    return _EPOCH + timedelta(microseconds=ts // 1000)


def rfc3339(ts: int) -> str:
    """Return `ts` (ns since the Unix epoch) as `2026-11-23T23:40:20.123456Z`."""
    return moment(ts).strftime("%Y-%m-%dT%H:%M:%S.%f") + "Z"
