# SPDX-License-Identifier: MIT
"""The threat scores of attackers, for who needs nothing else of them."""

from collections.abc import Collection

from sqlalchemy import Connection, select

from decnet_models.attackers.tables import attacker
from decnet_models.database.statements import among, parts


def scores_of(connection: Connection, attackers: Collection[str]) -> dict[str, int]:
    """Return the scores of those of the attackers that profiler has a row of."""
    query = select(attacker.c.ip, attacker.c.score)
    return {
        ip: score
        for part in parts(attackers)
        for ip, score in connection.execute(query.where(among(connection, attacker.c.ip, part)))
    }
