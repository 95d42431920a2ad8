# SPDX-License-Identifier: MIT
"""What nats-core's tests import as `nats.server`, which is in no distribution: here it starts our broker."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from broker_thread import BROKERS, listening, user  # type: ignore[import-not-found]  # on the path of the suites

CONFIGS: dict[str, dict[str, Any]] = {
    "server_auth_token.conf": {"tcp_token": "test_token_123"},
    "server_auth_user_pass.conf": {"roles": (user("testuser", "testpass"),)},
    "server_ping.conf": {"ping_seconds": 0.5},
}
"""What corresponds to configuration files of the tests; what the other files ask for we do not offer."""


class Server:
    """A running broker."""

    def __init__(self, host: str, port: int, settings: dict[str, Any]) -> None:
        shown = f"[{host}]" if ":" in host else host
        self.host = host
        self._broker = BROKERS.start(listening(f"{shown}:{port}", **settings))
        self.port = self._broker.tcp_port
        self.client_url = f"nats://{shown}:{self.port}"

    async def shutdown(self) -> None:
        await asyncio.to_thread(BROKERS.stop, self._broker)


async def run(config_path: str = "", host: str = "127.0.0.1", port: int = 0, timeout: float = 0) -> Server:
    config = Path(config_path).name
    if config and config not in CONFIGS:
        pytest.skip(f"not offered: {config}")
    return await asyncio.to_thread(Server, host, port, CONFIGS.get(config, {}))


async def run_cluster(size: int) -> None:
    pytest.skip("not offered: clusters")
