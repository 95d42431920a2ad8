# SPDX-License-Identifier: MIT
"""The documents of `docs/howto/deploy-a-fleet.md` are what the page says."""

from __future__ import annotations

import re
from pathlib import Path

from decnet.deckies.documents.document import read
from decnet_decoys.personas.catalog import names, parsed
from decnet_decoys.personas.siblings import Identity, sibling

PAGE = Path(__file__).parents[3] / "docs" / "howto" / "deploy-a-fleet.md"
FLEET, PERSONA = re.findall(r"```toml\n(.*?)```", PAGE.read_text(), re.DOTALL)


def test_the_fleet_of_the_page_has_the_deckies_that_it_names() -> None:
    made = {one.name: one for one in read(FLEET, "fleet.toml")}
    assert len(made) == 26
    assert made["shop-20"].addresses == ("10.20.0.69",)
    assert made["printer-05"].addresses == ("10.20.0.84",)
    assert {one.persona for one in made.values()} <= set(names())


def test_the_persona_of_the_page_can_be_played() -> None:
    who = sibling(parsed("label-printer", PERSONA), Identity("labels-1", "10.20.0.9", seed=7))
    assert "labels-1 (10.20.0.9)" in who.services["http"].pages["/"].body
