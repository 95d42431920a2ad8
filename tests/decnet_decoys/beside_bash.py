# SPDX-License-Identifier: MIT
"""Runs a line in this machine's bash, for tests that hold the decoy's shell beside it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from tests.decnet_decoys.decky_host import NOW, ORIGIN, Player, apart

from decnet_decoys.shell.machine.machine import Machine
from decnet_decoys.shell.state import ShellState


def in_bash(line: str, directory: Path) -> tuple[str, int]:
    """Return what `bash -c line` prints in an empty directory, and its exit status."""
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("no bash on this machine")
    done = subprocess.run(
        ["bash", "-c", line],
        executable=bash,
        cwd=directory,
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "HOME": str(directory)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    return done.stdout, done.returncode


def in_decoy(line: str, machine: Machine) -> tuple[str, int]:
    """Return what the decoy prints for `bash -c line` in its empty /tmp, and its exit status."""
    machine = apart(machine)
    shell = ShellState(machine, machine.users[0], lambda: float(NOW), ORIGIN, command=line)
    shell.cwd = "/tmp"
    shell.variables["LC_ALL"] = "C.UTF-8"
    played = Player(shell)(line)
    return played.text, played.status
