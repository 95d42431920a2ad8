# SPDX-License-Identifier: MIT
"""Everything about one group."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Connection

from decnet_models.grouping.changes import changes
from decnet_models.grouping.decisions import all_decisions
from decnet_models.grouping.evidence import common
from decnet_models.grouping.membership import group, members
from decnet_models.grouping.shape import Grouping
from decnet_models.grouping.values import Common, Decision, Feature, Group, GroupChange, Member


class Whole(msgspec.Struct, frozen=True):
    """A group with its members, what they share, its history and the decisions about them."""

    group: Group
    members: tuple[Member[Any], ...]
    common: tuple[Common, ...]
    changes: tuple[GroupChange, ...]
    decisions: tuple[Decision[Any], ...]


def whole(connection: Connection, g: Grouping[Any], group_id: UUID, limit: int) -> Whole:
    """Return all about a group that there is, with at most `limit` of each."""
    found = group(connection, g, group_id)
    assert found is not None
    inside = tuple(members(connection, g, group_id, limit))
    subjects = {one.subject for one in inside}
    taken = all_decisions(connection, g)
    about = (one for one in taken if {one.subject, one.other} & subjects or one.group == group_id)
    past = changes(connection, g, group_id, limit)
    return Whole(found, inside, _weighed(common(connection, g, group_id, limit), inside), tuple(past), tuple(about))


def _weighed(found: Iterable[Common], inside: Iterable[Member[Any]]) -> tuple[Common, ...]:
    """Return features with the weight that they have for members, the heaviest first."""
    weights: dict[Feature, float] = {}
    for member in inside:
        for kind, value, bits in member.because:
            weights[kind, value] = max(bits, weights.get((kind, value), 0.0))
    weighed = [msgspec.structs.replace(one, weight=weights.get((one.kind, one.value), 0.0)) for one in found]
    return tuple(sorted(weighed, key=lambda one: -one.weight))
