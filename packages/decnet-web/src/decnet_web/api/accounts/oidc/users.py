# SPDX-License-Identifier: MIT
"""Which account a provider's user has, and with which role.

A user is known by issuer and `sub`, never by name or address, which providers let people choose: an account that exists
here is not taken over by somebody who is called the same there. A first log-in adds an account. The role is that of the
claim at each log-in, so that somebody who leaves a group there loses its rights here.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from decnet.access import users
from decnet.access.names import account_name
from decnet.cli.errors import OperatorError, WrongUsageError
from decnet_models.accounts import entrances, queries
from decnet_models.accounts.queries import ROLES, Account, Role
from decnet_web.api.accounts.oidc.errors import OidcError

EVERYBODY = "*"
"""In the settings in place of a group: everybody whom the provider lets in."""


def role_of(claims: Mapping[str, Any], claim: str, roles: Mapping[str, Role]) -> Role:
    """Return the highest role of the groups in a claim; raises OidcError for somebody who has none."""
    value = claims.get(claim)
    named = [value] if isinstance(value, str) else value if isinstance(value, list) else []
    groups = {one for one in named if isinstance(one, str)}
    found = [role for group, role in roles.items() if group == EVERYBODY or group in groups]
    if not found:
        raise OidcError("no_role", f"no group in the claim {claim!r} has a role in [api] oidc_roles")
    return max(found, key=ROLES.index)


def account_of(connection: Connection, issuer: str, claims: Mapping[str, Any], claim: str, role: Role) -> Account:
    """Return the account of a provider's user with its present role, added if there is none; raises OidcError."""
    subject, now = str(claims["sub"]), time.time_ns()
    known = entrances.account_of_subject(connection, issuer, subject)
    account = queries.account_of(connection, known) if known else None
    if account is None:
        return _added(connection, issuer, claims, claim, role)
    if account.disabled_at is not None:
        raise OidcError("disabled", f"{account.name} is disabled")
    entrances.touch_subject(connection, issuer, subject, now_ns=now)
    if account.role != role:
        try:
            account = users.set_role(connection, account.name, role)
        except OperatorError as error:
            raise OidcError("no_role", str(error)) from error
    return account


def _added(connection: Connection, issuer: str, claims: Mapping[str, Any], claim: str, role: Role) -> Account:
    name = _name(claims, claim)
    if queries.account_named(connection, name) is not None:
        raise OidcError("name_taken", f"there is a user {name!r} already, who is not the provider's")
    account = users.add(connection, name, role)
    entrances.add_subject(connection, issuer, str(claims["sub"]), account.id, now_ns=time.time_ns())
    return account


def _name(claims: Mapping[str, Any], claim: str) -> str:
    """Return the first of the claims that can be a name here; raises OidcError."""
    wrong = f"there is no claim {claim!r}"
    for one in dict.fromkeys((claim, "email")):
        value = claims.get(one)
        if isinstance(value, str) and (one != "email" or claims.get("email_verified") is True):
            try:
                return account_name(value)
            except WrongUsageError as error:
                wrong = str(error)
    raise OidcError("name_unusable", wrong)
