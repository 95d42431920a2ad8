# SPDX-License-Identifier: MIT
"""Opsgenie's Alert API (docs.opsgenie.com/docs/alert-api): what a trouble opened, its end closes by the same alias."""

from urllib.parse import quote

from decnet_workers.webhook.formats.alert import Alert, cut
from decnet_workers.webhook.formats.format import Access, Format, encoded

MAX_MESSAGE, MAX_ALIAS, MAX_DESCRIPTION, MAX_DETAILS, MAX_TAG = 130, 512, 15_000, 8_000, 50


def body(alert: Alert, _: Access) -> bytes:
    """Return the alert, or the note with which it is closed."""
    if alert.ends:
        return encoded({"source": "DECNET", "note": "\n".join([alert.title, *alert.lines])[:25_000]})
    new = {
        "message": cut(alert.title, MAX_MESSAGE),
        "alias": cut(alert.about, MAX_ALIAS),
        "description": cut("\n".join(alert.lines), MAX_DESCRIPTION),
        "details": _details(alert),
        "source": "DECNET",
        "entity": cut(str(alert.data.get("decky") or alert.data.get("worker") or ""), 512),
        "tags": [cut(alert.kind, MAX_TAG), alert.severity.word],
        "priority": f"P{6 - alert.severity}",
    }
    return encoded(new)


def _details(alert: Alert) -> dict[str, str]:
    left, found = MAX_DETAILS, {}
    for name, value in (("webhook-id", alert.id), *alert.fields):
        left -= len(name) + len(value)
        if left >= 0:
            found[name] = value
    return found


def _headers(access: Access) -> dict[str, str]:
    return {"Authorization": f"GenieKey {access.token}"}


def _path(path: str, alert: Alert, _: Access) -> str:
    if not alert.ends:
        return path
    alias = quote(cut(alert.about, MAX_ALIAS), safe="")
    return f"{path.rstrip('/')}/{alias}/close?identifierType=alias"


FORMAT = Format(
    "Opsgenie, Alert API",
    body,
    for_people=True,
    hosts=("api.opsgenie.com", "api.eu.opsgenie.com"),
    token="the API key of an integration",  # noqa: S106  # says what it is
    headers=_headers,
    path=_path,
)
