# SPDX-License-Identifier: MIT
"""The own tests of nats-py and nats-core for core NATS pass against our broker, but for what is listed here."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.decnet_core.bus.oracles import client_suites

pytestmark = [
    pytest.mark.oracle,
    pytest.mark.skipif(os.geteuid() != 0, reason="a network namespace needs root"),
]

MONITORING = {f"test_client.ClientTest::{name}" for name in ("test_publish", "test_subscribe", "test_unsubscribe")}
"""Of nats-py: they read numbers from nats-server's monitoring port, which is no part of the protocol, and must fail."""
IN_TIME = {"test_client.ClientTest::test_connect_after_close", "test_client.ClientDrainTest::test_drain_connection"}
"""Of nats-py: they want an answer within 10 ms, or before a subscriber reads on; a busy machine may not give it."""


async def test_nats_py(tmp_path: Path) -> None:
    python = client_suites.fetch(tmp_path, client_suites.NATS_PY)
    outcome = client_suites.nats_py(python, tmp_path)
    assert outcome.failed - IN_TIME == MONITORING, outcome.output
    assert outcome.passed + len(outcome.failed) == 102
    assert dict(outcome.skipped) == {"not offered: TLS": 11, "not offered: clusters": 7}


async def test_nats_core(tmp_path: Path) -> None:
    python = client_suites.fetch(tmp_path, client_suites.NATS_CORE)
    outcome = client_suites.nats_core(python, tmp_path)
    assert not outcome.failed, outcome.output
    assert outcome.passed == 152
    not_offered = {"clusters": 2, "server_auth_nkey.conf": 10, "server_auth_jwt.conf": 10}
    skipped = {reason.removeprefix("not offered: "): count for reason, count in outcome.skipped.items()}
    ipv6 = [reason for reason in skipped if reason.startswith("IPv6 not available")]  # nats-server listens on both
    assert len(ipv6) == 1
    assert {reason: count for reason, count in skipped.items() if reason not in ipv6} == not_offered
