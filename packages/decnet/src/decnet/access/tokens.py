# SPDX-License-Identifier: MIT
"""Tokens of programs: made, shown once, listed and revoked.

A token has at most the role of its account, and may be limited to scopes: `read` looks; `decide` does what analysts
do; `deploy` changes the fleet, as administrators do; `manage` is for users, tokens and the audit.
"""

import time
from collections.abc import Iterable, Sequence

import msgspec
from sqlalchemy import Connection

from decnet.access.secrets import SHOWN, digest, new_token
from decnet.cli.errors import NotFoundError, OperatorError, WrongUsageError
from decnet.cli.labels import label
from decnet_models.accounts import queries
from decnet_models.accounts.queries import ROLES, Account, Role, Token

SCOPES = ("read", "decide", "deploy", "manage")
LONGEST_NAME = 100
MOST = 100
"""Valid tokens of an account."""


class Minted(msgspec.Struct, frozen=True):
    """A token that was just made; `secret` is shown this once."""

    secret: str
    token: Token


def mint(
    connection: Connection,
    owner: Account,
    name: str,
    *,
    role: Role | None = None,
    scopes: Sequence[str] = (),
    expires_at: int | None = None,
) -> Minted:
    """Make a token; without a role it has its account's. Raises OperatorError, WrongUsageError."""
    now = time.time_ns()
    name = _checked(owner, name, scopes)
    if role is not None and ROLES.index(role) > ROLES.index(owner.role):
        raise OperatorError(f"a token has at most the role of its account, which is {owner.role}")
    if len([one for one in queries.tokens_of(connection, owner.id, MOST * 10) if valid(one, now)]) >= MOST:
        raise OperatorError(f"{owner.name} has {MOST} tokens; revoke some first")
    secret = new_token()
    made = Token(
        digest=digest(secret),
        shown=secret[:SHOWN],
        account=owner.id,
        name=name,
        role=role or owner.role,
        created_at=now,
        expires_at=expires_at,
        scopes=tuple(scope for scope in SCOPES if scope in scopes),
    )
    queries.add_token(connection, made)
    return Minted(secret, made)


def valid(token: Token, now: int) -> bool:
    return token.revoked_at is None and (token.expires_at is None or token.expires_at > now)


def revoke(connection: Connection, name: str) -> Token:
    """Revoke the token whose digest, or first characters, are `name`, at once; raises NotFoundError, OperatorError."""
    now = time.time_ns()
    found = named(queries.all_tokens(connection, 100_000), name, now)
    queries.revoke(connection, found.digest, now_ns=now)
    return found


def named(everything: Iterable[Token], name: str, now: int) -> Token:
    """Return the valid token whose digest, or first characters, are `name`; raises NotFoundError, OperatorError."""
    found = [one for one in everything if name in (one.digest, one.shown) and valid(one, now)]
    if not found:
        raise NotFoundError(f"no valid token begins with {name[:64]!r}; decnet token list shows them")
    if len(found) > 1:
        raise OperatorError(f"{len(found)} tokens begin with {name[:64]!r}; name one by its id: decnet token list")
    return found[0]


def _checked(owner: Account, name: str, scopes: Sequence[str]) -> str:
    """Return the name as it is stored."""
    if owner.disabled_at is not None:
        raise OperatorError(f"{owner.name} is disabled; enable it first")
    name = label(name, "name of a token", LONGEST_NAME)
    if not name:
        raise WrongUsageError(f"say what the token is for, in 1 to {LONGEST_NAME} visible characters")
    refuse_unknown(scopes)
    return name


def refuse_unknown(scopes: Iterable[str]) -> None:
    """Raise WrongUsageError for a scope that there is not."""
    for scope in scopes:
        if scope not in SCOPES:
            raise WrongUsageError(f"{scope[:64]!r} is not a scope; known are {', '.join(SCOPES)}")
