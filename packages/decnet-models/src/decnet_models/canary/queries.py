# SPDX-License-Identifier: MIT
"""Queries of the canary tokens."""

import msgspec
from sqlalchemy import Connection, insert, select

from decnet_core.canary import Slug, TokenKind
from decnet_core.text import for_column
from decnet_models.canary.tables import canary_token


class CanaryToken(msgspec.Struct, frozen=True):
    """A planted token; `created_at` is nanoseconds since the Unix epoch."""

    token: str
    kind: TokenKind
    label: str
    created_at: int


def add_token(connection: Connection, slug: Slug, label: str, *, now_ns: int) -> CanaryToken:
    """Record that `slug` was planted where `label` says."""
    token = CanaryToken(slug.text, slug.kind, for_column(label, 255), now_ns)
    connection.execute(insert(canary_token).values(**{**msgspec.structs.asdict(token), "kind": slug.kind.value}))
    return token


def tokens(connection: Connection, limit: int = 1000) -> list[CanaryToken]:
    """Return up to `limit` tokens, newest first."""
    query = select(canary_token).order_by(canary_token.c.created_at.desc(), canary_token.c.token).limit(limit)
    return [CanaryToken(row.token, TokenKind(row.kind), row.label, row.created_at) for row in connection.execute(query)]


def label_of(connection: Connection, token: str) -> str | None:
    """Return where `token` (any case) was planted, None for one unknown to this database."""
    query = select(canary_token.c.label).where(canary_token.c.token == token.lower())
    label: str | None = connection.execute(query).scalar()
    return label
