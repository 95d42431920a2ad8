# SPDX-License-Identifier: MIT
"""TheHive 5: an alert (`POST /api/v1/alert`); `sourceRef` is the message's id, of which TheHive takes one.

Its descriptions are Markdown, so they are a code block, which no text can end: backticks are set apart by U+200B.
"""

from typing import Any

from decnet_workers.webhook.formats.alert import Alert, cut, shown
from decnet_workers.webhook.formats.format import Access, Format, bearer, encoded

MAX_TITLE = 512
_OBSERVABLES = {"attacker": "ip", "username": "other", "recording": "hash", "target": "other"}


def alert_body(alert: Alert) -> dict[str, Any]:
    """Return the alert."""
    lines = "\n".join(alert.lines).replace("`", "`\u200b")
    return {
        "type": "decnet",
        "source": "DECNET",
        "sourceRef": alert.id,
        "title": cut(alert.title, MAX_TITLE),
        "description": f"```\n{lines}\n```",
        "severity": max(1, alert.severity - 1),  # 1 is low, 4 critical
        "date": alert.ts // 10**6,
        "tags": ["decnet", alert.kind, *([f"attack:{shown(t, 20)}"] if (t := alert.data.get("technique")) else [])],
        "tlp": 2,
        "pap": 2,
        "observables": [
            {"dataType": kind, "data": shown(alert.data[name]), "message": name}
            for name, kind in _OBSERVABLES.items()
            if alert.data.get(name)
        ],
    }


def body(alert: Alert, _: Access) -> bytes:
    """Return the alert as JSON."""
    return encoded(alert_body(alert))


def _path(path: str, _: Alert, __: Access) -> str:
    return path if path.rstrip("/").endswith("/api/v1/alert") else f"{path.rstrip('/')}/api/v1/alert"


FORMAT = Format(
    "TheHive 5, an alert of each notice",
    body,
    for_people=True,
    token="an API key",  # noqa: S106  # says what it is
    headers=bearer,
    path=_path,
    already="already exist",
)
