# SPDX-License-Identifier: MIT
"""Makes canary tokens and the URLs or host names under which they are reached."""

import time

import msgspec
from sqlalchemy import Connection

from decnet.fleet.deployment import Deployment, transaction
from decnet_core.canary import TokenKind, canary_key, mint
from decnet_models.canary import queries
from decnet_models.canary.queries import CanaryToken
from decnet_workers.canary.settings import CanarySettings

FIRST_LABEL = "made by the first decnet up"


class Planted(msgspec.Struct, frozen=True):
    """A token with the URL or host name to plant."""

    token: str
    kind: str
    label: str
    place: str
    created_at: int


def new_token(connection: Connection, deployment: Deployment, kind: TokenKind, label: str) -> Planted:
    """Create a token of `kind`; `label` says where it is planted. Raises KeyFileError."""
    slug = mint(canary_key(deployment.state.keys), kind)
    return _planted(deployment, queries.add_token(connection, slug, label, now_ns=time.time_ns()))


def planted(connection: Connection, deployment: Deployment, limit: int) -> list[Planted]:
    """Return the tokens, newest first."""
    return [_planted(deployment, token) for token in queries.tokens(connection, limit)]


def first_tokens(deployment: Deployment) -> list[Planted]:
    """Return the tokens to show for a fleet: its first, else its newest. A new fleet gets a URL and a DNS token.

    Raises OperatorError when the database cannot be used.
    """
    with transaction(deployment) as connection:
        tokens = planted(connection, deployment, limit=1000)
    if tokens:
        return ([token for token in tokens if token.label == FIRST_LABEL] or tokens)[1::-1]
    with transaction(deployment, write=True) as connection:
        return [new_token(connection, deployment, kind, FIRST_LABEL) for kind in (TokenKind.URL, TokenKind.DNS)]


def _planted(deployment: Deployment, token: CanaryToken) -> Planted:
    settings = deployment.settings.section("canary", CanarySettings)
    where = settings.url_of(token.token, token.kind)
    return Planted(token.token, token.kind.value, token.label, where, token.created_at)
