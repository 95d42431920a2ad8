# SPDX-License-Identifier: MIT
"""Elastic Common Schema 8 (elastic.co/guide/en/ecs); to Elasticsearch or OpenSearch as a document of that id.

`POST INDEX/_create/ID` answers 409 when the id is there already, so what is sent again is stored once. The notice
itself is in `decnet.*`, as ECS asks of fields of one's own.
"""

from ipaddress import ip_address
from typing import Any
from urllib.parse import quote

from decnet_workers.webhook.formats.alert import Alert
from decnet_workers.webhook.formats.format import Access, Format, encoded


def document(alert: Alert) -> dict[str, Any]:
    """Return the document."""
    data = alert.data
    found: dict[str, Any] = {
        "@timestamp": alert.time,
        "ecs": {"version": "8.11.0"},
        "message": f"{alert.title}: {alert.decisive}" if alert.decisive else alert.title,
        "tags": ["decnet"],
        "event": {
            "id": alert.id,
            "kind": "alert",
            "category": ["intrusion_detection"],
            "type": ["info"],
            "action": alert.kind,
            "module": "decnet",
            "dataset": "decnet.notice",
            "provider": "decnet",
            "severity": int(alert.severity),
        },
        "log": {"level": alert.severity.word},
        "observer": {"vendor": "DECNET", "product": "DECNET", "type": "honeypot"},
        "decnet": {alert.kind.replace(".", "_"): {k: v for k, v in data.items() if k not in {"kind", "ts"}}},
    }
    if attacker := _address(data.get("attacker")):
        found["source"] = {"ip": attacker, "address": attacker}
        found["related"] = {"ip": [attacker]}
    if username := data.get("username"):
        found["user"] = {"name": username}
        found.setdefault("related", {})["user"] = [username]
    if decky := data.get("decky"):
        found["host"] = {"name": decky}
    if service := data.get("service"):
        found["network"] = {"protocol": service}
    if technique := data.get("technique"):
        found["threat"] = {"framework": "MITRE ATT&CK", "technique": {"id": [technique]}}
    if rule := data.get("rule"):
        found["rule"] = {"id": rule, "name": data.get("title", "")}
    return found


def body(alert: Alert, _: Access) -> bytes:
    """Return the document as JSON."""
    return encoded(document(alert))


def _address(text: Any) -> str:
    try:
        return str(ip_address(text)) if isinstance(text, str) else ""
    except ValueError:
        return ""


def _headers(access: Access) -> dict[str, str]:
    return {"Authorization": f"ApiKey {access.token}"} if access.token else {}


def _path(path: str, alert: Alert, _: Access) -> str:
    return f"{path.rstrip('/')}/_create/{quote(alert.id, safe='')}"


FORMAT = Format(
    "Elasticsearch and OpenSearch, Elastic Common Schema 8",
    body,
    travels_by=("http", "syslog", "file"),
    token="an API key (base64), without it none is sent",  # noqa: S106  # says what it is
    token_optional=True,
    headers=_headers,
    path=_path,
    already="version_conflict_engine_exception",
)
