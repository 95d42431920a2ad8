# SPDX-License-Identifier: MIT
"""Models that several answers about findings have in common; texts in them are the attackers' own."""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

from pydantic import Field, field_validator

from decnet_models.intel.queries import Verdict
from decnet_web.api.models import Answer
from decnet_web.api.moments import Moment


class ScoreTerm(Answer):
    """A term of the threat score."""

    name: str
    points: int
    reason: str


class Trait(Answer):
    """A classification of behaviour, and why."""

    name: str
    reason: str


class RhythmItem(Answer):
    """Gaps between contacts: how many, their mean in seconds, and jitter = standard deviation / mean."""

    gaps: int
    mean_seconds: float
    jitter: float


class SeenPlace(Answer):
    """A decky, service or phase that was reached."""

    name: str
    events: int
    first_seen: Moment
    last_seen: Moment


class ToolItem(Answer):
    """A tool that the attacker's clients name, or are recognised as."""

    name: str
    purpose: str
    events: int
    first_seen: Moment
    last_seen: Moment


class FingerprintItem(Answer):
    """Something by which a client can be recognised."""

    type: str
    value: str
    events: int
    first_seen: Moment
    last_seen: Moment


class SessionItem(Answer):
    """One interactive session; null is unknown."""

    attacker: str
    session: str
    service: str | None
    decky: str | None
    username: str | None
    terminal: str | None
    first_seen: Moment
    last_seen: Moment
    opened_at: Moment | None
    closed_at: Moment | None
    duration_ms: int | None
    commands: int
    recording: str | None
    """The SHA-256 of its recording; null: none (yet)."""


class SessionStory(Answer):
    """What happened in a session, in a sentence."""

    session: str
    sentence: str
    typist: Trait | None
    """Who typed: a person, a script, a language model, ..."""


class CredentialUseItem(Answer):
    """A credential as one attacker tried it on one service of one decky."""

    attacker: str
    digest: str
    username: str | None
    password: str | None
    public_key: str | None
    service: str
    decky: str | None
    uses: int
    accepted: int
    first_seen: Moment
    last_seen: Moment


class PasswordList(Answer):
    """A well-known list of passwords that an attacker walks."""

    name: str
    reason: str


class AttackerCommand(Answer):
    """A command line that an attacker entered."""

    seq: int
    """Its event's place in the log."""
    attacker: str
    session: str | None
    ts: Moment
    service: str
    decky: str | None
    text: str
    known: bool
    """Whether the decoy's shell knows the command."""


class CanaryHitItem(Answer):
    """A use of a canary token."""

    seq: int
    attacker: str
    token: str
    channel: str
    ts: Moment
    target: str | None
    user_agent: str | None
    scanner: str | None
    """Why a link scanner is taken to have used it, not a person."""


class TechniqueOfAttacker(Answer):
    """An attacker's use of a technique."""

    technique: str
    name: str | None
    tactics: list[str]
    tags: int
    """How often rules recognised it."""
    first_seen: Moment
    last_seen: Moment
    titles: list[str]
    """The titles of the rules."""


class TagItem(Answer):
    """A technique that a rule recognised in an event."""

    id: UUID
    seq: int
    """The event's place in the log."""
    event_id: UUID
    rule_id: UUID
    technique: str
    title: str
    level: str
    attacker: str
    ts: Moment
    session: str | None
    decky: str | None


class IntelFinding(Answer):
    """What a provider says about an indicator."""

    indicator: str
    provider: str
    verdict: Verdict
    reasons: list[str]
    detail: dict[str, Any] = Field(json_schema_extra={"additionalProperties": True})
    fetched_at: Moment
    expires_at: Moment


class ArtifactSighting(Answer):
    """An event that mentions a file or a recording."""

    event_id: UUID
    sha256: str
    ts: Moment
    service: str
    attacker: str | None
    session: str | None
    decky: str | None
    name: str | None
    url: str | None


class Because(Answer):
    """A feature that speaks for (or against) belonging together, in bits."""

    kind: str
    value: str
    bits: float


def as_objects(value: Any) -> Any:
    """Return reasons, which are tuples in the tables, as objects."""
    return [
        {"kind": one[0], "value": one[1], "bits": one[2]} if isinstance(one, list | tuple) else one for one in value
    ]


def _as_text(value: Any) -> str:
    return str(value)


class MemberItem(Answer):
    """An attacker in an identity, or an identity in a campaign, and why."""

    subject: str
    weight: float
    because: list[Because]
    first_seen: Moment
    last_seen: Moment
    joined_at: Moment

    _reasons = field_validator("because", mode="before")(as_objects)
    _subject = field_validator("subject", mode="before")(_as_text)


class ChangeItem(Answer):
    """Members moved from `source` to `target`: all of them (merge) or some (split)."""

    id: int
    kind: Literal["merge", "split"]
    source: UUID
    target: UUID
    weight: float
    because: list[Because]
    ts: Moment
    undone_at: Moment | None

    _reasons = field_validator("because", mode="before")(as_objects)


class DecisionItem(Answer):
    """An operator's decision, which overrules evidence."""

    id: int
    kind: Literal["together", "apart", "pinned", "undone"]
    subject: str | None
    other: str | None
    group: UUID | None
    change: int | None
    author: str
    reason: str
    created_at: Moment
    withdrawn_at: Moment | None

    @field_validator("subject", "other", mode="before")
    @classmethod
    def _named(cls, value: Any) -> Any:
        return None if value is None else str(value)


class CommonFeature(Answer):
    """A feature that several members show, and how many subjects do in all."""

    kind: str
    value: str
    members: int
    everywhere: int
    weight: float
    """What it says for a member, in bits; 0: it joins nobody."""


class TechniqueItem(Answer):
    """A technique in the events of all attackers of a span of time."""

    technique: str
    name: str | None
    """Null: ATT&CK does not have it any more."""
    tactics: list[str]
    """Short names, as in the list of tactics."""
    tags: int
    """How often rules recognised it."""
    attackers: int
    first_seen: Moment
    """Of all time, whatever the span."""
    last_seen: Moment
    """In the span."""
