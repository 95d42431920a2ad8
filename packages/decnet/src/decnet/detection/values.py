# SPDX-License-Identifier: MIT
"""What the child process is asked about rules, and what it answers; without the libraries that it loads."""

from uuid import UUID

import msgspec


class RuleListed(msgspec.Struct, frozen=True):
    """A rule that is loaded."""

    id: UUID
    title: str
    level: str
    techniques: dict[str, str]
    """ATT&CK ids with their names."""
    tactics: tuple[str, ...]
    description: str
    status: str
    source: str
    """What it reads: kinds of events, or what a correlation counts."""
    false_positives: tuple[str, ...]
    file: str
    line: int
    shipped: bool


class RuleRefused(msgspec.Struct, frozen=True):
    """A rule that is not loaded, and why."""

    file: str
    line: int
    reason: str


class Catalogue(msgspec.Struct, frozen=True):
    """All rules of a deployment."""

    rules: tuple[RuleListed, ...]
    refused: tuple[RuleRefused, ...]


class Order(msgspec.Struct, frozen=True):
    """What the child is to do; the events follow, one on each line."""

    folders: tuple[str, ...]
    file: str = ""
    """Only what the rules of this file find counts; empty: all rules."""
    without: tuple[str, ...] = ()
    """Files of the folders that are left out."""
    seconds: float = 10.0
    listing: bool = False


class Found(msgspec.Struct, frozen=True):
    """What a rule found in an event; `event` is its place among those that were given, from zero."""

    event: int
    rule: UUID
    title: str
    level: str
    technique: str


class Tried(msgspec.Struct, frozen=True):
    """What came of trying rules."""

    rules: int
    refused: tuple[RuleRefused, ...]
    events: int
    """How many were looked at, before the time was over."""
    findings: int
    first: tuple[Found, ...]
    """The first of them."""
    complete: bool
    """Whether all events were looked at."""
