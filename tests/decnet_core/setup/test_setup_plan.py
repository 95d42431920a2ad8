# SPDX-License-Identifier: MIT
"""Whose text a file is decides what may happen to it."""

from __future__ import annotations

import pytest

from decnet_core.setup.plan import Action, changes, digest, removals


def action(before: str | None, wrote: str | None, want: str, *, operators: tuple[str, ...] = ()) -> Action:
    present = {} if before is None else {"/f": before}
    written = {} if wrote is None else {"/f": digest(wrote)}
    (change,) = changes({"/f": want}, present, written, operators=operators)
    return change.action


@pytest.mark.parametrize(
    ("before", "wrote", "want", "expected"),
    [
        (None, None, "new", Action.CREATE),
        (None, "old", "new", Action.CREATE),
        ("new", None, "new", Action.UNCHANGED),
        ("new", "new", "new", Action.UNCHANGED),
        ("old", "old", "new", Action.UPDATE),
        ("mine", "new", "new", Action.KEEP),
        ("mine", "old", "new", Action.CONFLICT),
        ("mine", None, "new", Action.CONFLICT),
    ],
)
def test_a_file_that_somebody_changed_is_theirs(
    before: str | None, wrote: str | None, want: str, expected: str
) -> None:
    assert action(before, wrote, want) is expected


@pytest.mark.parametrize("wrote", [None, "old", "new"])
def test_settings_are_the_operators_from_the_start(wrote: str | None) -> None:
    assert action("mine", wrote, "new", operators=("/f",)) is Action.KEEP


def test_settings_that_nobody_touched_follow_the_version() -> None:
    assert action("old", "old", "new", operators=("/f",)) is Action.UPDATE


def test_what_is_no_longer_wanted_goes_unless_somebody_changed_it() -> None:
    found = changes({}, {"/a": "ours", "/b": "theirs"}, {"/a": digest("ours"), "/b": digest("ours")})
    assert [(change.path, change.action) for change in found] == [("/a", Action.REMOVE), ("/b", Action.CONFLICT)]


def test_removing_concerns_only_what_was_written() -> None:
    found = removals({"/a": "ours", "/b": "theirs"}, {"/a": digest("ours"), "/gone": digest("x")})
    assert [(change.path, change.action) for change in found] == [("/a", Action.REMOVE), ("/gone", Action.UNCHANGED)]


def test_nothing_is_shown_of_what_the_operator_wrote_into_a_file_that_may_hold_secrets() -> None:
    ours, theirs = "#password = x\n", "password = hunter2\n"
    for found in (
        changes({"/f": "#new\n"}, {"/f": theirs}, {"/f": digest(ours)}, operators=("/f",)),
        changes({}, {"/f": theirs}, {"/f": digest(ours)}, operators=("/f",)),
        removals({"/f": theirs}, {"/f": digest(ours)}, operators=("/f",)),
    ):
        assert [change.action in (Action.KEEP, Action.CONFLICT) for change in found] == [True]
        assert "hunter2" not in found[0].diff


def test_the_diff_shows_what_would_be_lost() -> None:
    (change,) = changes({"/f": "a\nb\n"}, {"/f": "a\nmine\n"}, {})
    assert change.diff == "--- /f\n+++ /f\n@@ -1,2 +1,2 @@\n a\n-mine\n+b\n"
