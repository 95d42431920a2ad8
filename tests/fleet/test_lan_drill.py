# SPDX-License-Identifier: MIT
"""The drill on a LAN of its own: deckies that real programs of another machine reach, and nothing besides."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.fault,
    pytest.mark.timeout(400),
    pytest.mark.skipif(os.geteuid() != 0, reason="makes network namespaces: needs root"),
]


@pytest.mark.parametrize(("runtime", "count"), [("netns", 20), ("host", 3)])
def test_attacker_meets_every_decky_and_nothing_is_left(runtime: str, count: int, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "decnet", "drill", "--runtime", runtime, "--deckies", str(count), "--json"]
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=380, check=False)
    report = json.loads(done.stdout)
    assert [one for one in report["outcomes"] if not one["holds"]] == []
    assert len(report["outcomes"]) >= 5
    assert done.returncode == 0
    assert list(tmp_path.iterdir()) == []
