# SPDX-License-Identifier: MIT
"""Nothing that a session of `.ci/run` has started outlives the run, however that ends."""

from __future__ import annotations

import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
RUN = """
set -euo pipefail
logs=$1
. .ci/sessions.sh
patience=3
trap end_running EXIT
start waiting bash "$logs/session"
while [ ! -s "$logs/apart" ]; do sleep 0.02; done
echo ready
if [ "$2" = failure ]; then
    start failing false
fi
if [ "$2" = alone ]; then
    alone other sleep 600
fi
while ((${#running[@]})); do
    ended
done
"""
SESSION = """
trap 'echo >"{place}/stopped"; exit 1' INT
echo $$ >"{place}/own"
sleep 601 & echo $! >"{place}/same"
setsid bash -c 'trap "" INT TERM; echo $$ >"{place}/apart"; while :; do sleep 602; done' &
while :; do sleep 0.05; done
"""
SECONDS = 120.0


def test_the_run_installs_what_finds_the_processes_of_sessions(tmp_path: Path) -> None:
    (tmp_path / "dirname").symlink_to(shutil.which("dirname") or "")
    run = ["/bin/bash", ".ci/run"]  # without apt-get it only says what is missing
    said = subprocess.run(run, cwd=ROOT, env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False)
    assert said.returncode == 1
    assert "procps" in said.stderr.split()


def test_how_the_run_ends_is_known_before_it_is_said() -> None:
    run = (ROOT / ".ci" / "run").read_text()
    assert run.index(". .ci/sessions.sh") < run.index("end_running")


def is_there(pid: int) -> bool:
    """Whether a process runs; one that nobody has reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.fault
@pytest.mark.parametrize("end", [signal.SIGINT, "failure", "alone"])
def test_a_session_is_told_to_stop_and_nothing_of_it_is_left(tmp_path: Path, end: signal.Signals | str) -> None:
    (tmp_path / "session").write_text(SESSION.format(place=tmp_path))
    command = ["bash", "-c", RUN, "run", str(tmp_path), str(end)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as running:
        assert running.stdout is not None
        try:
            assert running.stdout.readline() == "ready\n"
            if isinstance(end, signal.Signals):
                running.send_signal(end)
            elif end == "alone":
                running.send_signal(signal.SIGTERM)
                until((tmp_path / "stopped").exists)
                running.send_signal(signal.SIGTERM)  # and once more, while it waits for what does not stop
            assert running.wait(SECONDS) != 0
        finally:
            running.kill()
    pids = [int((tmp_path / name).read_text()) for name in ("own", "same", "apart")]
    assert (tmp_path / "stopped").exists(), "it was not told to stop before it was killed"
    until(lambda: not any(map(is_there, pids)))
