# SPDX-License-Identifier: MIT
from __future__ import annotations

import errno
from collections.abc import Iterator
from pathlib import Path

import pytest

from decnet_core.inotify import CREATE, DELETE_SELF, IGNORED, IS_DIRECTORY, MODIFY, Inotify, InotifyEvent


@pytest.fixture
def inotify() -> Iterator[Inotify]:
    made = Inotify()
    yield made
    made.close()


def test_changes_are_told_once_each_in_order_with_their_names(inotify: Inotify, tmp_path: Path) -> None:
    watch = inotify.watch(tmp_path, CREATE | MODIFY)
    assert list(inotify.read()) == []
    (tmp_path / "made").mkdir()
    (tmp_path / "written").write_text("x")
    created, also, *modified = inotify.read()
    assert (created, also) == (
        InotifyEvent(watch, CREATE | IS_DIRECTORY, b"made"),
        InotifyEvent(watch, CREATE, b"written"),
    )
    assert set(modified) == {InotifyEvent(watch, MODIFY, b"written")}
    assert list(inotify.read()) == []


def test_a_watched_file_that_is_removed_is_watched_no_more(inotify: Inotify, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    watch = inotify.watch(tmp_path / "file", DELETE_SELF)
    (tmp_path / "file").unlink()
    assert list(inotify.read()) == [InotifyEvent(watch, DELETE_SELF, b""), InotifyEvent(watch, IGNORED, b"")]
    inotify.forget(watch)  # known already


def test_what_is_forgotten_is_not_told(inotify: Inotify, tmp_path: Path) -> None:
    watch = inotify.watch(tmp_path, CREATE)
    inotify.forget(watch)
    (tmp_path / "made").mkdir()
    assert list(inotify.read()) == [InotifyEvent(watch, IGNORED, b"")]


def test_what_cannot_be_watched_raises(inotify: Inotify, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as refusal:
        inotify.watch(tmp_path / "none", MODIFY)
    assert refusal.value.errno == errno.ENOENT
