# SPDX-License-Identifier: MIT
"""Lists of canary tokens, with how often each was used, and of the kinds that can be made."""

import msgspec
from sqlalchemy import Connection

from decnet.canary.kinds.registry import MODULES, kind_named
from decnet.canary.tokens import Planted, planted
from decnet.fleet.deployment import Deployment
from decnet_models.attackers.profile import TokenHits
from decnet_models.attackers.queries import hits_by_token


class Listed(msgspec.Struct, frozen=True):
    """A token and how often it was used."""

    planted: Planted
    hits: TokenHits | None


class KindShown(msgspec.Struct, frozen=True):
    """A kind of token."""

    kind: str
    trips: str
    reveals: str


def listed_tokens(connection: Connection, deployment: Deployment, limit: int) -> list[Listed]:
    """Return tokens, newest first, with their hits."""
    hits = hits_by_token(connection)
    return [Listed(one, hits.get(one.token)) for one in planted(connection, deployment, limit)]


def known_kinds() -> list[KindShown]:
    """Return the kinds of tokens; loads the modules of all."""
    return [KindShown(name, kind_named(name).trips, kind_named(name).reveals) for name in MODULES]
