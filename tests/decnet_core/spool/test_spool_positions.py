# SPDX-License-Identifier: MIT
"""Where acknowledgements lie, whose word counts, and how those of an earlier version are taken over."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import msgspec
import pytest

from decnet_core.spool import positions
from decnet_core.spool.positions import (
    READERS,
    START,
    Position,
    acknowledged_positions,
    acknowledgement,
    read_position,
    spool_names,
    write_position,
)
from decnet_core.spool.reader import SpoolReader

FAR = Position(999_999, 0)
NOBODY = 65534


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    """A spool among others, read by `ingest`, which is at (3, 5)."""
    directory = tmp_path / "spool" / "canary"
    directory.mkdir(parents=True)
    SpoolReader(directory, "ingest").acknowledge(Position(3, 5))
    return directory


def test_each_reader_has_a_directory_that_only_it_can_write_to(spool: Path) -> None:
    assert acknowledgement(spool, "ingest") == spool.parent / READERS / "ingest" / "canary.json"
    assert acknowledgement(spool, "ingest").parent.stat().st_mode & 0o777 == 0o750
    assert acknowledged_positions(spool) == [Position(3, 5)]
    assert not list(spool.iterdir())


def test_spools_are_the_directories_beside_that_of_the_readers(spool: Path) -> None:
    for name in ("sniff", "arena"):
        (spool.parent / name).mkdir()
    (spool.parent / "file").write_bytes(b"")
    assert spool_names(spool.parent) == ["arena", "canary", "sniff"]


def test_what_others_could_have_written_acknowledges_nothing(spool: Path) -> None:
    file = acknowledgement(spool, "ingest")
    file.write_bytes(msgspec.json.encode(FAR))
    for mode in (0o770, 0o752):
        file.parent.chmod(mode)
        assert acknowledged_positions(spool) == [START]
    file.parent.chmod(0o750)
    assert acknowledged_positions(spool) == [FAR]


@pytest.mark.skipif(os.geteuid() != 0, reason="needs a second account")
def test_a_file_of_another_account_acknowledges_nothing(spool: Path) -> None:
    file = acknowledgement(spool, "ingest")
    file.write_bytes(msgspec.json.encode(FAR))
    os.chown(file, NOBODY, -1)
    assert acknowledged_positions(spool) == [START]
    os.chown(file.parent, NOBODY, -1)
    assert acknowledged_positions(spool) == [FAR]


def test_links_and_other_kinds_of_files_acknowledge_nothing_and_hold_nobody_up(spool: Path, tmp_path: Path) -> None:
    file, elsewhere = acknowledgement(spool, "ingest"), tmp_path / "elsewhere"
    elsewhere.write_bytes(msgspec.json.encode(FAR))
    file.unlink()
    file.symlink_to(elsewhere)
    assert acknowledged_positions(spool) == [START]
    file.unlink()
    os.mkfifo(file)
    assert acknowledged_positions(spool) == [START]
    file.unlink()
    file.mkdir()
    assert acknowledged_positions(spool) == [START]


def test_a_directory_of_readers_that_is_a_link_registers_nobody(spool: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "canary.json").write_bytes(msgspec.json.encode(FAR))
    (spool.parent / READERS / "other").symlink_to(tmp_path / "elsewhere")
    assert acknowledged_positions(spool) == [Position(3, 5)]


def former(spool: Path, position: Position) -> Path:
    """What an earlier version left."""
    file = spool / "readers" / "forwarder.json"
    file.parent.mkdir()
    file.write_bytes(msgspec.json.encode(position))
    return file


def test_a_reader_takes_over_what_it_acknowledged_in_an_earlier_version_once(spool: Path) -> None:
    old = former(spool, Position(41, 10))
    assert SpoolReader(spool, "forwarder").acknowledged() == Position(41, 10)
    assert not old.parent.exists()
    former(spool, FAR)
    assert SpoolReader(spool, "forwarder").acknowledged() == Position(41, 10)


def test_other_readers_of_an_earlier_version_are_left_to_themselves(spool: Path) -> None:
    old = former(spool, Position(41, 10))
    assert SpoolReader(spool, "other").acknowledged() == START
    assert old.exists()
    assert START in acknowledged_positions(spool)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs a second account")
def test_a_reader_takes_over_only_what_it_wrote_itself(spool: Path, tmp_path: Path) -> None:
    old = former(spool, FAR)
    os.chown(old, NOBODY, -1)
    assert SpoolReader(spool, "forwarder").acknowledged() == START
    acknowledgement(spool, "forwarder").unlink()
    old.unlink(missing_ok=True)
    (tmp_path / "mine.json").write_bytes(msgspec.json.encode(FAR))
    old.parent.mkdir(exist_ok=True)
    old.symlink_to(tmp_path / "mine.json")
    assert SpoolReader(spool, "forwarder").acknowledged() == START


def refusing(code: int) -> object:
    def refuse(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    return refuse


def test_the_beginning_is_before_every_byte_of_every_segment() -> None:
    assert Position(0, 0) == START < Position(0, 1) < Position(1, 0) < Position(1, 7) < Position(2, 3)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b'{"segment":"\xff"}', b'{"segment":1}', b"[1,2]", b"null"])
def test_a_file_that_cannot_be_understood_is_the_beginning(spool: Path, content: bytes) -> None:
    acknowledgement(spool, "ingest").write_bytes(content)
    assert read_position(acknowledgement(spool, "ingest")) == START
    assert acknowledged_positions(spool) == [START]


def test_a_reader_without_a_file_has_acknowledged_nothing(spool: Path) -> None:
    assert read_position(acknowledgement(spool, "forwarder")) == START
    acknowledgement(spool, "forwarder").parent.mkdir()  # it reads other spools
    acknowledgement(spool, "forwarder").parent.chmod(0o770)
    assert acknowledged_positions(spool) == [Position(3, 5)]
    assert acknowledged_positions(spool / "none") == []


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_on_a_full_disk_the_file_is_written_over(spool: Path, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    file = acknowledgement(spool, "ingest")
    write_position(file, Position(123, 456_789))
    inode, size = file.stat().st_ino, file.stat().st_size
    monkeypatch.setattr(positions, "replace_file", refusing(code))
    before = len(os.listdir("/proc/self/fd"))
    write_position(file, Position(9, 9))
    assert read_position(file) == Position(9, 9)
    assert (file.stat().st_ino, file.stat().st_size) == (inode, size)
    assert len(os.listdir("/proc/self/fd")) <= before


def test_any_other_error_is_the_callers_and_changes_nothing(spool: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = acknowledgement(spool, "ingest")
    monkeypatch.setattr(positions, "replace_file", refusing(errno.EIO))
    with pytest.raises(OSError, match="Input/output"):
        write_position(file, Position(9, 9))
    assert read_position(file) == Position(3, 5)


def test_a_file_that_cannot_be_read_to_its_end_acknowledges_nothing(
    spool: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = len(os.listdir("/proc/self/fd"))
    monkeypatch.setattr(os, "read", refusing(errno.EIO))
    assert acknowledged_positions(spool) == [START]
    monkeypatch.undo()
    assert len(os.listdir("/proc/self/fd")) <= before
