# SPDX-License-Identifier: MIT
"""A worker started as the real process it is, to be looked at from outside."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.decnet_models.migrated import migrated_database

from decnet.drill.private import free_block, settings_text

_RUN = """
import atexit, json, sys
from importlib import import_module
(module, _, worker), listing = sys.argv[1].partition(":"), sys.argv[2]
sys.argv[1:] = []
atexit.register(lambda: open(listing, "w").write(json.dumps(sorted(sys.modules))))
sys.exit(getattr(import_module(module), worker).main())
"""


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A state directory with a migrated database."""
    directory = tmp_path / "state"
    directory.mkdir()
    migrated_database(directory / "decnet.db")
    return directory


@pytest.fixture
def modules_of(state: Path, tmp_path: Path) -> Callable[[str, str], set[str]]:
    """Start `module:Class` without arguments, wait until it is ready, stop it, and tell what it had imported."""

    def start(name: str, target: str) -> set[str]:
        settings = tmp_path / "decnet.toml"
        settings.write_text(settings_text(free_block()))  # a fleet of somebody else's may run on the default addresses
        listing = tmp_path / "modules.json"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ready:
            ready.bind(str(tmp_path / "ready"))
            ready.settimeout(100)
            process = subprocess.Popen(
                [sys.executable, "-c", _RUN, target, str(listing)],
                env={
                    **os.environ,
                    "DECNET_STATE_DIR": str(state),
                    "DECNET_SETTINGS": str(settings),
                    "DECNET_SNIFF_INTERFACES": '["lo"]',
                    "NOTIFY_SOCKET": str(tmp_path / "ready"),
                },
            )
            try:
                while b"READY=1" not in ready.recv(200).splitlines():  # a TimeoutError when it does not start
                    assert process.poll() is None, f"{name} did not start"
                process.send_signal(signal.SIGTERM)
                assert process.wait(60) == 0
            finally:
                process.kill()
                process.wait()
        return set(json.loads(listing.read_text()))

    return start
