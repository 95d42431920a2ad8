# SPDX-License-Identifier: MIT
"""Open Cybersecurity Schema Framework: a Detection Finding (schema.ocsf.io/1.5.0/classes/detection_finding)."""

from typing import Any

import msgspec

from decnet_workers.webhook.formats.alert import Alert, Severity
from decnet_workers.webhook.formats.format import Access, Format, bearer, encoded

_CLASS, _CATEGORY = 2004, 2
_CREATE, _CLOSE = 1, 3
_NEW, _RESOLVED = 1, 4


def finding(alert: Alert) -> dict[str, Any]:
    """Return the finding."""
    data, milliseconds = alert.data, alert.ts // 10**6
    activity = _CLOSE if alert.ends else _CREATE
    found: dict[str, Any] = {
        "class_uid": _CLASS,
        "class_name": "Detection Finding",
        "category_uid": _CATEGORY,
        "category_name": "Findings",
        "activity_id": activity,
        "activity_name": "Close" if alert.ends else "Create",
        "type_uid": _CLASS * 100 + activity,
        "type_name": f"Detection Finding: {'Close' if alert.ends else 'Create'}",
        "time": milliseconds,
        "severity_id": int(alert.severity),
        "severity": Severity(alert.severity).word.capitalize(),
        "status_id": _RESOLVED if alert.ends else _NEW,
        "status": "Resolved" if alert.ends else "New",
        "is_alert": True,
        "message": f"{alert.title}: {alert.decisive}" if alert.decisive else alert.title,
        "metadata": {
            "version": "1.5.0",
            "uid": alert.id,
            "event_code": alert.kind,
            "product": {"name": "DECNET", "vendor_name": "DECNET"},
            "original_time": alert.time,
        },
        "finding_info": _info(alert, milliseconds),
        "unmapped": {name: _flat(value) for name, value in data.items() if name not in {"kind", "ts"}},
    }
    if observables := _observables(data):
        found["observables"] = observables
    return found


def body(alert: Alert, _: Access) -> bytes:
    """Return the finding as JSON."""
    return encoded(finding(alert))


def _info(alert: Alert, milliseconds: int) -> dict[str, Any]:
    data = alert.data
    info: dict[str, Any] = {
        "uid": alert.about,
        "title": alert.title,
        "desc": "\n".join(alert.lines),
        "created_time": milliseconds,
        "types": [alert.kind],
    }
    if technique := data.get("technique"):
        info["attacks"] = [{"version": "16", "technique": {"uid": technique, "name": technique}}]
    if rule := data.get("rule"):
        info["analytic"] = {"uid": rule, "name": str(data.get("title", "")), "type_id": 1, "type": "Rule"}
    return info


def _observables(data: dict[str, Any]) -> list[dict[str, Any]]:
    """`type_id` 2 is an IP address, 4 a user name, 1 a host name."""
    kinds = (("attacker", 2, "IP Address"), ("username", 4, "User Name"), ("decky", 1, "Hostname"))
    return [
        {"name": f"unmapped.{name}", "type_id": number, "type": kind, "value": str(data[name])}
        for name, number, kind in kinds
        if data.get(name)
    ]


def _flat(value: Any) -> Any:
    return value if isinstance(value, str | int | float | bool) else msgspec.json.encode(value).decode()


FORMAT = Format(
    "OCSF 1.5, Detection Finding",
    body,
    travels_by=("http", "syslog", "file"),
    token="a bearer token",  # noqa: S106  # says what it is
    token_optional=True,
    headers=bearer,
)
