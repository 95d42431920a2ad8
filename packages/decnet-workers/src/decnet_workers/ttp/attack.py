# SPDX-License-Identifier: MIT
"""ATT&CK's techniques and tactics, from a compact table of the official enterprise bundle (`attack.tsv`, version 18.1).

The bundle itself is 50 MB and takes 264 MB of memory; the table is 56 KB of text, parsed when first asked
(`tools/attack_table.py` in this distribution's sources writes it).
"""

from functools import cache
from pathlib import Path

import msgspec

_FILE = Path(__file__).parent / "attack.tsv"

TACTICS: dict[str, str] = {
    "reconnaissance": "Reconnaissance",
    "resource-development": "Resource Development",
    "initial-access": "Initial Access",
    "execution": "Execution",
    "persistence": "Persistence",
    "privilege-escalation": "Privilege Escalation",
    "defense-evasion": "Defense Evasion",
    "credential-access": "Credential Access",
    "discovery": "Discovery",
    "lateral-movement": "Lateral Movement",
    "collection": "Collection",
    "command-and-control": "Command and Control",
    "exfiltration": "Exfiltration",
    "impact": "Impact",
}
"""Short name to name, in the order of the matrix."""


class Technique(msgspec.Struct, frozen=True):
    """A technique or sub-technique; a sub-technique's name begins with its parent's."""

    id: str
    name: str
    tactics: tuple[str, ...]


def technique(number: str) -> Technique | None:
    """Return technique `number` (`T1110.001`), None when ATT&CK does not have it (any more)."""
    row = _table().get(number)
    return None if row is None or row[2] else Technique(number, row[0], tuple(row[1].split(",")))


def fate(number: str) -> str | None:
    """Return what replaced a removed technique: its successor's id, `revoked` or `deprecated`."""
    row = _table().get(number)
    return row[2] or None if row else None


def technique_ids() -> list[str]:
    return [number for number, row in _table().items() if not row[2]]


@cache
def _table() -> dict[str, tuple[str, str, str]]:
    text = _FILE.read_text(encoding="utf-8")
    rows = (line.split("\t") for line in text.splitlines() if line and not line.startswith("#"))
    return {number: (name, tactics, became) for number, name, tactics, became in rows}
