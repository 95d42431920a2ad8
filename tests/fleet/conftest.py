# SPDX-License-Identifier: MIT
"""A worker started as the real process it is, to be looked at from outside."""

from __future__ import annotations

import json
import os
import signal
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.decnet_models.migrated import migrated_database
from tests.forked_program import forked_program

from decnet.drill.private import free_block, settings_text

_RUN = """
import json, os, sys
from importlib import import_module
(module, _, worker), listing = sys.argv[1].partition(":"), sys.argv[2]
sys.argv[1:] = []
code = getattr(import_module(module), worker).main()
with open(listing, "w") as file:
    json.dump(sorted(sys.modules), file)
os._exit(code)  # before it tells what it has imported: the next worker shall not find it
"""
_BY_ALL = ("decnet_core.runtime.process", "decnet_core.bus.client")
"""What every worker imports is imported once: what a worker holds is never less for it."""
_BY_DATABASE = ("decnet_models.database.engine",)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A state directory with a migrated database."""
    directory = tmp_path / "state"
    directory.mkdir()
    migrated_database(directory / "decnet.db")
    return directory


@pytest.fixture
def modules_of(state: Path, tmp_path: Path) -> Callable[..., set[str]]:
    """Start `module:Class` without arguments, wait until it is ready, stop it, and tell what it had imported."""

    def start(name: str, target: str, *, database: bool) -> set[str]:
        settings = tmp_path / "decnet.toml"
        settings.write_text(settings_text(free_block()))  # a fleet of somebody else's may run on the default addresses
        listing = tmp_path / "modules.json"
        environment = {
            **os.environ,
            "DECNET_STATE_DIR": str(state),
            "DECNET_SETTINGS": str(settings),
            "DECNET_SNIFF_INTERFACES": '["lo"]',
            "NOTIFY_SOCKET": str(tmp_path / "ready"),
        }
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ready:
            ready.bind(str(tmp_path / "ready"))
            ready.settimeout(100)
            program = forked_program(_RUN, *_BY_ALL, *(_BY_DATABASE if database else ()))
            with program.started(target, str(listing), environment=environment) as process:
                while b"READY=1" not in ready.recv(200).splitlines():  # a TimeoutError when it does not start
                    assert Path(f"/proc/{process.pid}").exists(), f"{name} did not start"
                os.kill(process.pid, signal.SIGTERM)
                assert process.wait(60) == 0
        return set(json.loads(listing.read_text()))

    return start
