# SPDX-License-Identifier: MIT
"""MISP: an event with attributes (`POST /events/add`); its UUID comes of the message's id, so it is added once."""

import uuid
from typing import Any

from decnet_workers.webhook.formats.alert import Alert, Severity, cut, shown
from decnet_workers.webhook.formats.format import Access, Format, encoded

MAX_INFO = 500
_NAMESPACE = uuid.UUID("b7f4f1b0-6a39-5c55-8a35-3d1f6c7f5a52")
_ATTRIBUTES = {
    "attacker": ("Network activity", "ip-src", True),
    "username": ("Targeting data", "target-user", False),
    "decky": ("Targeting data", "target-machine", False),
    "action": ("Other", "text", False),
    "target": ("Other", "text", False),
    "recording": ("External analysis", "sha256", False),
}
"""Category, type and whether a detection may be made of it."""


def event(alert: Alert) -> dict[str, Any]:
    """Return the event."""
    attributes = [
        {"category": category, "type": kind, "value": shown(alert.data[name]), "to_ids": to_ids, "comment": name,
         "uuid": str(uuid.uuid5(_NAMESPACE, f"{alert.id}:{name}"))}
        for name, (category, kind, to_ids) in _ATTRIBUTES.items()
        if alert.data.get(name)
    ]  # fmt: skip
    return {
        "uuid": str(uuid.uuid5(_NAMESPACE, alert.id)),
        "info": cut(f"DECNET: {alert.title}", MAX_INFO),
        "date": alert.time[:10],
        "threat_level_id": _threat_level(alert.severity),
        "analysis": "2",
        "distribution": "0",
        "published": False,
        "Attribute": attributes,
        "Tag": _tags(alert),
    }


def body(alert: Alert, _: Access) -> bytes:
    """Return the event as JSON."""
    return encoded({"Event": event(alert)})


def _threat_level(severity: Severity) -> str:
    """1 is high, 2 medium, 3 low, 4 undefined."""
    return {Severity.CRITICAL: "1", Severity.HIGH: "1", Severity.MEDIUM: "2", Severity.LOW: "3"}.get(severity, "4")


def _tags(alert: Alert) -> list[dict[str, str]]:
    tags = [{"name": "tlp:amber"}, {"name": f'decnet:kind="{alert.kind}"'}]
    technique = alert.data.get("technique")
    return [*tags, {"name": f'mitre-attack:technique="{shown(technique, 20)}"'}] if technique else tags


def _headers(access: Access) -> dict[str, str]:
    return {"Authorization": access.token, "Accept": "application/json"}


def _path(path: str, _: Alert, __: Access) -> str:
    return path if path.rstrip("/").endswith("/events/add") else f"{path.rstrip('/')}/events/add"


FORMAT = Format(
    "MISP, an event of each notice",
    body,
    token="an authentication key",  # noqa: S106  # says what it is
    headers=_headers,
    path=_path,
    already="already exists",
)
