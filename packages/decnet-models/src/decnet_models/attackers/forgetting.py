# SPDX-License-Identifier: MIT
"""Removes attackers who turned out to be nobody's enemy, and their part in what is summed over all attackers."""

from collections.abc import Sequence

from sqlalchemy import Connection, delete, func, select, update

from decnet_models.attackers.tables import attacker, credential, credential_use
from decnet_models.database.statements import parts

_SUMMED = {
    "uses": func.sum(credential_use.c.uses),
    "accepted": func.sum(credential_use.c.accepted),
    "first_seen": func.min(credential_use.c.first_seen),
    "last_seen": func.max(credential_use.c.last_seen),
}


def forget(connection: Connection, attackers: Sequence[str]) -> None:
    """Delete the attackers with all their rows, and compute anew what others did with their credentials."""
    tried = set[str]()
    for part in parts(attackers):
        theirs = select(credential_use.c.credential).distinct().where(credential_use.c.attacker.in_(part))
        tried.update(connection.execute(theirs).scalars())
        connection.execute(delete(attacker).where(attacker.c.ip.in_(part)))
    for digest in sorted(tried):
        _sum_up(connection, digest)


def _sum_up(connection: Connection, digest: str) -> None:
    rest = connection.execute(select(*_SUMMED.values()).where(credential_use.c.credential == digest)).one()
    this = credential.c.digest == digest
    if rest[0] is None:
        connection.execute(delete(credential).where(this))
    else:
        connection.execute(update(credential).where(this).values(**dict(zip(_SUMMED, rest, strict=True))))
