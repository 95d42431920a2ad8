# SPDX-License-Identifier: MIT
"""Settings of `api`."""

from __future__ import annotations

from typing import Annotated

import msgspec

from decnet_core.net.addresses import Network, parse_network

KIB = 1 << 10


class ApiSettings(msgspec.Struct, frozen=True):
    """Section `[api]`."""

    listen: str = ""
    """Address and port for programs, such as "127.0.0.1:8081"; empty: only the UNIX socket run/api/api.socket."""
    certificate: str = ""
    """PEM file of the TLS certificate and its chain; empty: no TLS on `listen`."""
    certificate_key: str = ""
    """PEM file of the certificate's private key; empty: it is in the same file."""
    forwarded_allow: list[str] = []
    """Addresses or networks of proxies on `listen` whose X-Forwarded-For and -Proto are believed."""
    socket_mode: Annotated[str, msgspec.Meta(pattern="^0?[0-7]{3}$")] = "660"
    """Permissions of the UNIX socket, in octal digits."""
    max_body: Annotated[int, msgspec.Meta(ge=KIB, le=1 << 30)] = 1 << 20
    """Bytes of the largest request body."""
    max_depth: Annotated[int, msgspec.Meta(ge=4, le=200)] = 32
    """How deep arrays and objects in a JSON body may be nested."""
    requests_per_second: Annotated[float, msgspec.Meta(ge=0.1, le=100_000)] = 50.0
    """How many requests a second a principal, or an address without one, may make on average."""
    request_burst: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] = 500
    """How many requests it may make at once."""
    readers: Annotated[int, msgspec.Meta(ge=1, le=32)] = 3
    """Database threads that read."""
    session_idle_hours: Annotated[float, msgspec.Meta(gt=0, le=720)] = 8.0
    """How long a session of the dashboard may go unused."""
    session_hours: Annotated[float, msgspec.Meta(gt=0, le=8760)] = 168.0
    """How long a session of the dashboard lasts at most."""
    documentation: bool = True
    """Whether the OpenAPI document is served, at /api/v1/openapi.json."""


def trusted_networks(settings: ApiSettings) -> tuple[Network, ...]:
    """Return the networks of `forwarded_allow`; raises ValueError."""
    try:
        return tuple(parse_network(text) for text in settings.forwarded_allow)
    except ValueError as error:
        raise ValueError(f"forwarded_allow: {error}") from error
