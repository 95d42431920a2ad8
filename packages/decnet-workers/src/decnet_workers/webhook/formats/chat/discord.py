# SPDX-License-Identifier: MIT
"""Discord's webhooks: one embed (discord.com/developers/docs/resources/webhook#execute-webhook).

Embeds are parsed as Markdown, in which every punctuation mark may stand behind a backslash and is then text: also `:`
and `/`, without which no URL becomes a link. No mention is allowed to notify anybody.
"""

import re

from decnet_workers.webhook.formats.alert import Alert, Severity, cut
from decnet_workers.webhook.formats.format import Access, Format, encoded

MAX_TITLE, MAX_DESCRIPTION, MAX_FIELDS, MAX_NAME, MAX_VALUE, MAX_TOTAL = 256, 4096, 25, 256, 1024, 6000

_COLOURS = {
    Severity.INFORMATIONAL: 0x808080,
    Severity.LOW: 0x2E86C1,
    Severity.MEDIUM: 0xF1C40F,
    Severity.HIGH: 0xE67E22,
    Severity.CRITICAL: 0xC0392B,
}
_PUNCTUATION = re.compile(r"[!-/:-@\[-`{-~]")


def body(alert: Alert, _: Access) -> bytes:
    """Return the message."""
    title = escaped(f"[{alert.severity.word}] {alert.title}", MAX_TITLE)
    description = escaped(alert.decisive, MAX_DESCRIPTION // 2)
    embed = {
        "title": title,
        "description": description,
        "color": _COLOURS[alert.severity],
        "timestamp": alert.time,
        "footer": {"text": alert.kind},
        "fields": _fields(alert, MAX_TOTAL - len(title) - len(description) - len(alert.kind)),
    }
    return encoded({"embeds": [embed], "allowed_mentions": {"parse": []}})


def _fields(alert: Alert, left: int) -> list[dict[str, object]]:
    found: list[dict[str, object]] = []
    for name, value in alert.fields[:MAX_FIELDS]:
        field = {"name": escaped(name, MAX_NAME), "value": escaped(value, MAX_VALUE), "inline": len(value) < 40}
        left -= len(str(field["name"])) + len(str(field["value"]))
        if left < 0:
            break
        found.append(field)
    return found


def escaped(text: str, limit: int) -> str:
    """Return `text` as Markdown that shows it, of at most `limit` characters, none of them half an escape."""
    whole = _PUNCTUATION.sub(r"\\\g<0>", text)
    if len(whole) <= limit:
        return whole
    while len(whole) > limit:
        text = cut(text, len(text) - max(1, (len(whole) - limit) // 2))
        whole = _PUNCTUATION.sub(r"\\\g<0>", text)
    return whole


FORMAT = Format(
    "Discord, webhook of a channel",
    body,
    for_people=True,
    hosts=("discord.com", "discordapp.com"),
    secret_url=True,
)
