# SPDX-License-Identifier: MIT
"""The messages of receivers that have no client which runs offline, as their documentation says; other fields fail.

Teams: the message of a workflow's webhook and Adaptive Cards 1.4 (adaptivecards.io/explorer). Google Chat: `Message`
and `Card` of the REST reference (developers.google.com/workspace/chat/api). Opsgenie: "Create Alert" and "Close Alert"
of the Alert API (docs.opsgenie.com/docs/alert-api). Of each object all fields are listed that it may have and that a
notice could need; of unions what is text.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct


class TextRun(Struct, forbid_unknown_fields=True, rename="camel", tag="TextRun"):
    """A run of a rich text."""

    text: str
    color: Literal["default", "dark", "light", "accent", "good", "warning", "attention"] = "default"
    font_type: Literal["default", "monospace"] = "default"
    highlight: bool = False
    is_subtle: bool = False
    italic: bool = False
    size: Literal["default", "small", "medium", "large", "extraLarge"] = "default"
    strikethrough: bool = False
    underline: bool = False
    weight: Literal["default", "lighter", "bolder"] = "default"


class RichTextBlock(Struct, forbid_unknown_fields=True, rename="camel", tag="RichTextBlock"):
    """An element of a card, whose texts are never markdown."""

    inlines: Annotated[list[TextRun], Meta(min_length=1)]
    horizontal_alignment: Literal["left", "center", "right"] = "left"
    separator: bool = False
    spacing: Literal["default", "none", "small", "medium", "large", "extraLarge", "padding"] = "default"


class AdaptiveCard(
    Struct,
    forbid_unknown_fields=True,
    tag="AdaptiveCard",
    rename={"schema": "$schema", "fallback_text": "fallbackText"},
):
    """A card."""

    version: Literal["1.0", "1.1", "1.2", "1.3", "1.4"]
    body: Annotated[list[RichTextBlock], Meta(min_length=1)]
    schema: Literal["http://adaptivecards.io/schemas/adaptive-card.json"]
    fallback_text: str = ""
    lang: str = ""


class CardAttachment(Struct, forbid_unknown_fields=True, rename="camel"):
    """A card in a message."""

    content_type: Literal["application/vnd.microsoft.card.adaptive"]
    content: AdaptiveCard
    content_url: None = None


class TeamsMessage(Struct, forbid_unknown_fields=True, rename="camel", tag="message"):
    """What a workflow of Teams takes."""

    attachments: Annotated[list[CardAttachment], Meta(min_length=1)]


class TextParagraph(Struct, forbid_unknown_fields=True, rename="camel"):
    """Text of a card."""

    text: Annotated[str, Meta(min_length=1)]


class DecoratedText(Struct, forbid_unknown_fields=True, rename="camel"):
    """A text with a label."""

    text: Annotated[str, Meta(min_length=1)]
    top_label: str = ""
    bottom_label: str = ""
    wrap_text: bool = False


class Widget(Struct, forbid_unknown_fields=True, rename="camel", omit_defaults=True):
    """A union: one of its fields."""

    text_paragraph: TextParagraph | None = None
    decorated_text: DecoratedText | None = None

    def __post_init__(self) -> None:
        if (self.text_paragraph is None) == (self.decorated_text is None):
            raise ValueError("a widget has exactly one kind")


class Section(Struct, forbid_unknown_fields=True, rename="camel"):
    """A part of a card."""

    widgets: Annotated[list[Widget], Meta(min_length=1, max_length=100)]
    header: str = ""
    collapsible: bool = False
    uncollapsible_widgets_count: int = 0


class CardHeader(Struct, forbid_unknown_fields=True, rename="camel"):
    """The head of a card."""

    title: Annotated[str, Meta(min_length=1)]
    subtitle: str = ""


class Card(Struct, forbid_unknown_fields=True, rename="camel"):
    """A card of Google Chat."""

    sections: Annotated[list[Section], Meta(min_length=1)]
    header: CardHeader | None = None
    name: str = ""


class CardWithId(Struct, forbid_unknown_fields=True, rename="camel"):
    """A card in a message."""

    card: Card
    card_id: Annotated[str, Meta(min_length=1)]


class ChatMessage(Struct, forbid_unknown_fields=True, rename="camel"):
    """What an incoming webhook of Google Chat takes."""

    cards_v2: Annotated[list[CardWithId], Meta(min_length=1)]
    text: str = ""


Name = Annotated[str, Meta(max_length=100)]


class CreateAlert(Struct, forbid_unknown_fields=True, rename="camel"):
    """The body of a request that creates an alert of Opsgenie."""

    message: Annotated[str, Meta(min_length=1, max_length=130)]
    alias: Annotated[str, Meta(max_length=512)] = ""
    description: Annotated[str, Meta(max_length=15_000)] = ""
    tags: Annotated[list[Annotated[str, Meta(max_length=50)]], Meta(max_length=20)] = []
    details: dict[str, str] = {}
    entity: Annotated[str, Meta(max_length=512)] = ""
    source: Name = ""
    priority: Literal["P1", "P2", "P3", "P4", "P5"] = "P3"
    user: Name = ""
    note: Annotated[str, Meta(max_length=25_000)] = ""


class CloseAlert(Struct, forbid_unknown_fields=True, rename="camel"):
    """The body of a request that closes one."""

    user: Name = ""
    source: Name = ""
    note: Annotated[str, Meta(max_length=25_000)] = ""
