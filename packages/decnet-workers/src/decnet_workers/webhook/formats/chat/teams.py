# SPDX-License-Identifier: MIT
"""Microsoft Teams: an adaptive card (adaptivecards.io, version 1.4) for a workflow or an incoming webhook.

Teams parses TextBlock and FactSet as Markdown, but a TextRun of a RichTextBlock as nothing, so all text is in those.
"""

from decnet_workers.webhook.formats.alert import Alert, Severity, cut
from decnet_workers.webhook.formats.format import Access, Format, encoded

MAX_BYTES = 28_000
"""Of a message; Teams answers 413 to more."""

_COLOURS = {Severity.INFORMATIONAL: "default", Severity.LOW: "accent", Severity.MEDIUM: "warning"}


def body(alert: Alert, _: Access) -> bytes:
    """Return the message, with fields left out from the end where there are too many bytes."""
    fields = [*alert.fields]
    while len(made := _message(alert, fields)) > MAX_BYTES and fields:
        fields.pop()
    return made


def _message(alert: Alert, fields: list[tuple[str, str]]) -> bytes:
    colour = _COLOURS.get(alert.severity, "attention")
    blocks = [_block(_run(f"[{alert.severity.word}] {alert.title}", weight="bolder", color=colour, size="medium"))]
    if alert.decisive:
        blocks.append(_block(_run(alert.decisive, fontType="monospace")))
    blocks += [_block(_run(f"{name}: ", weight="bolder"), _run(cut(value, 500))) for name, value in fields]
    blocks.append(_block(_run(f"{alert.kind}, {alert.time}", isSubtle=True, size="small")))
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "fallbackText": f"[{alert.severity.word}] {alert.kind}",
        "body": blocks,
    }
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
    return encoded({"type": "message", "attachments": [attachment]})


def _block(*runs: dict[str, object]) -> dict[str, object]:
    return {"type": "RichTextBlock", "inlines": [*runs]}


def _run(text: str, **style: object) -> dict[str, object]:
    return {"type": "TextRun", "text": text, **style}


FORMAT = Format(
    "Microsoft Teams, workflow that posts to a channel",
    body,
    for_people=True,
    hosts=(".logic.azure.com", ".webhook.office.com", ".powerplatform.com"),
    secret_url=True,
)
