# SPDX-License-Identifier: MIT
from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from decnet_workers.ttp.library import SHIPPED, files_of
from decnet_workers.ttp.reader import ReaderError, read_files, read_in_child


def test_another_process_reads_the_same(tmp_path: Path) -> None:
    (tmp_path / "bad.yml").write_text("title: x\nid: [\n")
    (tmp_path / "values.yml").write_text("a: [1, -2.5, true, null, 2026-11-23, '\\u2028']\n---\nb: {c: d}\n")
    (tmp_path / "bytes.yml").write_bytes(b"\xff")
    files = [*files_of([SHIPPED, tmp_path]), tmp_path / "gone.yml"]
    read = read_in_child(files)
    assert read == read_files(files)
    assert [Path(one.file).name for one in read if one.error] == ["bad.yml", "bytes.yml", "gone.yml"]


@pytest.mark.parametrize("value", ["9223372036854775808", ".inf", ".nan", "-.inf", '"\\ud800"'])
def test_what_json_cannot_carry_is_refused_with_its_line(tmp_path: Path, value: str) -> None:
    (tmp_path / "a.yml").write_text(f"one: 1\ntwo: {value}\n")
    (read,) = read_in_child([tmp_path / "a.yml"])
    assert (read.line, read.documents) == (2, [])
    assert read.error


def test_a_reader_that_cannot_start_is_an_error_that_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", "/nonexistent/python")
    with pytest.raises(ReaderError, match="reading rules failed"):
        read_in_child([])


def test_the_worker_never_imports_the_yaml_parser() -> None:
    program = (
        "import sys; from decnet_workers.ttp.settings import TtpSettings; import decnet_workers.ttp.worker;"
        "from decnet_workers.ttp.watch import Watched; w = Watched(TtpSettings()); w.read();"
        "assert len(w.library) > 50; raise SystemExit('yaml' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
