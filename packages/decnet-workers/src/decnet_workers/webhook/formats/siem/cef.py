# SPDX-License-Identifier: MIT
"""ArcSight Common Event Format, version 0 of the format (CEF implementation standard, revision 25).

Header fields escape `|` and the backslash, values of extensions `=` and the backslash; there is no line break left to
escape. What CEF has no key for is in its custom strings, of which there are six, each with its label.
"""

from ipaddress import ip_address
from typing import Any

from decnet_workers.webhook.formats.alert import Alert, Severity, cut, shown
from decnet_workers.webhook.formats.format import Access, Format, bearer

MAX_NAME, MAX_VALUE, MAX_CUSTOM = 512, 1023, 6

_SEVERITIES = {
    Severity.INFORMATIONAL: 1,
    Severity.LOW: 3,
    Severity.MEDIUM: 5,
    Severity.HIGH: 8,
    Severity.CRITICAL: 10,
}
_KEYS = {"username": "duser", "decky": "dhost", "service": "app", "target": "request"}
"""CEF's keys for fields of notices."""


def line(alert: Alert) -> str:
    """Return the event, one line."""
    heads = ("DECNET", "DECNET", "1", alert.kind, cut(alert.title, MAX_NAME))
    head = "|".join(escaped_head(one) for one in heads)
    pairs = " ".join(f"{name}={escaped(cut(value, MAX_VALUE))}" for name, value in _extension(alert))
    return f"CEF:0|{head}|{_SEVERITIES[alert.severity]}|{pairs}"


def body(alert: Alert, _: Access) -> bytes:
    """Return the line as UTF-8."""
    return line(alert).encode()


def escaped_head(text: str) -> str:
    return text.replace("\\", "\\\\").replace("|", "\\|")


def escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("=", "\\=")


def _extension(alert: Alert) -> list[tuple[str, str]]:
    data = alert.data
    found = [("rt", str(alert.ts // 10**6)), ("externalId", cut(alert.id, 40)), ("cat", alert.kind)]
    found += _source(data.get("attacker"))
    custom: list[tuple[str, str]] = []
    for name, value in data.items():
        if name in {"kind", "ts", "attacker"} or value in (None, "", []):
            continue
        if key := _KEYS.get(name):
            found.append((key, shown(value)))
        else:
            custom.append((name, shown(value)))
    for number, (name, value) in enumerate(custom[:MAX_CUSTOM], start=1):
        found += [(f"cs{number}Label", name), (f"cs{number}", value)]
    if rest := custom[MAX_CUSTOM:]:
        found.append(("msg", ", ".join(f"{name}: {value}" for name, value in rest)))
    return found


def _source(attacker: Any) -> list[tuple[str, str]]:
    """CEF's `src` is an IPv4 address; an IPv6 address has its own key."""
    try:
        address = ip_address(str(attacker))
    except ValueError:
        return []
    if address.version == 4:
        return [("src", str(address))]
    return [("c6a2Label", "Source IPv6 Address"), ("c6a2", str(address))]


FORMAT = Format(
    "ArcSight CEF (QRadar, Sentinel, ArcSight)",
    body,
    travels_by=("http", "syslog", "file"),
    content_type="text/plain; charset=utf-8",
    token="a bearer token",  # noqa: S106  # says what it is
    token_optional=True,
    headers=bearer,
)
