# SPDX-License-Identifier: MIT
"""What nox's sessions run again after a failure, and what never passes for that."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("nox")
pytestmark = pytest.mark.fault  # eighteen runs of tests that fail or die

ROOT = Path(__file__).parents[1]
PLAIN = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "NOXSESSION": ""}
FIRST = """
import os, pytest
from pathlib import Path

def first(name="here"):
    file = Path(__file__).with_suffix("." + name)
    try:
        file.touch(exist_ok=False)
    except FileExistsError:
        return False
    return True
"""
ONCE = "def test_{0}(): assert not first()\ndef test_other(): pass"
"""Fails the first time."""
DIES = "def test_{0}():\n    if first(): os.kill(os.getpid(), 9)\n"
SESSIONS = {
    "once": {
        "a": "@pytest.fixture(scope='module')\ndef fleet(): assert not first()\n"
        "@pytest.mark.parametrize('n', range(5))\ndef test_a(fleet, n): pass",
        "b": "@pytest.fixture\ndef fleet():\n    yield\n    assert not first()\ndef test_b(fleet): pass",
        "c": ONCE,
    },
    "died": {"a": DIES + "def test_next(): pass"},
    "twice": {"a": "def test_a(): assert False", "b": ONCE},
    "behind": {"a": DIES + "def test_next(): assert False"},
    "collection": {"a": "assert not first()\ndef test_a(): pass", "b": "def test_b(): assert False"},
    "many": dict.fromkeys("abcd", ONCE),
    "skipped": {"a": "def test_a():\n    if not first(): pytest.skip('not now')\n    assert False", "b": ONCE},
    "stopped": {"a": "def test_a(): assert not first()\ndef test_next(): assert False"},
    "renamed": {"a": "@pytest.mark.parametrize('n', [os.getpid()])\ndef test_a(n): assert not first()", "b": ONCE},
}
"""The tests of each session's modules."""
NOXFILE = """
import sys
from pathlib import Path

sys.path.insert(0, {root!r})

import nox
from noxfile import _pytest

for each in sorted(path for path in Path({place!r}).iterdir() if path.is_dir()):
    def run(session, place=str(each)):
        more = ["-x"] * place.endswith("stopped")
        _pytest(session, "-p", "tests.parallel", "--processes", "2", "-c", place + "/pytest.ini", *more, place)

    nox.session(run, name=each.name, python=False)
"""


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return what nox prints of all sessions."""
    place = tmp_path_factory.mktemp("sessions")
    for session, modules in SESSIONS.items():
        (place / session).mkdir()
        (place / session / "pytest.ini").write_text("[pytest]\n")
        for name, source in modules.items():
            (place / session / f"test_{name}.py").write_text(FIRST + source.format(name))
    file = place / "sessions.py"
    file.write_text(NOXFILE.format(root=str(ROOT), place=str(place)))
    nox = [sys.executable, "-m", "nox", "--non-interactive", "-f", str(file), "-s", *SESSIONS]
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    environment = {**PLAIN, "PATH": path, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(nox, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=250)
    return done.stdout + done.stderr


def unstable(said: str, session: str) -> list[str]:
    """Return the tests that a session calls unstable."""
    own = said.partition(f"nox > Running session {session}\n")[2].partition("nox > Running session ")[0]
    lines = [line for line in own.splitlines() if line.startswith("nox > unstable: failed, then passed alone: ")]
    return sorted(word for line in lines for word in line.split() if "::" in word)


@pytest.mark.parametrize(
    ("session", "tests"),
    [
        ("once", [*(f"test_a.py::test_a[{n}]" for n in range(5)), "test_b.py::test_b", "test_c.py::test_c"]),
        ("died", ["test_a.py::test_a"]),
    ],
)
def test_what_fails_once_in_few_modules_passes_and_is_called_unstable(
    said: str, session: str, tests: list[str]
) -> None:
    assert f"nox > * {session}: success" in said, said
    assert unstable(said, session) == tests


@pytest.mark.parametrize("session", ["twice", "behind", "collection", "many", "skipped", "stopped", "renamed"])
def test_what_fails_twice_or_in_many_modules_or_did_not_run_again_fails_the_session(said: str, session: str) -> None:
    assert re.search(rf"^nox > \* {session}: (failed|aborted)", said, re.MULTILINE), said
    assert unstable(said, session) == []
