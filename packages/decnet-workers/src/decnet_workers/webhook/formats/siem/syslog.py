# SPDX-License-Identifier: MIT
"""A message for people, with the fields of the notice as structured data (RFC 5424 §6.3) before it.

The transport writes the header. Values escape `"`, `]` and the backslash; names are our own. 32473 is the enterprise
number that RFC 5612 keeps for documentation: DECNET has none of its own.
"""

import re

from decnet_workers.webhook.formats.alert import Alert, shown
from decnet_workers.webhook.formats.format import Access, Format

_ESCAPED = re.compile(r'["\\\]]')
_NAME = re.compile(r"[^A-Za-z0-9_.-]")


def body(alert: Alert, _: Access) -> bytes:
    """Return STRUCTURED-DATA and MSG."""
    named = [("id", alert.id), ("severity", alert.severity.word)]
    named += [
        (_NAME.sub("_", name)[:32], shown(value)) for name, value in alert.data.items() if name not in ("kind", "ts")
    ]
    pairs = " ".join(f'{name}="{escaped(value)}"' for name, value in named if value)
    text = f"{alert.title}: {alert.decisive}" if alert.decisive else alert.title
    return f"[decnet@32473 {pairs}] {text}".encode()


def escaped(text: str) -> str:
    """Return a PARAM-VALUE."""
    return _ESCAPED.sub(r"\\\g<0>", text)


FORMAT = Format("Any syslog server, RFC 5424", body, travels_by=("syslog",), structured=True)
