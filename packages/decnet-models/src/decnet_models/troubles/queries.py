# SPDX-License-Identifier: MIT
"""Queries of the fleet's troubles."""

from sqlalchemy import Connection, delete, insert, select

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
