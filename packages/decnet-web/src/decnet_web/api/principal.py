# SPDX-License-Identifier: MIT
"""Who makes a request."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

import msgspec

from decnet_models.accounts.queries import ROLES, Role


class Holder(msgspec.Struct, frozen=True):
    """The account on whose behalf a request is made."""

    id: UUID
    name: str


class Principal(msgspec.Struct, frozen=True):
    """An authenticated account, its role in this request, and how it was authenticated."""

    account: Holder
    role: Role
    means: Literal["session", "token"]
    scopes: frozenset[str] = frozenset()
    address: str | None = None
    """The address that the request came from, behind trusted proxies the client's."""
    digest: str = ""
    """The SHA-256 of the cookie or token."""

    def may(self, role: Role) -> bool:
        """Return whether its role is `role` or a higher one."""
        return ROLES.index(self.role) >= ROLES.index(role)
