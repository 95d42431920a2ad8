# SPDX-License-Identifier: MIT
"""What docs/rules.md shows and lists is what there is."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from decnet_core.events.catalogue import CommandRun
from decnet_workers.ttp.library import SHIPPED, Library
from decnet_workers.ttp.sigma.modifiers import MODIFIERS

PAGE = (Path(__file__).parents[3] / "docs" / "rules.md").read_text(encoding="utf-8")


def test_the_example_is_a_rule_that_does_what_it_says(
    library_of: Callable[[str], Library], stored: Callable[..., object]
) -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    library = library_of(example)
    assert library.refused == ()
    for command, hits in (("cat passwords-2026.xlsx", 1), ("ls -l Passwords-2026.xlsx", 0)):
        event = stored(1, CommandRun(service="ssh", command=command)).event  # type: ignore[attr-defined]  # StoredEvent
        assert len(library.matching(event)) == hits


def test_the_page_names_every_modifier_and_the_number_of_rules() -> None:
    (listed,) = re.findall(r"- Modifiers: (.*?)\. ", PAGE, re.DOTALL)
    assert set(re.findall(r"`(\w+)`", listed)) == set(MODIFIERS)
    assert f"{len(list(SHIPPED.glob('*.yml')))} files" in PAGE
