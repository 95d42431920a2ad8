# SPDX-License-Identifier: MIT
"""The quarantine keeps what it can, within its limit, and says what it could not."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from decnet_core.spool import segments
from decnet_core.spool.quarantine import Quarantine, QuarantinedLine


def records(directory: Path) -> list[QuarantinedLine]:
    found = []
    for number in segments.sizes(directory):
        content = segments.path_of(directory, number).read_bytes()
        found += [msgspec.json.decode(line, type=QuarantinedLine) for line in content.splitlines()]
    return found


def test_record_says_what_why_and_where_from(tmp_path: Path) -> None:
    quarantine = Quarantine(tmp_path / "q")
    quarantine.put("not JSON", "cowrie.json:10", b"\x1b[2J\xff\0 text")
    quarantine.sync()
    assert records(tmp_path / "q") == [QuarantinedLine("not JSON", "cowrie.json:10", "\x1b[2J\\xff\0 text")]
    raw = (tmp_path / "q" / "0000000001.jsonl").read_bytes()
    assert b"\x1b" not in raw
    assert b'"from"' in raw
    quarantine.close()


def test_oldest_records_make_room(tmp_path: Path) -> None:
    quarantine = Quarantine(tmp_path, max_bytes=16_384)
    for number in range(500):
        quarantine.put("bad", str(number), b"x" * 100)
    kept = records(tmp_path)
    assert sum(segments.sizes(tmp_path).values()) <= 16_384
    assert [int(record.source) for record in kept] == list(range(500 - len(kept), 500))
    assert len(kept) > 50
    assert quarantine.counters()["quarantined"] == 500
    assert quarantine.counters()["quarantine_files_removed"] > 0
    quarantine.close()


def test_long_line_is_cut(tmp_path: Path) -> None:
    quarantine = Quarantine(tmp_path)
    quarantine.put("too long", "f", b"x" * 10_000_000)
    assert records(tmp_path)[0].line == "x" * 4096
    quarantine.close()


def test_full_disk_costs_a_record_and_nothing_else(small_disk: Path) -> None:
    quarantine = Quarantine(small_disk / "q")
    quarantine.put("bad", "f", b"first")
    (small_disk / "ballast").write_bytes(b"x" * os.statvfs(small_disk).f_bavail * 4096)
    for _ in range(10):
        quarantine.put("bad", "f", b"x" * 4000)
    assert quarantine.counters()["quarantine_lost"] == 9 + (quarantine.counters()["quarantined"] == 1)
    (small_disk / "ballast").unlink()
    quarantine.put("bad", "f", b"last")
    assert records(small_disk / "q")[-1].line == "last"
    quarantine.close()


@given(st.text(), st.text(), st.binary())
def test_any_bytes_can_be_kept(reason: str, source: str, line: bytes) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as name:
        quarantine = Quarantine(Path(name))
        quarantine.put(reason, source, line)
        quarantine.close()
        assert len(records(Path(name))) == 1
