# SPDX-License-Identifier: MIT
"""Google Chat's incoming webhooks: a card (developers.google.com/workspace/chat/api/reference/rest/v1/cards).

Texts of cards are a small HTML, so `&`, `<`, `>` and quotes are escaped; mentions exist only outside cards.
"""

import html

from decnet_workers.webhook.formats.alert import Alert, cut
from decnet_workers.webhook.formats.format import Access, Format, encoded

MAX_BYTES = 32_000
"""Of a message."""


def body(alert: Alert, _: Access) -> bytes:
    """Return the message, with fields left out from the end where there are too many bytes."""
    fields = [*alert.fields]
    while len(made := _message(alert, fields)) > MAX_BYTES and fields:
        fields.pop()
    return made


def _message(alert: Alert, fields: list[tuple[str, str]]) -> bytes:
    widgets: list[dict[str, object]] = []
    if alert.decisive:
        widgets.append({"textParagraph": {"text": html.escape(alert.decisive)}})
    widgets += [
        {"decoratedText": {"topLabel": name, "text": html.escape(cut(value, 500)), "wrapText": True}}
        for name, value in (*fields, ("time", alert.time))
    ]
    header = {"title": html.escape(cut(alert.title, 200)), "subtitle": f"{alert.severity.word}, {alert.kind}"}
    card = {"cardId": alert.id, "card": {"header": header, "sections": [{"widgets": widgets}]}}
    return encoded({"cardsV2": [card]})


FORMAT = Format("Google Chat, incoming webhook", body, for_people=True, hosts=("chat.googleapis.com",), secret_url=True)
