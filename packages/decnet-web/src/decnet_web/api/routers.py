# SPDX-License-Identifier: MIT
"""The modules whose `router` the application includes; each engineer of a resource adds its line."""

from __future__ import annotations

ACCOUNTS: tuple[str, ...] = (
    "decnet_web.api.accounts.routes.session",
    "decnet_web.api.accounts.routes.account",
    "decnet_web.api.accounts.routes.passkeys",
    "decnet_web.api.accounts.routes.oidc",
    "decnet_web.api.accounts.routes.tokens",
    "decnet_web.api.accounts.routes.users",
    "decnet_web.api.accounts.routes.audit",
)
"""Log-in, sessions, tokens, users, audit."""

FINDINGS: tuple[str, ...] = tuple(
    f"decnet_web.api.routes.findings.{name}"
    for name in (
        *("overview", "events", "search", "attackers", "sessions", "credentials", "techniques", "files"),
        *("groups", "group_rulings", "intel", "reports"),
    )
)
"""What the fleet has seen."""

FLEET: tuple[str, ...] = (
    "decnet_web.api.routes.fleet.workers.routes",
    "decnet_web.api.routes.fleet.workers.status",
    "decnet_web.api.routes.fleet.deckies.routes",
    "decnet_web.api.routes.fleet.deckies.plans",
    "decnet_web.api.routes.fleet.deckies.catalogues",
    "decnet_web.api.routes.fleet.canaries.instrumenting",
    "decnet_web.api.routes.fleet.canaries.routes",
    "decnet_web.api.routes.fleet.webhooks.deliveries",
    "decnet_web.api.routes.fleet.webhooks.routes",
    "decnet_web.api.routes.fleet.sensors.routes",
    "decnet_web.api.routes.fleet.rules.routes",
    "decnet_web.api.routes.fleet.host.settings",
    "decnet_web.api.routes.fleet.host.database",
    "decnet_web.api.routes.fleet.host.upkeep",
)
"""What the fleet consists of."""

RESPONSE: tuple[str, ...] = tuple(
    f"decnet_web.api.routes.response.{name}" for name in ("incidents", "silences", "known")
)
"""What people do about it."""

LIVE: tuple[str, ...] = (
    "decnet_web.api.live.stream.routes",
    "decnet_web.api.live.metrics",
    "decnet_web.api.live.health",
    "decnet_web.api.live.policy_reports",
)
"""Stream, metrics, health."""

BELOW_API = (*ACCOUNTS, *FINDINGS, *FLEET, *RESPONSE, *LIVE)
"""Included below /api/v1."""

AT_ROOT: tuple[str, ...] = ("decnet_web.api.live.metrics", "decnet_web.api.live.health")
"""Included at the root: their `root_router`."""

OF_SEGMENT: dict[str, tuple[str, ...]] = {
    "/healthz": ("decnet_web.api.live.health",),
    "/metrics": ("decnet_web.api.live.metrics",),
    "/readyz": ("decnet_web.api.live.health",),
    "account": (
        "decnet_web.api.accounts.routes.account",
        "decnet_web.api.accounts.routes.passkeys",
    ),
    "attackers": ("decnet_web.api.routes.findings.attackers",),
    "audit": ("decnet_web.api.accounts.routes.audit",),
    "campaigns": (
        "decnet_web.api.routes.findings.groups",
        "decnet_web.api.routes.findings.group_rulings",
    ),
    "canaries": (
        "decnet_web.api.routes.fleet.canaries.instrumenting",
        "decnet_web.api.routes.fleet.canaries.routes",
    ),
    "credentials": ("decnet_web.api.routes.findings.credentials",),
    "database": ("decnet_web.api.routes.fleet.host.database",),
    "deckies": (
        "decnet_web.api.routes.fleet.deckies.routes",
        "decnet_web.api.routes.fleet.deckies.plans",
    ),
    "events": ("decnet_web.api.routes.findings.events",),
    "exports": ("decnet_web.api.routes.findings.reports",),
    "files": ("decnet_web.api.routes.findings.files",),
    "fleet": ("decnet_web.api.routes.fleet.deckies.plans",),
    "footprint": ("decnet_web.api.routes.fleet.workers.routes",),
    "healthz": ("decnet_web.api.live.health",),
    "identities": (
        "decnet_web.api.routes.findings.groups",
        "decnet_web.api.routes.findings.group_rulings",
    ),
    "images": ("decnet_web.api.routes.fleet.deckies.catalogues",),
    "incidents": ("decnet_web.api.routes.response.incidents",),
    "intel": ("decnet_web.api.routes.findings.intel",),
    "known": ("decnet_web.api.routes.response.known",),
    "metrics": ("decnet_web.api.live.metrics",),
    "mutations": ("decnet_web.api.routes.fleet.deckies.routes",),
    "orchestrator": ("decnet_web.api.routes.fleet.host.upkeep",),
    "overview": ("decnet_web.api.routes.findings.overview",),
    "personas": ("decnet_web.api.routes.fleet.deckies.catalogues",),
    "policy-reports": ("decnet_web.api.live.policy_reports",),
    "quarantine": ("decnet_web.api.routes.fleet.host.upkeep",),
    "readyz": ("decnet_web.api.live.health",),
    "replays": ("decnet_web.api.routes.fleet.host.upkeep",),
    "reports": ("decnet_web.api.routes.findings.reports",),
    "rules": ("decnet_web.api.routes.fleet.rules.routes",),
    "search": ("decnet_web.api.routes.findings.search",),
    "sensors": ("decnet_web.api.routes.fleet.sensors.routes",),
    "session": (
        "decnet_web.api.accounts.routes.session",
        "decnet_web.api.accounts.routes.passkeys",
        "decnet_web.api.accounts.routes.oidc",
    ),
    "sessions": ("decnet_web.api.routes.findings.sessions",),
    "settings": ("decnet_web.api.routes.fleet.host.settings",),
    "silences": ("decnet_web.api.routes.response.silences",),
    "status": ("decnet_web.api.routes.fleet.workers.status",),
    "stream": ("decnet_web.api.live.stream.routes",),
    "summary": ("decnet_web.api.routes.findings.reports",),
    "techniques": ("decnet_web.api.routes.findings.techniques",),
    "tokens": ("decnet_web.api.accounts.routes.tokens",),
    "users": ("decnet_web.api.accounts.routes.users",),
    "webhooks": (
        "decnet_web.api.routes.fleet.webhooks.deliveries",
        "decnet_web.api.routes.fleet.webhooks.routes",
    ),
    "workers": ("decnet_web.api.routes.fleet.workers.routes",),
}
"""Which modules have the paths below a first segment, `/NAME` at the root: they are imported when one is asked for.

tests/decnet_web/api/hosting/test_loading.py says which lines are wrong or missing.
"""
