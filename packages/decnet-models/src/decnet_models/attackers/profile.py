# SPDX-License-Identifier: MIT
"""The result types of queries about attackers; times are ns since the Unix epoch; texts are the attacker's own."""

import msgspec

from decnet_models.attackers.behaviour import Rhythm, Trait
from decnet_models.attackers.scoring.score import Term


class Attacker(msgspec.Struct, frozen=True):
    """One address, with counts of what it did; the fields are the columns of `attacker`."""

    ip: str
    events: int
    first_seen: int
    last_seen: int
    connections: int
    sessions: int
    logins: int
    logins_accepted: int
    commands: int
    requests: int
    files: int
    scans: int
    canary_hits: int
    score: int
    verdict: str
    """The worst one of others: malicious, suspicious, benign or unknown."""


class Seen(msgspec.Struct, frozen=True):
    """A decky, service or phase, with how often and when it was reached."""

    name: str
    events: int
    first_seen: int
    last_seen: int


class Tool(msgspec.Struct, frozen=True):
    """A tool that the attacker's clients name, or are recognised as."""

    name: str
    purpose: str
    events: int
    first_seen: int
    last_seen: int


class Session(msgspec.Struct, frozen=True):
    """One interactive session; None is unknown. `recording` is the SHA-256 of its asciicast."""

    attacker: str
    session: str
    service: str | None
    decky: str | None
    username: str | None
    terminal: str | None
    first_seen: int
    last_seen: int
    opened_at: int | None
    closed_at: int | None
    duration_ms: int | None
    commands: int
    recording: str | None


class Credential(msgspec.Struct, frozen=True):
    """Credential: a user name with its password or public key, over all services."""

    digest: str
    username: str
    password: str | None
    public_key: str | None
    uses: int
    accepted: int
    attackers: int
    first_seen: int
    last_seen: int


class CredentialUse(msgspec.Struct, frozen=True):
    """A credential as one attacker tried it on one service of one decky (None: not known)."""

    attacker: str
    digest: str
    username: str
    password: str | None
    public_key: str | None
    service: str
    decky: str | None
    uses: int
    accepted: int
    first_seen: int
    last_seen: int


class Command(msgspec.Struct, frozen=True):
    seq: int
    attacker: str
    session: str | None
    ts: int
    service: str
    decky: str | None
    text: str
    known: bool


class Fingerprint(msgspec.Struct, frozen=True):
    """A client's claim or fingerprint; `type` is ssh.software, http.user_agent, ssh.public_key, ..."""

    type: str
    value: str
    events: int
    first_seen: int
    last_seen: int


class CanaryHit(msgspec.Struct, frozen=True):
    seq: int
    attacker: str
    token: str
    channel: str
    ts: int
    target: str | None
    user_agent: str | None
    scanner: str | None = None
    """Why a link scanner is taken to have used it, not a person."""


class TokenHits(msgspec.Struct, frozen=True):
    """How often a canary token was used, by how many addresses, and when first and last."""

    token: str
    hits: int
    attackers: int
    first_seen: int
    last_seen: int
    scanners: int = 0
    """How many of the hits are link scanners'."""


class AttackerProfile(msgspec.Struct, frozen=True):
    """Everything about one attacker; each list is bounded by the requested limit.

    `deckies` is the attacker's path through the network, `phases` that along the kill chain: both in the order in which
    they were first reached. `terms` sum to `attacker.score` (up to its maximum).
    """

    attacker: Attacker
    terms: tuple[Term, ...]
    traits: tuple[Trait, ...]
    rhythm: Rhythm | None
    phases: tuple[Seen, ...]
    deckies: tuple[Seen, ...]
    services: tuple[Seen, ...]
    tools: tuple[Tool, ...]
    fingerprints: tuple[Fingerprint, ...]
    sessions: tuple[Session, ...]
    credentials: tuple[CredentialUse, ...]
    commands: tuple[Command, ...]
    canary_hits: tuple[CanaryHit, ...]
