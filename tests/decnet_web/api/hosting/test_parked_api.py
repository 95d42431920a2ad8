# SPDX-License-Identifier: MIT
"""The worker under a supervisor: it parks when nobody asks, and the next client of either socket starts it again."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tests.decnet_models.migrated import migrated_database
from tests.ports import free_port

from decnet_core.runtime.restarts.policy import Phase
from decnet_core.state import SUPERVISORS, State
from decnet_core.supervise.lifecycle import Status
from decnet_core.supervise.status_file import read_status_files
from decnet_web.api.application import make_application
from decnet_web.api.document import operations

PATIENCE = 240.0
"""More than api has for making the document: beside others it may not be enough at first."""
SUPERVISE = "from decnet_core.supervise.command import main; raise SystemExit(main())"


class Hosted:
    """A supervisor of bus and api."""

    def __init__(self, root: Path, port: int) -> None:
        self.state = State(root / "state")
        self.state.create(SUPERVISORS)
        migrated_database(self.state.root / "decnet.db")
        self.socket = self.state.run_of("api") / "api.socket"
        self.port = port
        self.process = subprocess.Popen(
            [sys.executable, "-c", SUPERVISE, "bus", "face", "--omit", "web"],
            env={
                **os.environ,
                "DECNET_STATE_DIR": str(self.state.root),
                "DECNET_RUNTIME_PARK_SECONDS": "0.5",
                "DECNET_API_LISTEN": f"127.0.0.1:{port}",
            },
        )

    def status(self) -> Status | None:
        reports = read_status_files(self.state.supervisors)
        return next((one for report in reports for one in report.workers if one.name == "api"), None)

    def until(self, phase: Phase) -> Status:
        deadline = time.monotonic() + PATIENCE
        while True:
            status = self.status()
            if status is not None and status.phase is phase:
                return status
            assert time.monotonic() < deadline, f"api is not {phase}: {status}"
            time.sleep(0.05)

    def ask(self, *, over_tcp: bool, path: str = "workers") -> httpx.Response:
        """Return the answer. On a busy machine the supervisor turns away who has waited for it for too long, and api
        says 503 when the document is not made in time.
        """
        deadline = time.monotonic() + PATIENCE
        while True:
            transport = None if over_tcp else httpx.HTTPTransport(uds=str(self.socket))
            with httpx.Client(transport=transport, timeout=PATIENCE, verify=False) as client:  # nor reads certificates
                with contextlib.suppress(httpx.TransportError):
                    answer = client.get(f"http://127.0.0.1:{self.port}/api/v1/{path}")
                    if answer.status_code != 503:
                        return answer
                assert time.monotonic() < deadline
            time.sleep(0.05)  # or it would take the processor from what it waits for

    def end(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(PATIENCE) == 0


@pytest.fixture(scope="module")
def hosted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hosted]:
    hosted = Hosted(tmp_path_factory.mktemp("hosted"), free_port())
    try:
        yield hosted
        hosted.end()
    finally:
        hosted.process.kill()
        hosted.process.wait()


@pytest.mark.parametrize("over_tcp", [False, True])
def test_a_client_starts_it_again(hosted: Hosted, over_tcp: bool) -> None:
    wakes = hosted.until(Phase.PARKED).wakes
    assert hosted.ask(over_tcp=over_tcp).status_code == 401
    assert hosted.until(Phase.PARKED).wakes > wakes


def test_its_socket_is_for_its_group(hosted: Hosted) -> None:
    hosted.until(Phase.PARKED)
    assert hosted.socket.stat().st_mode & 0o777 == 0o660


async def test_it_serves_the_whole_document_without_the_routes_in_its_memory(hosted: Hosted) -> None:
    document = hosted.ask(over_tcp=True, path="openapi.json").json()
    assert document["openapi"].startswith("3.1")
    (kept,) = hosted.socket.parent.glob("openapi-*.json")
    assert json.loads(kept.read_text()) == document
    whole, lazy = make_application(None), make_application(None, lazily=True)
    assert document == whole.openapi()
    for one in operations(whole):
        await lazy.state.routes.router_of(one.path)
    assert document == lazy.openapi(), "routes that are imported when they are asked for are the same"
