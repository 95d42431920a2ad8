# SPDX-License-Identifier: MIT
"""Everything about one group."""

from collections import Counter
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Connection

from decnet_models.grouping.changes import changes
from decnet_models.grouping.decisions import decisions
from decnet_models.grouping.evidence import evidence_of_all, frequencies
from decnet_models.grouping.membership import group, members, resolved
from decnet_models.grouping.shape import Grouping
from decnet_models.grouping.values import Change, Decision, Group, Member


class Common(msgspec.Struct, frozen=True):
    """A feature that several members show, and how many do in all."""

    kind: str
    value: str
    members: int
    everywhere: int


class Whole(msgspec.Struct, frozen=True):
    """A group with its members, what they share, its history and the decisions about them."""

    group: Group
    members: tuple[Member[Any], ...]
    common: tuple[Common, ...]
    changes: tuple[Change, ...]
    decisions: tuple[Decision[Any], ...]


def whole(connection: Connection, g: Grouping[Any], group_id: UUID, limit: int) -> Whole | None:
    """Return the group, or that into which it was merged, with at most `limit` of each; None for an unknown id."""
    found = group(connection, g, resolved(connection, g, group_id) or group_id)
    if found is None:
        return None
    inside = tuple(members(connection, g, found.id, limit))
    subjects = {one.subject for one in inside}
    about = (one for one in decisions(connection, g) if {one.subject, one.other} & subjects or one.group == found.id)
    past = changes(connection, g, found.id, limit)
    return Whole(found, inside, _common(connection, g, subjects, limit), tuple(past), tuple(about))


def _common(connection: Connection, g: Grouping[Any], subjects: set[Any], limit: int) -> tuple[Common, ...]:
    shown = Counter((one.kind, one.value) for one in evidence_of_all(connection, g, subjects))
    several = {feature: number for feature, number in shown.items() if number > 1}
    everywhere = frequencies(connection, g, several)
    common = [Common(*feature, number, everywhere.get(feature, number)) for feature, number in several.items()]
    return tuple(
        sorted(common, key=lambda one: (-one.members / one.everywhere, -one.members, one.kind, one.value))[:limit]
    )
