# SPDX-License-Identifier: MIT
"""ATT&CK techniques in a span of time with their names, and since when each is known here."""

from collections.abc import Mapping

import msgspec
from sqlalchemy import Connection

from decnet_models.database.window import Window
from decnet_models.ttp.queries import TechniqueUsed, first_recognised, techniques_in
from decnet_workers.ttp.attack import technique


class NamedTechnique(msgspec.Struct, frozen=True):
    """A technique with the tags and attackers of a span of time; `first_seen` is of all time."""

    technique: str
    name: str | None
    tactics: tuple[str, ...]
    tags: int
    attackers: int
    first_seen: int
    last_seen: int


def techniques(connection: Connection, window: Window) -> list[NamedTechnique]:
    """Return the techniques that were recognised in a span of time, most often recognised first."""
    first = first_recognised(connection)
    return [named(one, first) for one in techniques_in(connection, window, first)]


def named(one: TechniqueUsed, first: Mapping[str, int]) -> NamedTechnique:
    """Return a technique with its name; `first` says when each was first recognised."""
    known = technique(one.technique)
    name, tactics = (known.name, known.tactics) if known else (None, ())
    since = first.get(one.technique, one.first_seen)
    return NamedTechnique(one.technique, name, tactics, one.tags, one.attackers, since, one.last_seen)
