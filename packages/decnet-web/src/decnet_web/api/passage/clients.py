# SPDX-License-Identifier: MIT
"""Who the client is behind trusted proxies: X-Forwarded-For and -Proto, read from the nearest on.

Trusted are whoever may use the UNIX socket, which is `web` or a local proxy, and the networks of `forwarded_allow`.
"""

from __future__ import annotations

from collections.abc import Sequence

from starlette.types import ASGIApp, Receive, Scope, Send

from decnet_core.net.addresses import Network, lies_in, parse_address

LOCAL = "local"
"""In place of an address: a client of the UNIX socket that no proxy has named."""

_MOST_HOPS = 20


class Clients:
    """Sets `scope["client"]` and `scope["scheme"]` to those of the client."""

    def __init__(self, app: ASGIApp, trusted: Sequence[Network]) -> None:
        self._app = app
        self._trusted = tuple(trusted)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            self._resolve(scope)
        await self._app(scope, receive, send)

    def _resolve(self, scope: Scope) -> None:
        peer = scope.get("client")
        if peer is not None and not lies_in(peer[0], self._trusted):
            return
        found = {b"x-forwarded-for": "", b"x-forwarded-proto": ""}
        for name, value in scope["headers"]:
            if name in found:
                found[name] = f"{found[name]},{value.decode('latin-1')}"
        nearest = self._nearest(found[b"x-forwarded-for"]) or (peer[0] if peer else LOCAL)
        scope["client"] = (nearest, 0)
        scheme = found[b"x-forwarded-proto"].rpartition(",")[2].strip().lower()
        if scheme in ("http", "https"):
            scope["scheme"] = scheme

    def _nearest(self, hops: str) -> str:
        """Return the last address that is no trusted proxy's; what a client itself wrote before it is not believed."""
        best = ""
        for hop in [text.strip() for text in hops.split(",") if text.strip()][: -_MOST_HOPS - 1 : -1]:
            address = parse_address(hop)
            if address is None:
                break
            best = str(address)
            if not lies_in(best, self._trusted):
                break
        return best
