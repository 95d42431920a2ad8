# SPDX-License-Identifier: MIT
"""Mattermost's incoming webhooks: one attachment (developers.mattermost.com/integrate/reference/message-attachments).

All of it is parsed as Markdown: punctuation is escaped. Mentions are found before that, so an invisible U+200B stands
behind each `@`, and one behind the first letter of a scheme, because the server links URLs whatever stands before them.
"""

import re

from decnet_workers.webhook.formats.alert import Alert, Severity, cut
from decnet_workers.webhook.formats.format import Access, Format, encoded

MAX_POST = 4000
"""Characters of a post where the server was not told otherwise; of all texts together."""

_COLOURS = {Severity.INFORMATIONAL: "#808080", Severity.LOW: "#2e86c1", Severity.MEDIUM: "#f1c40f"}
_MARKUP = re.compile(r"[\\`*_{}\[\]()#+.!|<>~:&$^=-]")
_BREAKS = re.compile(r"@|(?<=h)(?=ttps?:)|(?<=w)(?=ww\.)", re.IGNORECASE)


def body(alert: Alert, _: Access) -> bytes:
    """Return the message."""
    title = escaped(f"[{alert.severity.word}] {alert.title}")
    decisive = escaped(cut(alert.decisive, 600))
    left, fields = MAX_POST - 2 * len(title) - len(decisive), []
    for name, value in alert.fields:
        text = escaped(cut(value, 400))
        left -= 2 * len(name) + len(text)
        if left > 0:
            fields.append({"title": escaped(name), "value": text, "short": len(value) < 40})
    attachment = {
        "fallback": title,
        "color": _COLOURS.get(alert.severity, "#c0392b"),
        "title": title,
        "text": decisive,
        "fields": fields,
        "footer": f"{alert.kind} {alert.time}",
    }
    return encoded({"attachments": [attachment]})


def escaped(text: str) -> str:
    """Return `text` as Markdown that shows it, without mentions and links."""
    return _MARKUP.sub(r"\\\g<0>", _BREAKS.sub("\\g<0>\u200b", text))


FORMAT = Format("Mattermost, incoming webhook", body, for_people=True, secret_url=True)
