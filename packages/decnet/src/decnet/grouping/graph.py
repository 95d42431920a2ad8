# SPDX-License-Identifier: MIT
"""Groups as a graph: the groups, their members, and the features that brought several of these together.

An edge leads from each member to its group and to those features. Groups that share one have one node for it.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from decnet.grouping.whole import Whole
from decnet_models.grouping.shape import Grouping
from decnet_models.grouping.values import Reason, digest


class Node(msgspec.Struct, frozen=True):
    """A group, a member or a feature; `label` may be the attacker's text, `id` is ours."""

    id: str
    kind: str
    label: str
    members: int | None = None
    """Of a group."""


class Edge(msgspec.Struct, frozen=True):
    """A member belongs to a group, or shows a feature; the reasons stand on the edge to the group."""

    source: str
    target: str
    bits: float
    because: tuple[Reason, ...] | None = None


class Graph(msgspec.Struct, frozen=True):
    """Each node and each edge stands once."""

    nodes: list[Node]
    edges: list[Edge]


def graph(groups: Iterable[Whole], g: Grouping[Any]) -> Graph:
    """Return the graph of whole groups."""
    parts = dict.fromkeys(part for each in groups for part in _parts(each, g))
    return Graph([part for part in parts if isinstance(part, Node)], [part for part in parts if isinstance(part, Edge)])


def _parts(whole: Whole, g: Grouping[Any]) -> Iterator[Node | Edge]:
    group = str(whole.group.id)
    yield Node(group, g.key, group, whole.group.members)
    joining = {(one.kind, one.value) for one in whole.common if one.weight > 0}
    for kind, value in sorted(joining):
        yield Node(_feature(kind, value), kind, value)
    for one in whole.members:
        subject = str(one.subject)
        yield Node(subject, g.subject, subject)
        yield Edge(subject, group, one.weight, one.because)
        for kind, value, bits in one.because:
            if (kind, value) in joining:
                yield Edge(subject, _feature(kind, value), bits)


def _feature(kind: str, value: str) -> str:
    """Return the id of a feature's node, which attackers cannot make that of another."""
    return f"{kind}:{digest(value)}"
