# SPDX-License-Identifier: MIT
"""docs/explanation/promises.md names, for each promise, tests that are there and that `.ci/run` runs."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from tests import collected as collecting

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "explanation" / "promises.md"
RARELY = {"torture", "oracle", "systemd", "howto"}
"""Markers of what `make test` leaves out."""


def promises() -> dict[str, list[str]]:
    """Return the tests of each promise, by its id."""
    found: dict[str, list[str]] = {}
    for line in PAGE.read_text().splitlines():
        if heading := re.fullmatch(r"### ([a-z0-9-]+)", line):
            assert heading[1] not in found, f"two promises are called {heading[1]}"
            found[heading[1]] = []
        elif test := re.fullmatch(r"- `(tests/.+::.+)`", line):
            found[list(found)[-1]].append(test[1])
        else:
            assert "::" not in line, f"not a line that names a test: {line}"
    return found


def run_by_ci(nodeid: str) -> bool:
    """Whether `.ci/run` selects a test that takes long, by its file and by all words of an expression."""
    for line in (ROOT / ".ci" / "run").read_text().splitlines():
        if " torture -- " in line and nodeid.partition("::")[0] in line:
            words = shlex.split(line)[shlex.split(line).index("-k") + 1].split(" and ")
            if all(word in nodeid for word in words):
                return True
    return False


@pytest.fixture(scope="module")
def collected(request: pytest.FixtureRequest) -> dict[str, set[str]]:
    """Tell which tests that the page names `.ci/run` runs; with their markers, and `skipped` for what is, here."""
    files = sorted({test.partition("::")[0] for tests in promises().values() for test in tests})
    option = request.config.option
    if request.config.args_source is pytest.Config.ArgsSource.TESTPATHS and not (option.ignore or option.lf):
        lines = [collecting.line(item) for item in request.config.stash[collecting.COLLECTED]]
    else:  # only some tests were collected
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "--collect-only", "-q", *files],
            cwd=ROOT, env={**os.environ, collecting.PRINT: "1"}, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        lines = [line for line in done.stdout.splitlines() if line.startswith("COLLECTED ")]
    ci = (ROOT / ".ci" / "run").read_text()  # all that break things, and all at scale
    assert re.search(r'^start \w+ "\$\{here\[@\]\}" faults$', ci, re.MULTILINE)
    assert '"${here[@]}" properties\n' in ci
    found: dict[str, set[str]] = {}
    for line in lines:
        _, nodeid, marks = line.split(" ")
        if not RARELY & set(marks.split(",")) or run_by_ci(nodeid):
            found.setdefault(nodeid.partition("[")[0], set()).update(marks.split(","))
    return found


def test_every_promise_has_a_sentence_and_a_test_that_breaks_it() -> None:
    assert len(promises()) >= 20
    assert [name for name, tests in promises().items() if not tests] == []
    sections = re.split(r"^### ", PAGE.read_text(), flags=re.MULTILINE)[1:]
    assert [one for one in sections if not re.match(r"\S+\n\n[A-Z`][^#]+\.\n\n- `", one)] == []


def test_every_test_that_is_named_is_there_and_is_run(collected: dict[str, set[str]]) -> None:
    missing = {name: [test for test in tests if test not in collected] for name, tests in promises().items()}
    assert {name: tests for name, tests in missing.items() if tests} == {}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount the disks that some of them need")
def test_none_of_them_is_skipped_by_root(collected: dict[str, set[str]]) -> None:
    named = {test for tests in promises().values() for test in tests}
    assert sorted(test for test in named if "skipped" in collected.get(test, ())) == []
