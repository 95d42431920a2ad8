# SPDX-License-Identifier: MIT
"""A disk that the spool itself has filled: nothing is taken that cannot be kept, and acknowledging frees it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from decnet_core.events.codec import decode, encode
from decnet_core.events.envelope import Event
from decnet_core.spool import segments
from decnet_core.spool.positions import START
from decnet_core.spool.reader import SpoolReader, look
from decnet_core.spool.settings import SpoolSettings
from decnet_core.spool.writer import SpoolWriter

MakeEvent = Callable[..., Event]
SMALL = SpoolSettings(segment_bytes=4096, quota_bytes=1 << 20)


def fill(place: Path) -> None:
    with (place / "ballast").open("ab") as file:
        file.write(b"x" * os.statvfs(place).f_bavail * 4096)


def test_offered_event_is_written_or_left_to_its_owner(small_disk: Path, make_event: MakeEvent) -> None:
    writer = SpoolWriter(small_disk / "spool", SMALL)
    fill(small_disk)
    os.truncate(small_disk / "ballast", (small_disk / "ballast").stat().st_size - 8192)
    lines = [encode(make_event(number)) for number in range(400)]
    taken = writer.offer(lines)
    assert 0 < taken < 400
    assert writer.offer(lines[taken:]) == 0
    assert writer.waiting == 0
    (small_disk / "ballast").unlink()
    assert writer.offer(lines[taken : taken + 1]) == 1
    writer.close()
    assert writer.counters()["spool_appended"] == taken + 1
    assert look(small_disk / "spool", START).lines == lines[: taken + 1]


def test_whole_lines_that_a_full_disk_took_of_many_are_never_taken_back(
    small_disk: Path, make_event: MakeEvent, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reader may be past them before the rest is cut off; what comes there next must not be other bytes."""
    writer = SpoolWriter(small_disk / "spool", SpoolSettings(segment_bytes=1 << 16, quota_bytes=1 << 20))
    fill(small_disk)
    os.truncate(small_disk / "ballast", (small_disk / "ballast").stat().st_size - 8192)
    lines, read, cut = [encode(make_event(number)) for number in range(400)], [], os.ftruncate

    def read_before_the_cut(descriptor: int, size: int) -> None:
        read.append(look(small_disk / "spool", START, 1000))
        cut(descriptor, size)
        fill(small_disk)  # somebody else takes the room at once

    monkeypatch.setattr(os, "ftruncate", read_before_the_cut)
    taken = writer.offer(lines)
    assert 1 < taken < 400
    assert read[0].lines == lines[:taken]
    assert writer.end() == read[0].next
    (small_disk / "ballast").unlink()
    writer.offer([encode(make_event(1000))])
    writer.close()
    assert look(small_disk / "spool", read[0].next).lines == [encode(make_event(1000))]


@pytest.mark.parametrize("size", [0, 1, 100, 3000, 4094])
def test_offered_lines_fill_segments_and_no_more(tmp_path: Path, make_event: MakeEvent, size: int) -> None:
    writer = SpoolWriter(tmp_path, SMALL)
    lines = [encode(make_event(number, "x" * (size if number % 3 else 0)))[:4095] for number in range(100)]
    assert writer.offer(lines) == 100
    writer.close()
    assert look(tmp_path, START, 1000, 1 << 30).lines == lines
    assert all(size <= SMALL.segment_bytes for size in segments.sizes(tmp_path).values())


def test_end_is_where_the_next_line_begins(tmp_path: Path, make_event: MakeEvent) -> None:
    writer = SpoolWriter(tmp_path, SMALL)
    for number in range(100):
        before = writer.end()
        writer.offer([encode(make_event(number))])
        (line,) = look(tmp_path, before).lines
        assert decode(line).ts == number
    writer.close()


def test_reader_frees_a_disk_that_the_spool_has_filled(small_disk: Path, make_event: MakeEvent) -> None:
    directory = small_disk / "spool"
    writer = SpoolWriter(directory, SMALL)
    reader = SpoolReader(directory, "forwarder")
    (directory / "unrelated").write_bytes(b"x" * 8192)
    number = 0
    while writer.waiting == 0:
        writer.append(make_event(number))
        number += 1
    fill(small_disk)
    seen, position = [], START
    while batch := reader.read(position).lines:
        seen += [decode(line).ts for line in batch]
        position = reader.read(position).next
        reader.acknowledge(position)
        assert reader.acknowledged() == position
        writer.sync()
    assert writer.waiting == 0
    writer.close()
    assert seen == list(range(number))
