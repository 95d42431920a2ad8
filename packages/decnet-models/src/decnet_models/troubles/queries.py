# SPDX-License-Identifier: MIT
"""Queries of the fleet's troubles, and of what is looked at to find them."""

from sqlalchemy import Connection, delete, func, insert, select

from decnet_models.swarm.tables import enrolment, sensor
from decnet_models.troubles.tables import trouble

Key = tuple[str, str]
"""Kind and subject."""


def told(connection: Connection) -> dict[Key, int]:
    """Return the troubles that have not ended, with the time since when they are known."""
    return {(row.kind, row.subject): row.since for row in connection.execute(select(trouble))}


def begin(connection: Connection, key: Key, since: int) -> None:
    connection.execute(insert(trouble).values(kind=key[0], subject=key[1], since=since))


def end(connection: Connection, key: Key) -> None:
    connection.execute(delete(trouble).where(trouble.c.kind == key[0], trouble.c.subject == key[1]))


def certificate_ends(connection: Connection) -> dict[str, int]:
    """Return for each sensor that was not revoked when the newest certificate ends that it may use (ns)."""
    latest = func.max(enrolment.c.not_after)
    joined = enrolment.join(sensor, sensor.c.name == enrolment.c.sensor)
    query = select(enrolment.c.sensor, latest).select_from(joined).where(sensor.c.revoked_at.is_(None))
    return dict(tuple(row) for row in connection.execute(query.group_by(enrolment.c.sensor)))
