# SPDX-License-Identifier: MIT
from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.of_each import places

TESTS = """
import pytest

@pytest.mark.parametrize("a", range(5))
@pytest.mark.parametrize("b", "xy")
def test_many(a, b): pass

@pytest.mark.parametrize("a", [1])
def test_one(a): pass

def test_none(): pass
"""


@pytest.mark.parametrize(
    ("count", "most", "expected"),
    [(1, 2, [0]), (2, 2, [0, 1]), (9, 1, [0]), (9, 2, [0, 8]), (9, 3, [0, 4, 8]), (3, 9, [0, 1, 2])],
)
def test_the_first_and_the_last_are_among_them(count: int, most: int, expected: list[int]) -> None:
    assert places(count, most) == expected


@pytest.mark.parametrize(("most", "run"), [("0", 12), ("2", 4)])
def test_every_test_is_run_with_some_of_its_parameters(tmp_path: Path, most: str, run: int) -> None:
    (tmp_path / "test_a.py").write_text(TESTS)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    command = [sys.executable, "-m", "pytest", "-p", "tests.of_each", "-c", str(tmp_path / "pytest.ini"), "--of-each"]
    done = subprocess.run([*command, most, str(tmp_path)], capture_output=True, text=True, check=False, timeout=250)
    assert f"{run} passed" in done.stdout, done.stdout + done.stderr
