# SPDX-License-Identifier: MIT
"""A reconciler that is parked is woken by what happens to the network, and repairs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from density import repair_seconds

from decnet.drill.lan import clients
from decnet.drill.lan.fleet import PORTS, deploy, fleet
from decnet.drill.lan.machines import BRIDGE, Lan, lan

pytestmark = [
    pytest.mark.fault,
    pytest.mark.timeout(400),
    pytest.mark.skipif(os.geteuid() != 0, reason="makes network namespaces: needs root"),
]

ADDRESS = "10.77.1.1"


@pytest.fixture
def directory() -> Iterator[Path]:
    """Short: the path of a UNIX socket has 107 bytes at most."""
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def until(condition: Callable[[], bool], what: str, seconds: float = 120) -> float:
    """Return after how many seconds it was so."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() < began + seconds, what
        time.sleep(0.05)
    return time.monotonic() - began


def is_parked() -> bool:
    done = subprocess.run(
        [sys.executable, "-m", "decnet", "status", "--json"], capture_output=True, text=True, check=False, timeout=60
    )
    return (json.loads(done.stdout)["workers"].get("reconciler") or {}).get("state") == "parked"


def has_address(made: Lan) -> bool:
    shown = made.on_host(lambda: subprocess.run(["ip", "address"], capture_output=True, text=True, check=True))
    return f"{ADDRESS}/" in shown.stdout


def remove_address() -> None:
    subprocess.run(["ip", "address", "del", f"{ADDRESS}/16", "dev", BRIDGE], check=True)


def test_parked_reconciler_repairs_what_another_program_removed(directory: Path) -> None:
    with lan(directory) as made, fleet(made, directory, "host"):
        deploy(made, directory, "host", 1)
        until(lambda: has_address(made), "the decky did not come")
        for _ in range(2):
            until(is_parked, "the reconciler was not parked")
            made.on_host(remove_address)
            assert until(lambda: has_address(made), "the address stayed away") < 30, "found by the regular look only"


def test_a_decky_whose_interface_was_deleted_answers_again_within_a_second(directory: Path) -> None:
    with lan(directory) as made, fleet(made, directory, "netns"):
        deploy(made, directory, "netns", 3)
        ports = [(f"10.77.1.{number}", port) for number in (1, 2, 3) for port in PORTS.values()]
        assert clients.until_all_answer(made, ports, 60).holds
        # 0.2 s on a quiet machine; of many tries one is not disturbed by what else runs here.
        assert any(repair_seconds(made, PORTS["http"], 60) < 1.0 for _ in range(20))
        deploy(made, directory, "netns", 0)
