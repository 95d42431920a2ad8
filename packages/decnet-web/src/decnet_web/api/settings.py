# SPDX-License-Identifier: MIT
"""Settings of `api`."""

from __future__ import annotations

from typing import Annotated, Literal

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
    max_connections: Annotated[int, msgspec.Meta(ge=1, le=65536)] = 512
    """Connections to `listen`, and as many to the UNIX socket, where each request of the dashboard takes one: no fewer
    than `[web] max_connections`, therefore. When they are taken, a newcomer to `listen` gets the place of a connection
    that owes a request, of the source with most of them; where all wait for an answer, it is closed at once and
    counted."""
    max_connections_per_source: Annotated[int, msgspec.Meta(ge=1, le=65536)] = 256
    """Of these, from one source: an IPv4 address or an IPv6 /64. A trusted proxy has no such limit."""
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
    oidc_issuer: str = ""
    """Issuer of an OpenID Connect provider for log-ins, e.g. "https://id.example.net/realms/main"; empty: none."""
    oidc_client_id: str = ""
    """The name by which the provider knows this fleet; its redirect URI is /api/v1/session/oidc/callback."""
    oidc_client_secret_file: str = ""
    """File with the secret for the provider, which api must be able to read; empty: a public client, by PKCE alone."""
    oidc_name: str = "Single sign-on"
    """What the log-in page calls the provider."""
    oidc_scopes: tuple[str, ...] = ("openid", "profile", "email")
    """The scopes that are asked for."""
    oidc_user_claim: str = "preferred_username"
    """The claim that a new account is named after; a verified address of mail is the second choice."""
    oidc_role_claim: str = "groups"
    """The claim with the user's groups or roles."""
    oidc_roles: dict[str, Literal["viewer", "analyst", "admin"]] = {}
    """The role of each group, e.g. { soc = "analyst", soc-leads = "admin" }; "*" is everybody; others are refused."""
    oidc_allow_private: bool = False
    """Whether the provider may have a private or loopback address."""
    oidc_ca_file: str = ""
    """PEM file of the authorities for the provider's certificate; empty: the system's."""
    documentation: bool = True
    """Whether the OpenAPI document is served, at /api/v1/openapi.json."""


def trusted_networks(settings: ApiSettings) -> tuple[Network, ...]:
    """Return the networks of `forwarded_allow`; raises ValueError."""
    try:
        return tuple(parse_network(text) for text in settings.forwarded_allow)
    except ValueError as error:
        raise ValueError(f"forwarded_allow: {error}") from error
