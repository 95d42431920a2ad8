# SPDX-License-Identifier: MIT
from __future__ import annotations

import os
from pathlib import Path

import pytest

from decnet_workers.ttp.library import SHIPPED
from decnet_workers.ttp.reader import ReaderError
from decnet_workers.ttp.settings import TtpSettings
from decnet_workers.ttp.watch import Watched

GOOD = (SHIPPED / "file_deletion.yml").read_text()


def watched(folder: Path) -> Watched:
    made = Watched(TtpSettings(rules_dir=str(folder), shipped_rules=False))
    made.read()
    return made


def test_a_new_a_changed_and_a_removed_file_are_seen(tmp_path: Path) -> None:
    rules = watched(tmp_path)
    assert len(rules.library) == 0
    (tmp_path / "one.yml").write_text(GOOD)
    rules.read_if_changed()
    assert len(rules.library) == 1
    (tmp_path / "one.yml").write_text(GOOD.replace("session.command", "session.comand"))
    rules.read_if_changed()
    assert rules.counters() == {"rules": 0, "rules_refused": 1, "rules_read": 3, "rules_read_failures": 0}
    (tmp_path / "one.yml").unlink()
    rules.read_if_changed()
    assert rules.counters() == {"rules": 0, "rules_refused": 0, "rules_read": 4, "rules_read_failures": 0}


def test_nothing_is_read_again_while_nothing_changes(tmp_path: Path) -> None:
    (tmp_path / "one.yml").write_text(GOOD)
    rules = watched(tmp_path)
    library = rules.library
    rules.read_if_changed()
    assert rules.library is library
    assert rules.reloads == 1


def test_a_change_of_the_same_size_is_seen_by_its_time(tmp_path: Path) -> None:
    file = tmp_path / "one.yml"
    file.write_text(GOOD)
    rules = watched(tmp_path)
    file.write_text(GOOD.replace("Files deleted", "Files DELETED"))
    os.utime(file, ns=(1, 1))
    rules.read_if_changed()
    (rule,) = rules.library.rules.values()
    assert rule.about.title == "Files DELETED"


def test_refusals_are_logged_with_file_and_line(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "one.yml").write_text(GOOD.replace("session.command", "session.comand"))
    watched(tmp_path)
    assert f"{tmp_path / 'one.yml'}:14: there is no kind of event 'session.comand'" in caplog.text


def test_when_reading_fails_as_a_whole_the_rules_in_hand_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "one.yml").write_text(GOOD)
    rules = watched(tmp_path)
    monkeypatch.setattr("sys.executable", "/nonexistent/python")
    (tmp_path / "two.yml").write_text(GOOD)
    rules.read_if_changed()
    assert len(rules.library) == 1
    assert rules.counters()["rules_read_failures"] == 1
    monkeypatch.undo()
    rules.read_if_changed()
    assert rules.counters()["rules_refused"] == 1, "the second rule of one id"


def test_rules_are_read_once_for_the_first_event(monkeypatch: pytest.MonkeyPatch) -> None:
    rules = Watched(TtpSettings())
    with monkeypatch.context() as broken:
        broken.setattr("sys.executable", "/nonexistent/python")
        with pytest.raises(ReaderError):
            rules.read_at_first()
    rules.read_at_first()
    assert len(rules.library) > 50
    rules.read_at_first()
    assert rules.counters()["rules_read"] == 1
