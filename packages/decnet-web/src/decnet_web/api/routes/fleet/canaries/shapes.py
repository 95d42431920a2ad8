# SPDX-License-Identifier: MIT
"""Canary tokens: kinds, what was made, where it is planted, who used it."""

from __future__ import annotations

from pydantic import Field

from decnet_web.api.models import Answer, Asked
from decnet_web.api.moments import Moment


class CanaryKindShown(Answer):
    """A kind of token that can be made."""

    kind: str
    trips: str
    """Who trips it by doing what."""
    reveals: str
    """What is known then."""
    needs: list[str]
    """Fields of a new one that must be given: to, site."""
    available: bool
    why_not: str | None
    """What has to be set so that it can be made."""
    path: str
    """Where attackers look for its file on a decky; empty: in the user's home."""


class CanaryKindList(Answer):
    """All kinds."""

    items: list[CanaryKindShown]
    formats: list[str]
    """Endings of documents that can be instrumented."""


class CanaryShown(Answer):
    """A token, with how often it was used."""

    token: str
    kind: str
    label: str
    """Where it is planted, in the words of whoever made it."""
    place: str
    """The URL or host name at which it is reached."""
    created_at: Moment
    disabled: bool
    """Whether its uses are recorded without an alert."""
    hits: int
    """All uses, those by link scanners included."""
    scanners: int
    """How many of the hits are link scanners'."""
    attackers: int
    first_seen: Moment | None
    last_seen: Moment | None


class CanaryFile(Answer):
    """The file of a token."""

    name: str
    media_type: str
    size: int
    sha256: str


class PlantingShown(Answer):
    """A place on a decky where a token's file is."""

    token: str
    decky: str
    path: str
    planted_at: Moment


class CanaryHitShown(Answer):
    """A use of a token."""

    seq: int
    """`event.seq` of its event."""
    attacker: str
    token: str
    channel: str
    """http, dns, wireguard, ..."""
    ts: Moment
    target: str | None
    user_agent: str | None
    scanner: str | None
    """Why a link scanner is taken to have used it, not a person."""


class CanaryDetail(CanaryShown):
    """One token."""

    file: CanaryFile | None
    """Null: it is a link, which is pasted somewhere."""
    plantings: list[PlantingShown]
    newest_hits: list[CanaryHitShown]


class CanaryMade(CanaryDetail):
    """A new token."""

    content: str | None
    """What to paste, of a link; null: the file is at /canaries/{token}/download."""


class CanaryAsked(Asked):
    """A token to make."""

    label: str = Field(max_length=255)
    """Where it will be planted, in your words; shown with each hit."""
    kind: str = Field("url", max_length=32)
    to: str = Field("", max_length=2048)
    """URL to which a redirect leads."""
    site: str = Field("", max_length=255)
    """Host name of your own site (cloned-site)."""
    scheme: str = Field("postgresql", max_length=32, pattern="^[a-z][a-z0-9+.-]*$")
    """Of a connection string."""


class PlantAsked(Asked):
    """Where to put a token's file."""

    decky: str = Field(min_length=1, max_length=63)
    path: str = Field("", max_length=1024)
    """On its machine; empty: where its kind belongs."""


class DelegationStep(Answer):
    """One thing that was checked."""

    what: str
    ok: bool
    remedy: str
    """What to do when it does not hold."""


class DelegationChecked(Answer):
    """Whether DNS queries for the canary's zone reach its receiver."""

    good: bool
    steps: list[DelegationStep]


class DelegationAsked(Asked):
    """By what the delegation is checked."""

    resolver: str = Field("", max_length=64)
    """ADDRESS[:PORT] of a resolver; empty: the fleet's host's."""


class CanariesImported(Answer):
    """What became of the tokens of an export."""

    new: int
    known: int
