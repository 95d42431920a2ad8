# SPDX-License-Identifier: MIT
"""Modules are left out of the collection only where `-m` chooses nothing of them."""

from __future__ import annotations

import functools
import tomllib
from pathlib import Path

import pytest

from tests.collected import COLLECTED
from tests.wanted_modules import UNWRITTEN, can_choose

ROOT = Path(__file__).parents[1]
ORDINARY = "not torture and not fault and not scale"
SLOW = "import pytest\n\n@pytest.mark.fault\ndef test_a(): ..."
PROPERTY = "from hypothesis import given\n\n@given()\ndef test_a(): ..."


@pytest.mark.parametrize(
    ("expression", "texts"),
    [
        ("", {SLOW, PROPERTY, ""}),
        (ORDINARY, {SLOW, PROPERTY, ""}),
        ("fault and not torture", {SLOW}),
        (f"scale or (hypothesis and {ORDINARY})", {PROPERTY}),
        ("postgresql", {SLOW, PROPERTY, ""}),
        ("torture", set()),
    ],
)
def test_a_module_is_collected_if_any_of_its_tests_may_be_chosen(expression: str, texts: set[str]) -> None:
    assert {text for text in (SLOW, PROPERTY, "") if not expression or can_choose(expression, text)} == texts


def test_every_marker_of_a_test_stands_in_its_module(request: pytest.FixtureRequest) -> None:
    ours = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["pytest"]["ini_options"]["markers"]
    chosen = {"hypothesis", *(line.partition(":")[0] for line in ours)} - UNWRITTEN
    text = functools.cache(Path.read_text)
    unnamed = {
        (item.path.name, mark.name)
        for item in request.config.stash[COLLECTED]
        for mark in item.iter_markers()
        if mark.name in chosen and mark.name not in text(item.path)
    }
    assert unnamed == set()
