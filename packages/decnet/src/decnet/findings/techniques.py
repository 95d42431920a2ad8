# SPDX-License-Identifier: MIT
"""ATT&CK techniques in a span of time with their names, and since when each is known here."""

import msgspec
from sqlalchemy import Connection

from decnet_models.database.window import Window
from decnet_models.ttp.queries import first_recognised, techniques_in
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
    first, found = first_recognised(connection), list[NamedTechnique]()
    for one in techniques_in(connection, window):
        known = technique(one.technique)
        name, tactics = (known.name, known.tactics) if known else (None, ())
        seen = (first.get(one.technique, one.first_seen), one.last_seen)
        found.append(NamedTechnique(one.technique, name, tactics, one.tags, one.attackers, *seen))
    return found


def new_among(found: list[NamedTechnique], since: int) -> list[NamedTechnique]:
    """Return those that were never recognised before a time, the latest first."""
    return sorted((one for one in found if one.first_seen >= since), key=lambda one: -one.first_seen)
