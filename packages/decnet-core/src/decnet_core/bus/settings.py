# SPDX-License-Identifier: MIT
"""Section `[bus]`: where the bus is, and the limits of the embedded broker."""

from __future__ import annotations

from pathlib import Path

import msgspec


class BusSettings(msgspec.Struct, frozen=True):
    """Section `[bus]`: `url` is read by every worker, the rest by the broker."""

    url: str = ""
    """unix:///path, nats://[user:password@|token@]host:port or tls://...; empty: the embedded broker of this state directory."""

    def client_url(self, socket: Path) -> str:
        """Return the URL that clients connect to; `socket` is the embedded broker's."""
        return self.url or f"unix://{socket}"

    @property
    def embedded(self) -> bool:
        """Whether the fleet runs its own broker."""
        return not self.url
