# SPDX-License-Identifier: MIT
"""The modules whose `router` the application includes; each engineer of a resource adds its line."""

from __future__ import annotations

ACCOUNTS: tuple[str, ...] = ("decnet_web.api.accounts.routes.session",)
"""Log-in, sessions, tokens, users, audit."""

FINDINGS: tuple[str, ...] = tuple(
    f"decnet_web.api.routes.findings.{name}"
    for name in ("events", "attackers", "sessions", "credentials", "techniques", "files")
)
"""What the fleet has seen."""

FLEET: tuple[str, ...] = (
    "decnet_web.api.routes.fleet.workers.routes",
    "decnet_web.api.routes.fleet.deckies.routes",
    "decnet_web.api.routes.fleet.deckies.plans",
    "decnet_web.api.routes.fleet.deckies.catalogues",
    "decnet_web.api.routes.fleet.canaries.instrumenting",
    "decnet_web.api.routes.fleet.canaries.routes",
)
"""What the fleet consists of."""

RESPONSE: tuple[str, ...] = ()
"""What people do about it."""

LIVE: tuple[str, ...] = (
    "decnet_web.api.live.stream.routes",
    "decnet_web.api.live.metrics",
    "decnet_web.api.live.health",
)
"""Stream, metrics, health."""

BELOW_API = (*ACCOUNTS, *FINDINGS, *FLEET, *RESPONSE, *LIVE)
"""Included below /api/v1."""

AT_ROOT: tuple[str, ...] = ("decnet_web.api.live.metrics", "decnet_web.api.live.health")
"""Included at the root: their `root_router`."""
