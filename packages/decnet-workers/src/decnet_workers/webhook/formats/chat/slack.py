# SPDX-License-Identifier: MIT
"""Slack's incoming webhooks: a rich text block (docs.slack.dev/reference/block-kit/blocks/rich-text-block).

The text of rich text elements is never parsed, so that nothing in it can mention, link or format. `text`, which
notifications show, is parsed, so `&`, `<` and `>` are escaped there and its markup is switched off.
"""

import html

from decnet_workers.webhook.formats.alert import Alert, cut
from decnet_workers.webhook.formats.format import Access, Format, encoded

MAX_BLOCKS_BYTES = 12_000
"""Slack answers `msg_blocks_too_long` somewhere above 13,000."""


def body(alert: Alert, _: Access) -> bytes:
    """Return the message."""
    line = f"[{alert.severity.word}] {alert.title}"
    elements = [_section(_text(line, bold=True))]
    if alert.decisive:
        elements.append({"type": "rich_text_preformatted", "elements": [_text(alert.decisive)]})
    elements.append(_section(*_fields(alert, MAX_BLOCKS_BYTES - len(encoded(elements)))))
    message = {
        "text": html.escape(line, quote=False),
        "mrkdwn": False,
        "unfurl_links": False,
        "blocks": [{"type": "rich_text", "elements": elements}],
    }
    return encoded(message)


def _fields(alert: Alert, left: int) -> list[dict[str, object]]:
    """Return the fields for which there is room in `left` bytes of JSON."""
    found: list[dict[str, object]] = []
    for name, value in (*alert.fields, ("kind", alert.kind), ("time", alert.time)):
        pair = [_text(f"{name}: ", bold=True), _text(f"{cut(value, 500)}\n")]
        left -= len(encoded(pair))
        if left > 0:
            found += pair
    return found


def _section(*elements: dict[str, object]) -> dict[str, object]:
    return {"type": "rich_text_section", "elements": [*elements]}


def _text(text: str, *, bold: bool = False) -> dict[str, object]:
    return {"type": "text", "text": text, **({"style": {"bold": True}} if bold else {})}


FORMAT = Format(
    "Slack, incoming webhook",
    body,
    for_people=True,
    hosts=("hooks.slack.com", "hooks.slack-gov.com"),
    secret_url=True,
)
