# SPDX-License-Identifier: MIT
"""The layer for the ATT&CK Navigator, read strictly by what its layer format 4.5 defines (LAYERFORMATv4_5.md)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
import pytest
from msgspec import Meta
from tests.decnet.command_result import Run
from tests.decnet.export.found import Found

Color = Annotated[str, Meta(pattern=r"^#[0-9a-fA-F]{6}([0-9a-fA-F]{2})?$")]


def in_layer(name: str) -> str:
    """Return a field's name as the format spells it."""
    first, *rest = name.split("_")
    return first + "".join(word.upper() if word in ("id", "url") else word.title() for word in rest)


class Strict(msgspec.Struct, forbid_unknown_fields=True, rename=in_layer):
    """What the format does not define is refused."""


class Versions(Strict):
    layer: Literal["4.5"]
    attack: Annotated[str, Meta(pattern=r"^\d+(\.\d+)?$")]
    navigator: Annotated[str, Meta(pattern=r"^5(\.\d+)*$")]


class Technique(Strict):
    technique_id: Annotated[str, Meta(pattern=r"^T\d{4}(\.\d{3})?$")]
    tactic: str = ""
    comment: str = ""
    score: float | None = None
    color: Color | Literal[""] = ""
    enabled: bool = True
    metadata: list[dict[str, Any]] = []
    links: list[dict[str, Any]] = []
    show_subtechniques: bool = False


class Gradient(Strict):
    colors: Annotated[list[Color], Meta(min_length=2)]
    min_value: float
    max_value: float


class Layer(Strict):
    name: Annotated[str, Meta(min_length=1)]
    versions: Versions
    domain: Literal["enterprise-attack", "mobile-attack", "ics-attack"]
    description: str = ""
    custom_data_url: str = ""
    filters: dict[str, list[str]] = {}
    sorting: Annotated[int, Meta(ge=0, le=3)] = 0
    layout: dict[str, Any] = {}
    hide_disabled: bool = False
    techniques: list[Technique] = []
    gradient: Gradient | None = None
    legend_items: list[dict[str, Any]] = []
    show_tactic_row_background: bool = False
    tactic_row_background: Color = "#dddddd"
    select_techniques_across_tactics: bool = True
    select_subtechniques_with_parent: bool = True
    select_visible_techniques: bool = False
    metadata: list[dict[str, Any]] = []
    links: list[dict[str, Any]] = []


@pytest.mark.parametrize("of", [(), ("--attacker", "192.0.2.1")], ids=["all", "attacker"])
def test_a_layer_has_what_its_format_asks_and_nothing_that_it_does_not_define(
    run: Run, found: Found, of: tuple[str, ...]
) -> None:
    layer = msgspec.json.decode(run("export", "--format", "navigator", *of).out, type=Layer)
    assert layer.techniques
    assert layer.gradient is not None
    assert layer.gradient.min_value <= layer.gradient.max_value
    assert len({(one.technique_id, one.tactic) for one in layer.techniques}) == len(layer.techniques)
