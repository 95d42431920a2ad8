# SPDX-License-Identifier: MIT
"""Identities as GraphML (graphml.graphdrawing.org): their attackers, and the features by which they belong there."""

from collections.abc import Iterable, Iterator
from xml.sax.saxutils import escape, quoteattr

from decnet.identities.documents import Explained
from decnet_core.text import for_terminal

_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns">
<key id="type" for="node" attr.name="type" attr.type="string"/>
<key id="label" for="node" attr.name="label" attr.type="string"/>
<key id="weight" for="edge" attr.name="weight" attr.type="double"/>
<graph edgedefault="undirected">"""
_TAIL = "</graph>\n</graphml>"


def graphml(identities: Iterable[Explained]) -> str:
    """Return a graph: identities, their members, and by which features these belong to them."""
    return "\n".join([_HEAD, *(line for one in identities for line in _lines(one)), _TAIL])


def _lines(one: Explained) -> Iterator[str]:
    identity = f"identity {one.identity.id}"
    yield _node(identity, "identity", str(one.identity.id))
    features: set[tuple[str, str]] = set()
    for member in one.members:
        attacker = f"attacker {member.subject}"
        yield _node(attacker, "attacker", member.subject)
        yield _edge(identity, attacker, member.weight)
        for kind, value, weight in member.because:
            if (kind, value) not in features:
                features.add((kind, value))
                yield _node(f"{one.identity.id} {kind} {value}", kind, value)
            yield _edge(attacker, f"{one.identity.id} {kind} {value}", weight)


def _node(name: str, kind: str, label: str) -> str:
    data = f'<data key="type">{_text(kind)}</data><data key="label">{_text(label)}</data>'
    return f"<node id={quoteattr(for_terminal(name))}>{data}</node>"


def _edge(source: str, target: str, weight: float) -> str:
    ends = f"source={quoteattr(for_terminal(source))} target={quoteattr(for_terminal(target))}"
    return f'<edge {ends}><data key="weight">{weight}</data></edge>'


def _text(text: str) -> str:
    return escape(for_terminal(text))
