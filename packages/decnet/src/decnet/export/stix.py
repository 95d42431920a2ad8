# SPDX-License-Identifier: MIT
"""STIX 2.1: one bundle of indicators, observed addresses and files, sightings and ATT&CK techniques."""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from decnet.export.identifiers import observable, ours, rfc3339
from decnet.export.scope import AttackerFindings, Scope
from decnet_models.artifacts.queries import Sighting
from decnet_models.ttp.queries import TechniqueUse
from decnet_workers.ttp.attack import technique

Object = dict[str, Any]

_SPEC = "2.1"
_EPOCH = "2026-01-01T00:00:00.000Z"
"""When our own identity was made, for all fleets."""
_URL = re.compile(r"[a-z][a-z0-9+.-]{1,15}://[!#-;=?-Z\[\]_a-z~%]+")
"""What of an attacker's text is a URL by RFC 3986; other text cannot be such an object."""
_ATTACK_URL = "https://attack.mitre.org/techniques/"


def bundle(scope: Scope, found: Iterable[AttackerFindings]) -> Iterator[str]:
    """Yield the text of a bundle, object by object."""
    yield f'{{"type":"bundle","id":"bundle--{ours("bundle", scope.kind, scope.name, *_span(scope))}","objects":['
    comma = ""
    for one in _objects(scope, found):
        yield comma + json.dumps(one, separators=(",", ":"))
        comma = ",\n"
    yield "]}\n"


def _objects(scope: Scope, found: Iterable[AttackerFindings]) -> Iterator[Object]:
    author = _author()
    yield author
    group: Object | None = None
    told: set[str] = set()
    for attacker in found:
        if group is None and scope.kind in ("identity", "campaign"):
            group = _group(scope, attacker, author["id"])
            yield group
        for one in _of_attacker(attacker, group, author["id"]):
            if one["id"] not in told:
                yield one
            if one["type"] in ("attack-pattern", "file", "url"):  # what several attackers have in common
                told.add(one["id"])


def _of_attacker(attacker: AttackerFindings, group: Object | None, author: str) -> Iterator[Object]:
    address = _address(attacker.address)
    indicator = _indicator(attacker, address, author)
    yield address
    yield indicator
    if group is not None:
        yield _relationship(indicator, "indicates", group, (attacker.first_seen, attacker.last_seen))
    for use in attacker.uses:
        yield from _use(use, indicator, address, author)
    for sighting in attacker.files:
        yield from _file(sighting, indicator, author)


def _use(use: TechniqueUse, indicator: Object, address: Object, author: str) -> Iterator[Object]:
    pattern = _attack_pattern(use.technique, author)
    observed = _observed(use, address, author)
    yield pattern
    yield observed
    yield _relationship(indicator, "indicates", pattern, (use.first_seen, use.last_seen))
    yield {
        **_head("sighting", author, use.first_seen, use.last_seen, use.attacker, use.technique),
        "first_seen": rfc3339(use.first_seen),
        "last_seen": rfc3339(use.last_seen),
        "count": use.tags,
        "sighting_of_ref": pattern["id"],
        "observed_data_refs": [observed["id"]],
        "where_sighted_refs": [author],
    }


def _author() -> Object:
    return {
        "type": "identity",
        "spec_version": _SPEC,
        "id": f"identity--{ours('identity', 'DECNET')}",
        "created": _EPOCH,
        "modified": _EPOCH,
        "name": "DECNET",
        "identity_class": "system",
    }


def _head(kind: str, author: str, first: int, last: int, *name: str) -> Object:
    return {
        "type": kind,
        "spec_version": _SPEC,
        "id": f"{kind}--{ours(kind, *name)}",
        "created_by_ref": author,
        "created": rfc3339(first),
        "modified": rfc3339(last),
    }


def _group(scope: Scope, first: AttackerFindings, author: str) -> Object:
    kind = "campaign" if scope.kind == "campaign" else "threat-actor"
    types = {"threat_actor_types": ["unknown"]} if kind == "threat-actor" else {}
    head = _head(kind, author, first.first_seen, first.first_seen, scope.name)
    description = f"The {scope.kind} to which a deception network assigned these addresses."
    return {**head, "name": f"DECNET {scope.kind} {scope.name}", "description": description, **types}


def _address(address: str) -> Object:
    kind = "ipv6-addr" if ":" in address else "ipv4-addr"
    return {"type": kind, "spec_version": _SPEC, "id": observable(kind, value=address), "value": address}


def _indicator(attacker: AttackerFindings, address: Object, author: str) -> Object:
    return {
        **_head("indicator", author, attacker.first_seen, attacker.last_seen, attacker.address),
        "name": f"Attacks from {attacker.address}",
        "description": "Techniques: " + ", ".join(use.technique for use in attacker.uses),
        "indicator_types": ["malicious-activity"],
        "pattern": f"[{address['type']}:value = '{attacker.address}']",
        "pattern_type": "stix",
        "valid_from": rfc3339(attacker.first_seen),
    }


def _attack_pattern(number: str, author: str) -> Object:
    known = technique(number)
    phases = [{"kill_chain_name": "mitre-attack", "phase_name": tactic} for tactic in known.tactics] if known else []
    url = _ATTACK_URL + number.replace(".", "/") + "/"
    return {
        "type": "attack-pattern",
        "spec_version": _SPEC,
        "id": f"attack-pattern--{ours('attack-pattern', number)}",
        "created_by_ref": author,
        "created": _EPOCH,
        "modified": _EPOCH,
        "name": known.name if known else number,
        **({"kill_chain_phases": phases} if phases else {}),
        "external_references": [{"source_name": "mitre-attack", "external_id": number, "url": url}],
    }


def _observed(use: TechniqueUse, address: Object, author: str) -> Object:
    return {
        **_head("observed-data", author, use.first_seen, use.last_seen, use.attacker, use.technique),
        "first_observed": rfc3339(use.first_seen),
        "last_observed": rfc3339(use.last_seen),
        "number_observed": min(use.tags, 999_999_999),
        "object_refs": [address["id"]],
    }


def _file(sighting: Sighting, indicator: Object, author: str) -> Iterator[Object]:
    hashes = {"SHA-256": sighting.sha256}
    file = {"type": "file", "spec_version": _SPEC, "id": observable("file", hashes=hashes), "hashes": hashes}
    yield file
    refs = [file["id"]]
    url = sighting.url if sighting.url and _URL.fullmatch(sighting.url) else ""
    if url:
        refs.append(observable("url", value=url))
        yield {"type": "url", "spec_version": _SPEC, "id": refs[-1], "value": url}
    observed = {
        **_head("observed-data", author, sighting.ts, sighting.ts, indicator["id"], sighting.sha256, url),
        "first_observed": rfc3339(sighting.ts),
        "last_observed": rfc3339(sighting.ts),
        "number_observed": 1,
        "object_refs": refs,
    }
    yield observed
    yield _relationship(indicator, "based-on", observed, (sighting.ts, sighting.ts))


def _relationship(source: Object, kind: str, target: Object, seen: tuple[int, int]) -> Object:
    return {
        **_head("relationship", source["created_by_ref"], *seen, source["id"], kind, target["id"]),
        "relationship_type": kind,
        "source_ref": source["id"],
        "target_ref": target["id"],
    }


def _span(scope: Scope) -> tuple[str, str]:
    return str(scope.window.since), str(scope.window.until)
