# SPDX-License-Identifier: MIT
"""A position in a file: what cannot be understood is the beginning, and a full disk does not stop one from moving."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from decnet_core.spool import positions
from decnet_core.spool.positions import START, Position, acknowledged_positions, read_position, write_position


def refusing(code: int) -> object:
    def refuse(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    return refuse


def test_the_beginning_is_before_every_byte_of_every_segment() -> None:
    assert Position(0, 0) == START < Position(0, 1) < Position(1, 0) < Position(1, 7) < Position(2, 3)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b'{"segment":"\xff"}', b'{"segment":1}', b"[1,2]", b"null"])
def test_a_file_that_cannot_be_understood_is_the_beginning(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "position").write_bytes(content)
    assert read_position(tmp_path / "position") == START


def test_a_file_that_is_not_there_is_the_beginning(tmp_path: Path) -> None:
    assert read_position(tmp_path / "none") == START
    assert acknowledged_positions(tmp_path) == []


def test_every_readers_position_counts_and_nothing_else_in_their_directory(tmp_path: Path) -> None:
    (tmp_path / "readers").mkdir()
    write_position(tmp_path / "readers" / "a.json", Position(1, 2))
    write_position(tmp_path / "readers" / "b.json", Position(3, 4))
    (tmp_path / "readers" / "a.json.tmp").write_bytes(b"{}")
    assert sorted(acknowledged_positions(tmp_path)) == [Position(1, 2), Position(3, 4)]


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_on_a_full_disk_the_file_is_written_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    file = tmp_path / "position"
    write_position(file, Position(123, 456_789))
    inode, size = file.stat().st_ino, file.stat().st_size
    monkeypatch.setattr(positions, "replace_file", refusing(code))
    before = len(os.listdir("/proc/self/fd"))
    write_position(file, Position(9, 9))
    assert read_position(file) == Position(9, 9)
    assert (file.stat().st_ino, file.stat().st_size) == (inode, size)
    assert len(os.listdir("/proc/self/fd")) == before


def test_any_other_error_is_the_callers_and_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "position"
    write_position(file, Position(1, 2))
    monkeypatch.setattr(positions, "replace_file", refusing(errno.EIO))
    with pytest.raises(OSError, match="Input/output"):
        write_position(file, Position(9, 9))
    assert read_position(file) == Position(1, 2)
