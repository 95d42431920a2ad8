# SPDX-License-Identifier: MIT
"""Splunk's HTTP Event Collector (`/services/collector/event`)."""

from decnet_workers.webhook.formats.alert import Alert
from decnet_workers.webhook.formats.format import Access, Format, encoded


def body(alert: Alert, access: Access) -> bytes:
    """Return the event; its time has milliseconds."""
    event = {
        "time": f"{alert.ts // 10**9}.{alert.ts // 10**6 % 1000:03d}",
        "source": "decnet",
        "sourcetype": access.options.get("sourcetype", "decnet:notice"),
        "event": {
            **alert.data,
            "ts": str(alert.ts),  # of 19 digits browsers keep 16
            "id": alert.id,
            "message": alert.title,
            "severity": alert.severity.word,
        },
    }
    if index := access.options.get("index"):
        event["index"] = index
    return encoded(event)


def _headers(access: Access) -> dict[str, str]:
    return {"Authorization": f"Splunk {access.token}"}


FORMAT = Format(
    "Splunk, HTTP Event Collector",
    body,
    token="the collector's token",  # noqa: S106  # says what it is
    options={"index": "optional: the index", "sourcetype": "optional: the source type, decnet:notice if missing"},
    headers=_headers,
)
