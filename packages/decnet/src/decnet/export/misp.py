# SPDX-License-Identifier: MIT
"""A MISP event (core format 2.4): addresses, hashes and URLs as attributes, techniques as tags of its ATT&CK galaxy."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from decnet.export.identifiers import ours, rfc3339, seconds
from decnet.export.scope import AttackerFindings, Scope
from decnet_workers.ttp.attack import technique

_THREAT_MEDIUM, _ANALYSIS_COMPLETE, _ORGANISATION_ONLY, _INHERIT = "2", "2", "0", "5"


def event(scope: Scope, found: Iterable[AttackerFindings]) -> Iterator[str]:
    """Yield the text of an event, attribute by attribute; its tags and its date come last."""
    head = {
        "uuid": str(ours("misp", scope.kind, scope.name, str(scope.window.since), str(scope.window.until))),
        "info": f"DECNET: {scope.kind} {scope.name}",
        "threat_level_id": _THREAT_MEDIUM,
        "analysis": _ANALYSIS_COMPLETE,
        "distribution": _ORGANISATION_ONLY,
        "published": False,
    }
    yield '{"Event":' + json.dumps(head, separators=(",", ":"))[:-1] + ',"Attribute":['
    tags: dict[str, None] = {}
    first, last, comma = 2**63 - 1, 0, ""
    for attacker in found:
        first, last = min(first, attacker.first_seen), max(last, attacker.last_seen)
        tags |= dict.fromkeys(_tag(use.technique) for use in attacker.uses)
        for attribute in _attributes(scope, attacker):
            yield comma + json.dumps(attribute, separators=(",", ":"))
            comma = ",\n"
    names = json.dumps([{"name": name} for name in tags], separators=(",", ":"))
    yield f'],"Tag":{names},"date":"{rfc3339(first)[:10]}","timestamp":"{seconds(last)}"}}}}\n'


def _attributes(scope: Scope, attacker: AttackerFindings) -> Iterator[dict[str, Any]]:
    numbers = ", ".join(use.technique for use in attacker.uses)
    seen = attacker.first_seen, attacker.last_seen
    yield _attribute(scope, ("Network activity", "ip-src"), attacker.address, f"techniques: {numbers}", seen)
    comment = f"from {attacker.address}"
    for file in {one.sha256: one for one in reversed(attacker.files)}.values():
        yield _attribute(scope, ("Payload delivery", "sha256"), file.sha256, comment, (file.ts, file.ts))
    for file in {one.url: one for one in reversed(attacker.files)}.values():
        if file.url:
            yield _attribute(scope, ("Payload delivery", "url"), file.url, comment, (file.ts, file.ts))


def _attribute(scope: Scope, what: tuple[str, str], value: str, comment: str, seen: tuple[int, int]) -> dict[str, Any]:
    category, kind = what
    return {
        "uuid": str(ours("misp", scope.kind, scope.name, kind, value, comment)),
        "category": category,
        "type": kind,
        "value": value,
        "to_ids": True,
        "comment": comment,
        "distribution": _INHERIT,
        "timestamp": seconds(seen[1]),
        "first_seen": rfc3339(seen[0]),
        "last_seen": rfc3339(seen[1]),
    }


def _tag(number: str) -> str:
    known = technique(number)
    name = known.name.rpartition(": ")[2] if known else number
    return f'misp-galaxy:mitre-attack-pattern="{name} - {number}"'
