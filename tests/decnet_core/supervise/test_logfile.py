# SPDX-License-Identifier: MIT
"""A worker's log stays bounded and keeps what was said last."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from decnet_core.supervise.logfile import LogFile


def test_oldest_file_is_dropped(tmp_path: Path) -> None:
    log = LogFile(tmp_path / "w.log", limit_bytes=10, files=2)
    for line in (b"first....\n", b"second...\n", b"third....\n"):
        log.write(line)
    log.close()
    assert (tmp_path / "w.log").read_bytes() == b"third....\n"
    assert (tmp_path / "w.log.1").read_bytes() == b"second...\n"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["w.log", "w.log.1"]


def test_log_continues_after_a_restart(tmp_path: Path) -> None:
    for text in (b"one\n", b"two\n"):
        log = LogFile(tmp_path / "w.log", limit_bytes=100, files=2)
        log.write(text)
        log.close()
    assert (tmp_path / "w.log").read_bytes() == b"one\ntwo\n"


def test_unwritable_place_loses_output_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("a file where the directory should be")
    log = LogFile(tmp_path / "log" / "w.log", limit_bytes=100, files=2)
    log.write(b"hello")
    assert log.lost_bytes == 5


def test_full_disk_is_counted(tmp_path: Path) -> None:
    (tmp_path / "w.log").symlink_to("/dev/full")
    log = LogFile(tmp_path / "w.log", limit_bytes=100, files=2)
    log.write(b"hello")
    log.close()
    assert log.lost_bytes == 5


@given(st.lists(st.binary(max_size=40), max_size=30), st.integers(1, 4))
def test_size_is_bounded_and_the_end_is_kept(tmp_path_factory: object, pieces: list[bytes], files: int) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        log = LogFile(directory / "w.log", limit_bytes=16, files=files)
        for piece in pieces:
            log.write(piece)
        log.close()
        ages = sorted(directory.iterdir(), key=lambda p: (len(p.name), p.name), reverse=True)
        kept = b"".join(path.read_bytes() for path in ages)
        assert all(path.stat().st_size <= 16 for path in ages)
        assert len(ages) <= files
        assert b"".join(pieces).endswith(kept)
