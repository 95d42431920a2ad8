# SPDX-License-Identifier: MIT
"""The page of the rules that ttp comes with, by tactic."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from decnet_workers.ttp.attack import TACTICS, technique
from decnet_workers.ttp.library import SHIPPED
from decnet_workers.ttp.sigma.document import documents


def rules() -> Iterator[str]:
    """Every shipped rule below the tactic that its tags name first."""
    yield "# Rules\n\nThe rules of `ttp`. [Write a rule](../howto/write-a-rule.md) shows how to add one.\n"
    by_tactic: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for file in sorted(SHIPPED.glob("*.yml")):
        for document in documents(file.read_text(encoding="utf-8")):
            rule = {**document.plain, "file": file.name}
            if rule.get("tags"):  # else it is only counted
                by_tactic[_tactic(rule["tags"])].append(rule)
    for tactic, name in TACTICS.items():
        if by_tactic[tactic]:
            yield f"\n## {name}\n"
            for rule in sorted(by_tactic[tactic], key=lambda one: str(one["title"])):
                yield from _rule(rule)


def _rule(rule: dict[str, Any]) -> Iterator[str]:
    numbers = [tag.partition(".")[2].upper() for tag in rule["tags"] if tag.startswith("attack.t") and tag[8].isdigit()]
    names = [f"{number} {known.name}" for number in numbers if (known := technique(number))]
    yield f"### {rule['title']}\n\n{rule['description'].strip()}\n"
    yield f"- {', '.join(names)}"
    yield f"- level {rule['level']}, on {_source(rule)}, `{rule['file']}`, id `{rule['id']}`"
    yield f"- false positives: {'; '.join(one[0].lower() + one[1:] for one in rule['falsepositives'])}\n"


def _source(rule: dict[str, Any]) -> str:
    if "correlation" in rule:
        counted = rule["correlation"]
        return f"{counted['type']} of {', '.join(counted['rules'])} within {counted['timespan']}"
    category = rule["logsource"]["category"]
    return ", ".join(f"`{kind}`" for kind in (category if isinstance(category, list) else [category]))


def _tactic(tags: list[str]) -> str:
    return next(tag.partition(".")[2] for tag in tags if tag.partition(".")[2] in TACTICS)
