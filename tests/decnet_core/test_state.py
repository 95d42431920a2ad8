# SPDX-License-Identifier: MIT
from __future__ import annotations

from pathlib import Path

import pytest

from decnet_core.state import State, StateError, StateSettings


def test_the_directories_are_made_for_owner_and_group_only(tmp_path: Path) -> None:
    state = State.of(StateSettings(dir=str(tmp_path / "fleet")))
    state.create()
    for directory in (state.run, state.spool, state.artifacts, state.keys):
        assert directory.stat().st_mode & 0o007 == 0


def test_an_unusable_directory_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StateError, match="choose another with --state"):
        State(tmp_path / "file" / "fleet").create()


def test_the_default_follows_the_xdg_specification(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert State.of(StateSettings()).root == tmp_path / "decnet"
