# SPDX-License-Identifier: MIT
"""PagerDuty Events API v2 (developer.pagerduty.com/docs/events-api-v2): what a trouble opened, its end resolves."""

from decnet_workers.webhook.formats.alert import Alert, Severity, cut
from decnet_workers.webhook.formats.format import Access, Format, encoded

MAX_SUMMARY, MAX_DEDUP_KEY = 1024, 255

_SEVERITIES = {
    Severity.INFORMATIONAL: "info",
    Severity.LOW: "info",
    Severity.MEDIUM: "warning",
    Severity.HIGH: "error",
    Severity.CRITICAL: "critical",
}


def body(alert: Alert, access: Access) -> bytes:
    """Return the event."""
    event = {
        "routing_key": access.token,
        "event_action": "resolve" if alert.ends else "trigger",
        "dedup_key": cut(alert.about, MAX_DEDUP_KEY),
        "client": "DECNET",
        "payload": {
            "summary": cut(f"{alert.title}: {alert.decisive}" if alert.decisive else alert.title, MAX_SUMMARY),
            "source": str(alert.data.get("decky") or alert.data.get("worker") or "DECNET"),
            "severity": _SEVERITIES[alert.severity],
            "timestamp": alert.time,
            "class": alert.kind,
            "custom_details": {**dict(alert.fields), "webhook-id": alert.id},
        },
    }
    return encoded(event)


FORMAT = Format(
    "PagerDuty, Events API v2",
    body,
    for_people=True,
    hosts=("events.pagerduty.com", "events.eu.pagerduty.com"),
    token="the integration (routing) key",  # noqa: S106  # says what it is
)
