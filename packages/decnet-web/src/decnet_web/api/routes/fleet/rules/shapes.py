# SPDX-License-Identifier: MIT
"""Rules: what each recognises, its state and hits; files of the operator's own; what a text would find."""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from decnet_web.api.models import Answer, Asked, Whole
from decnet_web.api.moments import Moment


class RuleStateShown(Answer):
    """The operator's setting of a rule; without one it is enabled."""

    state: Literal["disabled", "capped"]
    cap: int | None
    """Events of one attacker and UTC day that it may tag."""
    expires_at: Moment | None
    """Events from then on find it enabled again."""
    reason: str


class RuleShown(Answer):
    """A rule that is loaded."""

    id: UUID
    title: str
    level: str
    techniques: dict[str, str]
    """ATT&CK ids with their names."""
    tactics: list[str]
    description: str
    status: str
    source: str
    """What it reads: kinds of events, or what a correlation counts."""
    false_positives: list[str]
    file: str
    line: int
    shipped: bool
    setting: RuleStateShown | None
    """Null: it is enabled."""
    hits: int
    """Tags in the newest 1,000,000 events of the log."""
    attackers: int
    """Of how many attackers those are."""
    last_seen: Moment | None


class RuleRefusal(Answer):
    """A rule that is not loaded, and why."""

    file: str
    line: int
    reason: str


class RuleList(Answer):
    """All rules."""

    items: list[RuleShown]
    refused: list[RuleRefusal]
    own_folder: str | None
    """[ttp] rules_dir; null: it is not set, so there is no place for one's own rules."""


class RuleStateAsked(Asked):
    """How a rule shall be."""

    state: Literal["enabled", "disabled", "capped"]
    cap: int | None = Field(None, ge=1, le=1_000_000_000)
    """Of a capped one: events of one attacker and UTC day that it may tag."""
    hours: float = Field(0, ge=0, le=24 * 366)
    """For how long, from now; 0: until it is changed."""
    reason: str = Field("", max_length=1000)


class RuleCheckAsked(Asked):
    """What is to be tried on events."""

    text: Whole | None = Field(None, max_length=1 << 18)
    """Sigma rules (YAML); absent: all rules that are loaded."""
    replaces: str = Field("", max_length=100)
    """The own file that the text is a new version of."""
    events: list[dict[str, Any]] | None = Field(None, max_length=1000)
    """Events to try them on, as GET /events shows the fields of the log's lines; absent: the newest of the log."""
    newest: int = Field(5000, ge=0, le=20_000)
    """How many of the newest events of the log to try them on."""
    seconds: float = Field(5.0, ge=0.1, le=15)
    """How long to look at events at most."""


class RuleFinding(Answer):
    """What a rule would find."""

    seq: int | None
    """Of the event in the log; null: it is the one that was given at `index`."""
    index: int
    ts: Moment
    kind: str
    attacker: str | None
    decky: str | None
    summary: str
    rule: UUID
    title: str
    level: str
    technique: str


class RuleChecked(Answer):
    """What came of trying rules on events."""

    good: bool
    """Whether no rule of the text was refused."""
    rules: int
    refused: list[RuleRefusal]
    events: int
    """How many were looked at."""
    findings: int
    first: list[RuleFinding]
    """The first 200 of them."""
    complete: bool
    """Whether all events were looked at within the time."""


class RuleFileShown(Answer):
    """A file of the operator's own rules."""

    name: str
    bytes: int
    digest: str


class RuleFileList(Answer):
    """The files of the operator's own rules."""

    items: list[RuleFileShown]
    folder: str | None
    """[ttp] rules_dir; null: it is not set."""


class RuleFileText(Answer):
    """A file of rules as it is."""

    name: str
    text: str
    digest: str
    """What to send as `digest` when replacing or removing it."""
    shipped: bool


class RuleFileAsked(Asked):
    """A new version of a file of rules."""

    text: Whole = Field(max_length=1 << 18)
    digest: str | None = Field(None, max_length=64)
    """Of the file as you have seen it; null: there is none of that name yet."""
