# SPDX-License-Identifier: MIT
"""ntfy (docs.ntfy.sh/publish): JSON to the server, the topic being the last part of the URL; plain text only."""

from decnet_workers.webhook.formats.alert import Alert, Severity
from decnet_workers.webhook.formats.format import Access, Format, bearer, encoded

MAX_MESSAGE = 4096
"""Bytes; of more the server makes a file."""

_PRIORITIES = {
    Severity.INFORMATIONAL: 1,
    Severity.LOW: 2,
    Severity.MEDIUM: 3,
    Severity.HIGH: 4,
    Severity.CRITICAL: 5,
}


def body(alert: Alert, access: Access) -> bytes:
    """Return the message."""
    text = "\n".join(alert.lines).encode()
    message = {
        "topic": access.options.get("topic", ""),
        "title": alert.title,
        "message": text[:MAX_MESSAGE].decode("utf-8", "ignore"),
        "priority": _PRIORITIES[alert.severity],
        "tags": [alert.severity.word, alert.kind],
    }
    return encoded(message)


FORMAT = Format(
    "ntfy",
    body,
    for_people=True,
    hosts=("ntfy.sh",),
    token="an access token",  # noqa: S106  # says what it is
    token_optional=True,
    options={"topic": "the topic to publish to"},
    headers=bearer,
)
