# SPDX-License-Identifier: MIT
"""Receivers of notices, their formats, and what is delivered to them."""

from __future__ import annotations

from typing import Literal, TypeAlias

from pydantic import Field

from decnet_web.api.models import Answer, Asked, RowNumber
from decnet_web.api.moments import Moment

SeverityWord: TypeAlias = Literal["low", "medium", "high", "critical"]
Sends: TypeAlias = Literal["incidents", "notices"]
DeliveryState: TypeAlias = Literal["pending", "delivered", "dead"]


class WebhookSelection(Answer):
    """What a receiver gets: all conditions must hold; of several values of one, one is enough."""

    sends: Sends
    severity: SeverityWord
    """At least so severe."""
    score: int
    """At least this threat score."""
    sources: list[str]
    """Networks of attackers."""
    deckies: list[str]
    """Globs of names."""
    techniques: list[str]
    tags: list[str]
    """Globs of canary tokens, of their labels, or of titles of rules."""
    hours: list[str]
    """Spans of the week in which anything is sent."""
    quiet: list[str]
    """Spans of the week in which only severe incidents are told; then comes one digest."""
    breaks_quiet: SeverityWord


class WebhookShown(Answer):
    """A receiver; nothing here is a secret."""

    id: str
    url: str
    """Of a receiver whose URL is a secret only its beginning."""
    format: str
    kinds: list[str]
    """Kinds of notices or globs; none: all."""
    allow_private: bool
    options: dict[str, str]
    selection: WebhookSelection
    generation: int
    """Of its secret: one more with each rotation."""
    since_seq: int
    created_at: Moment
    enabled_at: Moment
    state: Literal["good", "failing", "gone"]
    """Gone: it answered 410, and nothing is sent until it is enabled again."""
    failures: int
    """Failed attempts in a row."""
    failing_since: Moment | None
    open_until: Moment | None
    """Nothing is sent before this time."""
    gone_at: Moment | None
    pending: int
    dead: int
    digest: str
    """What to send as `digest` when changing or removing it."""


class WebhookList(Answer):
    """All receivers, oldest first."""

    items: list[WebhookShown]


class WebhookSecret(Answer):
    """The secret with which a receiver verifies what it gets."""

    id: str
    secret: str


class WebhookMade(Answer):
    """A new receiver."""

    webhook: WebhookShown
    secret: str
    """With which it verifies signatures; it is not in any other answer, except of GET /webhooks/{webhook}/secret."""


class WebhookWords(Asked):
    """What may be said of a receiver; what is absent stays, or is the default."""

    format: str | None = Field(None, max_length=32)
    """GET /webhooks/formats lists them; absent: the one that the URL means."""
    token: str | None = Field(None, max_length=4096)
    """The receiver's key or password; it is never shown again."""
    options: dict[str, str] | None = Field(None, max_length=32)
    kinds: list[str] | None = Field(None, max_length=100)
    allow_private: bool | None = None
    sends: Sends | None = None
    severity: SeverityWord | None = None
    score: int | None = Field(None, ge=0, le=100)
    sources: list[str] | None = Field(None, max_length=1000)
    deckies: list[str] | None = Field(None, max_length=1000)
    techniques: list[str] | None = Field(None, max_length=1000)
    tags: list[str] | None = Field(None, max_length=1000)
    hours: list[str] | None = Field(None, max_length=100)
    quiet: list[str] | None = Field(None, max_length=100)
    breaks_quiet: SeverityWord | None = None


class WebhookAsked(WebhookWords):
    """A receiver to add."""

    url: str = Field(min_length=1, max_length=4096)
    """https, http, syslog+tls, syslog+tcp, syslog+udp, smtp, smtps, or file:NAME."""


class WebhookChange(WebhookWords):
    """What is said anew of a receiver."""

    digest: str = Field(max_length=64)
    url: str | None = Field(None, min_length=1, max_length=4096)


class DeliveryShown(Answer):
    """One notice for one receiver; `status`, `error` and `answer` are those of the last attempt."""

    id: int
    webhook_id: str
    notice_seq: int
    kind: str
    message_id: str
    """The same in every attempt."""
    body: str
    """The notice as JSON."""
    state: DeliveryState
    attempts: int
    due_at: Moment
    created_at: Moment
    first_attempt_at: Moment | None
    ended_at: Moment | None
    status: int | None
    error: str | None
    answer: str | None
    """What the receiver said, if the attempt failed or was a test."""


class TestAsked(Asked):
    """A test notice to one receiver."""

    wait: float = Field(15.0, ge=0, le=30)
    """Seconds to wait for the outcome."""


class TestOutcome(Answer):
    """What came of a test."""

    delivered: bool
    words: str
    """The outcome for people."""
    delivery: DeliveryShown | None
    """Null: it was not attempted yet."""


class ReplayAsked(Asked):
    """Dead deliveries that are to be tried again."""

    delivery: RowNumber | None = None
    """Only this one; absent: all of the receiver's."""


class ReplayTaken(Answer):
    """How many deliveries will be tried again, with their old message ids."""

    count: int


class FormatShown(Answer):
    """A format of receivers."""

    name: str
    title: str
    travels_by: list[str]
    token: str | None
    """What the token is; null: the receiver has none."""
    token_optional: bool
    options: dict[str, str]
    """What else it needs, each with its meaning; one that begins with `optional` may be missing."""
    for_people: bool
    """Whether each message comes before somebody's eyes: then incidents are sent by default."""
    secret_url: bool


class NoticeKindShown(Answer):
    """A kind of notice."""

    kind: str
    meaning: str


class FormatList(Answer):
    """All formats, and all kinds of notices."""

    items: list[FormatShown]
    notices: list[NoticeKindShown]
