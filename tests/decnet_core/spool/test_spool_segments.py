# SPDX-License-Identifier: MIT
"""Segment files: which files are ones, and what a disk that fails in the middle leaves of one."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from decnet_core.spool import segments
from decnet_core.spool.segments import Segment

SCANDIR = os.scandir
WRITE = os.write


def test_only_numbered_files_are_segments_and_the_oldest_is_first(tmp_path: Path) -> None:
    for name in ("0000000007", "7.json", "x.jsonl", "\uff11.jsonl", "1\u0661.jsonl", ".jsonl", "-1.jsonl"):
        (tmp_path / name).write_bytes(b"line\n")
    for number in (10, 2, 1):
        segments.path_of(tmp_path, number).write_bytes(b"x" * number)
    assert list(segments.sizes(tmp_path).items()) == [(1, 1), (2, 2), (10, 10)]
    assert segments.sizes(tmp_path / "none") == {}


def test_a_segment_that_goes_while_they_are_listed_is_not_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    @contextlib.contextmanager
    def scandir(directory: Path) -> Iterator[list[os.DirEntry[str]]]:
        with SCANDIR(directory) as entries:
            found = list(entries)
        segments.path_of(tmp_path, 1).unlink()
        yield found

    for number in (1, 2):
        segments.path_of(tmp_path, number).write_bytes(b"x")
    monkeypatch.setattr(os, "scandir", scandir)
    assert segments.sizes(tmp_path) == {2: 1}


def test_whole_lines_after_an_offset_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    path.write_bytes(b"a\n" * 700_000 + b"b\nc\nhalf")  # more than is read at once
    assert [segments.count_lines(path, offset) for offset in (0, 1_400_000, 1_400_001, 1_400_002, 1_400_009)] == [
        700_002,
        2,
        2,
        1,
        0,
    ]
    assert segments.count_lines(tmp_path / "none", 0) == 0


def test_a_segment_whose_name_may_not_survive_power_loss_is_not_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(directory: Path) -> None:
        raise OSError(errno.EIO, "Input/output error")

    before = len(os.listdir("/proc/self/fd"))
    monkeypatch.setattr(segments, "sync_directory", refuse)
    with pytest.raises(OSError, match="Input/output error"):
        Segment(tmp_path, 1)
    assert segments.sizes(tmp_path) == {}
    assert len(os.listdir("/proc/self/fd")) <= before


def test_a_segment_that_is_gone_when_it_is_given_up_says_why_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def remove_and_refuse(directory: Path) -> None:
        segments.path_of(directory, 1).unlink()
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(segments, "sync_directory", remove_and_refuse)
    with pytest.raises(OSError, match="Input/output error"):
        Segment(tmp_path, 1)


@pytest.mark.parametrize(
    ("taken", "kept"), [(0, b""), (1, b""), (2, b"a\n"), (3, b"a\n"), (5, b"a\nbc\n"), (6, b"a\nbc\n\n")]
)
def test_the_whole_lines_that_a_disk_took_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, taken: int, kept: bytes
) -> None:
    segment = Segment(tmp_path, 1)
    with monkeypatch.context() as disk:
        disk.setattr(os, "write", lambda descriptor, data: WRITE(descriptor, data[:taken]))
        if kept:
            assert segment.append(b"a\nbc\n\nd\n") == len(kept)
        else:
            with pytest.raises(OSError, match="No space left"):
                segment.append(b"a\nbc\n\nd\n")
    assert (segment.size, segment.torn) == (len(kept), False)
    assert segment.append(b"e\n") == 2
    assert segments.path_of(tmp_path, 1).read_bytes() == kept + b"e\n"
    segment.close()


def test_an_empty_line_is_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    segment = Segment(tmp_path, 1)
    monkeypatch.setattr(os, "write", lambda descriptor, data: WRITE(descriptor, data[:1]))
    assert segment.append(b"\nabc\n") == 1
    segment.close()


def test_half_a_line_that_cannot_be_cut_off_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> int:
        raise OSError(errno.EIO, "Input/output error")

    segment = Segment(tmp_path, 1)
    assert segment.append(b"one\n") == 4
    monkeypatch.setattr(os, "ftruncate", refuse)
    monkeypatch.setattr(os, "write", lambda descriptor, data: WRITE(descriptor, data[:2]))
    with pytest.raises(OSError, match="No space left"):
        segment.append(b"two\n")
    assert (segment.size, segment.torn) == (4, True)
    segment.close()


def test_more_numbers_are_passed_over_than_the_smallest_segments_of_the_largest_batch() -> None:
    assert segments.LOST_NUMBERS * 4096 >= 256 << 20
