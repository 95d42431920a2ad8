# SPDX-License-Identifier: MIT
from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from decnet_workers.ttp.library import SHIPPED, files_of, load
from decnet_workers.ttp.reader import ReaderError, read_files, read_in_child


def test_another_process_reads_the_same(tmp_path: Path) -> None:
    (tmp_path / "bad.yml").write_text("title: x\nid: [\n")
    (tmp_path / "values.yml").write_text("a: [1, -2.5, true, null, 2026-11-23, '\\u2028']\n---\nb: {c: d}\n")
    (tmp_path / "bytes.yml").write_bytes(b"\xff")
    files = [*files_of([SHIPPED, tmp_path]), tmp_path / "gone.yml"]
    read = read_in_child(files)
    assert read == read_files(files)
    assert [Path(one.file).name for one in read if one.error] == ["bad.yml", "bytes.yml", "gone.yml"]


def test_what_json_cannot_carry_is_refused_with_its_line(tmp_path: Path) -> None:
    values = ["9223372036854775808", ".inf", ".nan", "-.inf", '"\\ud800"']
    files = [tmp_path / f"{number}.yml" for number in range(len(values))]
    for file, value in zip(files, values, strict=True):
        file.write_text(f"one: 1\ntwo: {value}\n")
    read = read_in_child(files)
    assert [(Path(one.file), one.line, one.documents, bool(one.error)) for one in read] == [
        (file, 2, [], True) for file in files
    ]


DEEP = ["[" * 250_000, "{a: " * 60_000, "- " * 120_000, "? " * 120_000, "x: " + "[" * 100]


def test_files_of_nested_values_are_refused_by_name_and_the_others_work_on(tmp_path: Path) -> None:
    files = [tmp_path / f"deep{number}.yml" for number in range(len(DEEP))]
    for file, deep in zip(files, DEEP, strict=True):
        file.write_text(deep)
    (tmp_path / "good.yml").write_text("a: [[[[b]]]]\n")
    *bad, good = read_in_child([*files, tmp_path / "good.yml"])
    assert [(Path(one.file), one.documents, one.error) for one in bad] == [
        (file, [], "values are nested too deeply") for file in files
    ]
    assert good.error == ""
    assert len(good.documents) == 1
    assert [one.file for one in load([SHIPPED, tmp_path], read_in_child).refused[: len(files)]] == files


def test_a_file_that_kills_the_reader_is_named_and_the_others_work_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python = tmp_path / "python"
    python.write_text(
        '#!/bin/sh\ninput=$(cat)\ncase "$input" in *killer*) kill -SEGV $$;; esac\n'
        f'printf %s "$input" | {sys.executable} "$@"\n'
    )
    python.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(python))
    names = ["a.yml", "b.yml", "killer.yml", "c.yml", "d.yml"]
    for name in names:
        (tmp_path / name).write_text("a: b\n")
    read = read_in_child([tmp_path / name for name in names])
    assert [Path(one.file).name for one in read] == names
    assert [one.error for one in read if one.error] == ["reading it ended with signal 11"]
    assert read[2].error


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
