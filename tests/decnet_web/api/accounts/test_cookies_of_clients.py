# SPDX-License-Identifier: MIT
"""What real clients do with the cookie of a session: curl, by plain http at an address of this host and by a name."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.decnet_web.api.accounts.people import PASSWORD, hash_quickly, person
from tests.decnet_web.api.served import Served, serving
from tests.decnet_web.fuzz.served_over_tcp import served_over_tcp

CURL = shutil.which("curl") or ""

pytestmark = pytest.mark.skipif(not CURL, reason="needs curl")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("fleet")) as served:
        hash_quickly(served)
        person(served, "ana", "analyst")
        yield served


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "decnet.example"])
def test_curl_keeps_the_cookie_on_this_host_and_is_refused_elsewhere(served: Served, tmp_path: Path, host: str) -> None:
    with served_over_tcp(served.application) as address:
        port = address.rpartition(":")[2].strip("/")
        jar = tmp_path / "jar"
        base: list[str | Path] = [CURL, "-sS", "-c", jar, "-b", jar, "--resolve", f"{host}:{port}:127.0.0.1"]
        url = f"http://{host}:{port}/api/v1/session"
        body = json.dumps({"name": "ana", "password": PASSWORD})
        entered = json.loads(_said([*base, "-H", "Content-Type: application/json", "-d", body, url]))
        shown = json.loads(_said([*base, url]))
    if host == "decnet.example":
        assert entered["title"] == "Log-in needs TLS"
        assert shown["status"] == 401
    else:
        assert shown["csrf"] == entered["session"]["csrf"]


def _said(command: list[str | Path]) -> bytes:
    return subprocess.run(command, capture_output=True, check=True).stdout
