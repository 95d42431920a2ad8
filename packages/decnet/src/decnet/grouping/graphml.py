# SPDX-License-Identifier: MIT
"""Groups as a graph for Gephi, yEd or NetworkX: GraphML 1.1 (graphml.graphdrawing.org)."""

from collections.abc import Iterable, Iterator
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from decnet.grouping.page import reasons
from decnet.grouping.whole import Whole
from decnet_core.text import for_terminal
from decnet_models.grouping.shape import Grouping
from decnet_models.grouping.values import digest

_KEYS = (
    ("kind", "node", "string"),
    ("label", "node", "string"),
    ("members", "node", "int"),
    ("bits", "edge", "double"),
    ("because", "edge", "string"),
)


def graphml(groups: Iterable[Whole], g: Grouping[Any]) -> str:
    """Return a graph of groups, their members, and the features that brought several of these together.

    An edge leads from each member to its group and to those features. Groups that share one have one node for it.
    """
    lines = dict.fromkeys(line for each in groups for line in _lines(each, g))
    return "\n".join([*_head(), *lines, "</graph>\n</graphml>"])


def _head() -> Iterator[str]:
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield '<graphml xmlns="http://graphml.graphdrawing.org/xmlns">'
    for name, target, kind in _KEYS:
        yield f'<key id="{name}" for="{target}" attr.name="{name}" attr.type="{kind}"/>'
    yield '<graph edgedefault="undirected">'


def _lines(whole: Whole, g: Grouping[Any]) -> Iterator[str]:
    group = str(whole.group.id)
    yield _node(group, g.key, group, _data("members", whole.group.members))
    joining = {(one.kind, one.value) for one in whole.common if one.weight > 0}
    for kind, value in sorted(joining):
        yield _node(_feature(kind, value), kind, value)
    for one in whole.members:
        subject = str(one.subject)
        yield _node(subject, g.subject, subject)
        yield _edge(subject, group, one.weight, _data("because", reasons(one.because)))
        for kind, value, bits in one.because:
            if (kind, value) in joining:
                yield _edge(subject, _feature(kind, value), bits)


def _feature(kind: str, value: str) -> str:
    """Return the id of a feature's node, which attackers cannot make that of another."""
    return f"{kind}:{digest(value)}"


def _node(name: str, kind: str, label: str, more: str = "") -> str:
    return f"<node id={quoteattr(name)}>{_data('kind', kind)}{_data('label', label)}{more}</node>"


def _edge(source: str, target: str, bits: float, more: str = "") -> str:
    return f"<edge source={quoteattr(source)} target={quoteattr(target)}>{_data('bits', bits)}{more}</edge>"


def _data(key: str, value: object) -> str:
    text = str(value)
    return f'<data key="{key}">{escape(for_terminal(text, len(text)))}</data>'
