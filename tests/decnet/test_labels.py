# SPDX-License-Identifier: MIT
"""Labels: words of any language in which everything is seen."""

from __future__ import annotations

import pytest
from tests.decnet.command_result import Run

from decnet.cli.errors import WrongUsageError
from decnet.cli.labels import LONGEST, label
from decnet.fleet.deployment import Deployment

UNSEEN = [
    "a\u202egpj.exe", "a\u2066b", "a\u200bb", "a\x1b[2Jb", "a\nb", "a\u2028b", "\ufeffa", "a\x00b", "a\udcff", "a\uffff"
]  # fmt: skip


@pytest.mark.parametrize("text", UNSEEN)
def test_what_is_not_seen_is_refused_by_its_name(text: str) -> None:
    with pytest.raises(WrongUsageError, match=r"visible characters only, not U\+[0-9A-F]{4}"):
        label(text, "label")


def test_one_way_of_writing_an_accented_letter_is_kept() -> None:
    assert label(" cafe\u0301 ", "label") == label("café", "label") == "café"


def test_a_label_has_a_length() -> None:
    assert label("é" * LONGEST, "label")
    with pytest.raises(WrongUsageError, match="at most 255"):
        label("a" * (LONGEST + 1), "label")


@pytest.mark.parametrize(
    "words",
    [("known", "add", "192.0.2.7", "--label"), ("canary", "new")],
)
def test_commands_refuse_an_unseen_character(run: Run, deployment: Deployment, words: tuple[str, ...]) -> None:
    said = run(*words, "a\u202egpj.exe")
    assert (said.code, "U+202E RIGHT-TO-LEFT OVERRIDE" in said.err) == (2, True)
