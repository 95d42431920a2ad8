# SPDX-License-Identifier: MIT
"""A layer for the ATT&CK Navigator (layer format 4.5): each technique with the number of attackers, or of findings."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator

from decnet.export.scope import AttackerFindings, Scope
from decnet_workers.ttp.attack import TACTICS, technique

VERSIONS = {"attack": "18", "navigator": "5.1.0", "layer": "4.5"}


def layer(scope: Scope, found: Iterable[AttackerFindings]) -> Iterator[str]:
    """Yield the text of a layer. The score is the number of attackers; of a single attacker that of findings."""
    attackers: defaultdict[str, int] = defaultdict(int)
    tags: defaultdict[str, int] = defaultdict(int)
    for one in found:
        for use in one.uses:
            attackers[use.technique] += 1
            tags[use.technique] += use.tags
    scores = tags if scope.kind == "attacker" else attackers
    document = {
        "name": f"DECNET: {scope.kind} {scope.name}",
        "versions": VERSIONS,
        "domain": "enterprise-attack",
        "description": f"Score: number of {'findings' if scores is tags else 'attackers'}.",
        "sorting": 3,
        "hideDisabled": False,
        "techniques": [
            {
                "techniqueID": number,
                "score": scores[number],
                "comment": f"{tags[number]} findings, {attackers[number]} attackers",
                "enabled": True,
                "showSubtechniques": True,
            }
            for number in sorted(scores)
            if _in_matrix(number)
        ],
        "gradient": {
            "colors": ["#fff7b3", "#ff6666"],
            "minValue": 0,
            "maxValue": max(scores.values(), default=1),
        },
    }
    yield json.dumps(document, indent=1) + "\n"


def _in_matrix(number: str) -> bool:
    known = technique(number)
    return known is not None and any(tactic in TACTICS for tactic in known.tactics)
