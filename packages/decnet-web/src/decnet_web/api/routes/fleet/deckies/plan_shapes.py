# SPDX-License-Identifier: MIT
"""Plans of the fleet: what is asked for, what would be done, and what is done."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from decnet_web.api.models import Answer, Asked, Whole
from decnet_web.api.routes.fleet.deckies.shapes import DeckyAsked, DeckyChangeAsked, DeckyDifference, DeckyWanted


class NamedChange(DeckyChangeAsked):
    """A change of the decky of that name."""

    name: str = Field(min_length=1, max_length=63)


class PlanAsked(Asked):
    """A whole fleet as `document` (TOML) or `fleet` (the same as JSON); or deckies to add, change and remove."""

    document: Whole | None = Field(None, max_length=1 << 20)
    """TOML, as `decnet deploy` reads it: deckies that it does not name are removed."""
    name: str = Field("document", min_length=1, max_length=4096)
    """What errors call the document: the name of its file."""
    fleet: dict[str, Any] | None = None
    """The same as a JSON object: {"network": {...}, "decky": [{...}]}."""
    add: list[DeckyAsked] = Field([], max_length=10_000)
    change: list[NamedChange] = Field([], max_length=10_000)
    remove: list[str] = Field([], max_length=10_000)


class DeployAsked(PlanAsked):
    """The same, with the digest of its plan."""

    digest: str = Field(max_length=128)
    """Of the plan that you have seen: when another would be carried out now, nothing is done (409)."""
    reason: str = Field("deploy", max_length=255)
    """Why, for whoever reads the changes later."""


class PlanStep(Answer):
    """What is done with one decky; of a removal `decky` is the one that is removed."""

    kind: Literal["add", "change", "remove"]
    decky: DeckyWanted
    differences: list[DeckyDifference]


class PlanPersona(Answer):
    """A persona that is written with the deckies."""

    kind: Literal["add", "change"]
    name: str
    os: str
    body: dict[str, Any]
    """The persona as it will be stored."""
    version: int
    """Of the row that it replaces; 0: there is none."""


class PlanShown(Answer):
    """All that one transaction would do, or has done."""

    digest: str
    """What to send to /fleet/deploy."""
    steps: list[PlanStep]
    personas: list[PlanPersona]
    unchanged: int
    """How many deckies stay as they are."""
    hint: str | None
    """What has to be done so that its deckies are opened."""


class FleetText(Answer):
    """The desired fleet as a document that /fleet/plan takes."""

    document: str
