# SPDX-License-Identifier: MIT
"""What `nox -s dists` imports in a bare environment: everything, and only what belongs to an extra may be missing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parents[1] / ".ci" / "import_all.py"
MISSING = "decnet_nowhere"


def import_all(place: Path, *optional: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(PROGRAM), "package", *optional]
    return subprocess.run(
        command, env={"PYTHONPATH": str(place)}, capture_output=True, text=True, check=False, timeout=60
    )


def write(place: Path, modules: dict[str, str]) -> None:
    for name, source in {"__init__": "", "inner/__init__": "", **modules}.items():
        file = place / "package" / f"{name}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(source)


@pytest.mark.parametrize("name", ["deep", "inner/deep", "inner/__init__"])
def test_what_a_module_lacks_is_told_unless_an_extra_has_it(tmp_path: Path, name: str) -> None:
    write(tmp_path, {name: f"import {MISSING}.part\n"})
    done = import_all(tmp_path)
    assert done.returncode != 0
    assert f"No module named '{MISSING}'" in done.stderr
    if not name.endswith("__init__"):
        assert import_all(tmp_path, MISSING).returncode == 0


def test_programs_are_not_run(tmp_path: Path) -> None:
    write(tmp_path, {"__main__": "raise SystemExit(3)", "migrations/__init__": "", "migrations/env": "raise OSError"})
    assert import_all(tmp_path).returncode == 0
