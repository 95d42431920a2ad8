# SPDX-License-Identifier: MIT
"""Users and tokens of a remote master; for tokens of administrators."""

import time
from collections.abc import Sequence
from typing import Any

from decnet.access import tokens
from decnet.access.links import Made
from decnet.access.tokens import Minted
from decnet.access.users import MOST, User
from decnet.remote.client import Remote, place
from decnet.remote.converting import struct_of, structs_of, text_of
from decnet_models.accounts.queries import Token

_MOST_TOKENS = 100_000


def users(remote: Remote) -> list[User]:
    """Return users by name."""
    return structs_of(remote.listed("/users", MOST), User)


def add(remote: Remote, name: str, role: str) -> Made:
    """Add a user; return a link that logs the user in once."""
    return struct_of(remote.send("POST", "/users", {"name": name, "role": role})["link"], Made)


def link(remote: Remote, name: str) -> Made:
    """Return a link that logs the user in once; raises NotFoundError."""
    return struct_of(remote.send("POST", f"{_path(name)}/link"), Made)


def change(remote: Remote, name: str, **said: Any) -> User:
    """Change a user's `role`, or whether the user is `enabled`; return the user. Raises NotFoundError."""
    return struct_of(remote.send("PATCH", _path(name), said), User)


def reset(remote: Remote, name: str) -> tuple[str, Made | None]:
    """Take away all that a user logs in with; return the user's name and a link, None for a disabled one."""
    done = remote.send("POST", f"{_path(name)}/reset")
    return done["user"]["name"], struct_of(done["link"], Made) if done["link"] else None


def remove(remote: Remote, name: str) -> str:
    """Remove a user; return the name. Raises NotFoundError."""
    found = remote.get(_path(name))
    remote.send("DELETE", _path(name))
    return str(found["name"])


def all_tokens(remote: Remote) -> list[tuple[Token, str]]:
    """Return everybody's tokens, newest first, each with the name of its user."""
    rows = remote.listed("/tokens", _MOST_TOKENS, everybody=True)
    return [(_token(row), row["user"]) for row in rows]


def mint(
    remote: Remote, user: str, name: str, *, role: str | None, scopes: Sequence[str], expires_at: int | None
) -> Minted:
    """Make a token on behalf of a user."""
    tokens.refuse_unknown(scopes)
    until = None if expires_at is None else text_of(expires_at)
    asked = {"user": user, "name": name, "role": role, "scopes": list(scopes), "expires_at": until}
    made = remote.send("POST", "/tokens", asked)
    return Minted(made["secret"], _token(made["token"]))


def revoke(remote: Remote, named: str) -> Token:
    """Revoke the token whose id, or first characters, are `named`; raises NotFoundError, OperatorError."""
    found = tokens.named([one for one, _ in all_tokens(remote)], named, time.time_ns())
    remote.send("DELETE", f"/tokens/{found.digest}")
    return found


def _token(row: dict[str, Any]) -> Token:
    return struct_of({**row, "digest": row["id"]}, Token)


def _path(name: str) -> str:
    return f"/users/{place(name)}"
