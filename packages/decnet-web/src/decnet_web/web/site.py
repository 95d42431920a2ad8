# SPDX-License-Identifier: MIT
"""What all connections of the worker share: settings, files, limits and counters."""

from __future__ import annotations

import asyncio
from pathlib import Path

from decnet_core.net.places import Places
from decnet_core.runtime.counters import Counters
from decnet_web.web.files import Files
from decnet_web.web.hosts import Hosts
from decnet_web.web.settings import WebSettings, listen_address

STATIC = Path(__file__).parent / "static"
"""Where the build puts the dashboard (`hatch_build.py`)."""


class Site:
    """One server: all its connections count against the same limits."""

    def __init__(self, settings: WebSettings, api_socket: Path, counters: Counters, static: Path = STATIC) -> None:
        """Raises WebSettingsError."""
        self.settings = settings
        self.api_socket = api_socket
        self.counters = counters
        self.proxies = settings.proxies()
        self.files = Files(static)
        self.hosts = Hosts(listen_address(settings.listen)[0] if settings.listen else "", settings.hosts)
        self.connections = Places(settings.max_connections, settings.max_connections_per_source)
        self.open: set[asyncio.WriteTransport] = set()
        """Connections to close when the worker stops."""
        self.waiting: set[asyncio.WriteTransport] = set()
        """Those of them whose first request, or a further one, has not been answered yet."""
        self.came = 0
        """How many connections there were."""
        self.stopping = False
        counters.read_from(
            lambda: {"connections": self.connections.open, "connections_evicted": self.connections.evicted}
        )
