# SPDX-License-Identifier: MIT
"""Which scope a token needs for a route: by the route's role, its tags and the method."""

from __future__ import annotations

from collections.abc import Collection

from decnet_models.accounts.queries import Role
from decnet_web.api.accounts.transport import SAFE

MANAGED = frozenset({"accounts", "users", "tokens", "audit"})
"""Tags of what only the scope `manage` may even look at."""


def needed(method: str, role: Role, tags: Collection[str]) -> str:
    """Return the scope for a route that asks for `role`."""
    if MANAGED.intersection(tags):
        return "manage"
    if method in SAFE:
        return "read"
    return "deploy" if role == "admin" else "decide"


def allows(scopes: Collection[str], scope: str) -> bool:
    """Return whether a token with `scopes` may use a route of `scope`; one without any may do what its role may."""
    return not scopes or scope in scopes
