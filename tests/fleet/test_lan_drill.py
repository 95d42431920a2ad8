# SPDX-License-Identifier: MIT
"""The drill on a LAN of its own: deckies that real programs of another machine reach, and nothing besides."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.fault,
    pytest.mark.timeout(400),
    pytest.mark.skipif(os.geteuid() != 0, reason="makes network namespaces: needs root"),
]


@pytest.fixture
def short_path() -> Iterator[Path]:
    """A directory for temporary ones: the path of a UNIX socket has 107 bytes at most, pytest's takes 80 of them."""
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


@pytest.mark.parametrize(("runtime", "count"), [("netns", 20), ("host", 3)])
def test_attacker_meets_every_decky_and_nothing_is_left(runtime: str, count: int, short_path: Path) -> None:
    command = [sys.executable, "-m", "decnet", "drill", "--runtime", runtime, "--deckies", str(count), "--json"]
    environment = {**os.environ, "TMPDIR": str(short_path)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=380, check=False)
    assert done.stdout, done.stderr
    report = json.loads(done.stdout)
    assert [one for one in report["outcomes"] if not one["holds"]] == []
    assert len(report["outcomes"]) >= 5
    assert done.returncode == 0
    assert list(short_path.iterdir()) == []
