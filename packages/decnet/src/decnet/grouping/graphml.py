# SPDX-License-Identifier: MIT
"""Groups as a graph for Gephi, yEd or NetworkX: GraphML 1.1 (graphml.graphdrawing.org)."""

from collections.abc import Iterable, Iterator
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from decnet.grouping.page import reasons
from decnet_core.text import for_terminal
from decnet_models.grouping.values import Group, Member

_KEYS = (
    ("kind", "node", "string"),
    ("members", "node", "int"),
    ("bits", "edge", "double"),
    ("because", "edge", "string"),
)


def graphml(groups: Iterable[tuple[Group, Iterable[Member[Any]]]], noun: str) -> str:
    """Return a graph of groups and their members, an edge from each member to its group."""
    return "\n".join(_lines(groups, noun))


def _lines(groups: Iterable[tuple[Group, Iterable[Member[Any]]]], noun: str) -> Iterator[str]:
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield '<graphml xmlns="http://graphml.graphdrawing.org/xmlns">'
    for name, target, kind in _KEYS:
        yield f'<key id="{name}" for="{target}" attr.name="{name}" attr.type="{kind}"/>'
    yield '<graph edgedefault="undirected">'
    for group, members in groups:
        yield f'<node id="{group.id}">{_data("kind", "group")}{_data("members", group.members)}</node>'
        for one in members:
            subject = quoteattr(str(one.subject))
            yield f"<node id={subject}>{_data('kind', noun)}</node>"
            text = f"{_data('bits', one.weight)}{_data('because', reasons(one.because))}"
            yield f'<edge source={subject} target="{group.id}">{text}</edge>'
    yield "</graph>\n</graphml>"


def _data(key: str, value: object) -> str:
    text = str(value)
    return f'<data key="{key}">{escape(for_terminal(text, len(text)))}</data>'
