# SPDX-License-Identifier: MIT
"""What the worker says that it needs, by its settings; with which of them it refuses to start."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tests.decnet_models.migrated import migrated_database

from decnet_core.exits import Exit
from decnet_web.api.settings import ApiSettings
from decnet_web.api.worker import Api

RUN = "from decnet_web.api.worker import Api; raise SystemExit(Api.main())"


@pytest.mark.parametrize(
    ("listen", "reach", "capabilities"),
    [
        ("", "none", ()),
        ("127.0.0.1:8081", "loopback", ()),
        ("[::1]:443", "loopback", ("CAP_NET_BIND_SERVICE",)),
        ("192.0.2.1:8081", "any", ()),
        ("0.0.0.0:443", "any", ("CAP_NET_BIND_SERVICE",)),
        ("nonsense", "any", ()),
    ],
)
def test_it_needs_the_network_only_to_listen(listen: str, reach: str, capabilities: tuple[str, ...]) -> None:
    settings = ApiSettings(listen=listen)
    assert (Api.reach(settings), Api.capabilities(settings)) == (reach, capabilities)


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("LISTEN", "nonsense", "is not ADDRESS:PORT"),
        ("CERTIFICATE", "/nowhere.pem", "cannot use the certificate of /nowhere.pem"),
        ("FORWARDED_ALLOW", '["nowhere"]', "forwarded_allow"),
        ("SOCKET_MODE", "999", "socket_mode"),
    ],
)
def test_a_setting_that_cannot_work_is_named(tmp_path: Path, name: str, value: str, complaint: str) -> None:
    migrated_database(tmp_path / "decnet.db")
    environment = {"DECNET_STATE_DIR": str(tmp_path), "DECNET_API_LISTEN": "127.0.0.1:0", f"DECNET_API_{name}": value}
    command = [sys.executable, "-c", RUN]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == Exit.STARTUP_FAILED
    assert complaint in done.stderr
