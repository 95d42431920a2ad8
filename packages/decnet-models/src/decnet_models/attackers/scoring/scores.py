# SPDX-License-Identifier: MIT
"""The threat scores of attackers, for who needs nothing else of them."""

from collections.abc import Collection

from sqlalchemy import Connection, select

from decnet_models.attackers.tables import attacker
from decnet_models.database.rows.row_select import RowSelect, listed
from decnet_models.database.statements import parts


def scores_of(connection: Connection, attackers: Collection[str]) -> dict[str, int]:
    """Return the scores of those of the attackers that profiler has a row of."""
    return {ip: score for part in parts(attackers) for ip, score in _SCORES.rows(connection, attackers=part)}


_SCORES = RowSelect(
    lambda connection: select(attacker.c.ip, attacker.c.score).where(listed(connection, attacker.c.ip, "attackers"))
)
