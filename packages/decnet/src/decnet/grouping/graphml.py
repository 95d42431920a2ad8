# SPDX-License-Identifier: MIT
"""Groups as a graph for Gephi, yEd or NetworkX: GraphML 1.1 (graphml.graphdrawing.org)."""

from collections.abc import Iterable, Iterator
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from decnet.grouping.graph import Edge, Node, graph
from decnet.grouping.page import reasons
from decnet.grouping.whole import Whole
from decnet_core.text import for_terminal
from decnet_models.grouping.shape import Grouping

_KEYS = (
    ("kind", "node", "string"),
    ("label", "node", "string"),
    ("members", "node", "int"),
    ("bits", "edge", "double"),
    ("because", "edge", "string"),
)


def graphml(groups: Iterable[Whole], g: Grouping[Any]) -> str:
    """Return the graph of groups, their members, and the features that brought several of these together."""
    found = graph(groups, g)
    return "\n".join([*_head(), *map(_node, found.nodes), *map(_edge, found.edges), "</graph>\n</graphml>"])


def _head() -> Iterator[str]:
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield '<graphml xmlns="http://graphml.graphdrawing.org/xmlns">'
    for name, target, kind in _KEYS:
        yield f'<key id="{name}" for="{target}" attr.name="{name}" attr.type="{kind}"/>'
    yield '<graph edgedefault="undirected">'


def _node(node: Node) -> str:
    members = "" if node.members is None else _data("members", node.members)
    return f"<node id={quoteattr(node.id)}>{_data('kind', node.kind)}{_data('label', node.label)}{members}</node>"


def _edge(edge: Edge) -> str:
    why = "" if edge.because is None else _data("because", reasons(edge.because))
    ends = f"source={quoteattr(edge.source)} target={quoteattr(edge.target)}"
    return f"<edge {ends}>{_data('bits', edge.bits)}{why}</edge>"


def _data(key: str, value: object) -> str:
    text = str(value)
    return f'<data key="{key}">{escape(for_terminal(text, len(text)))}</data>'
