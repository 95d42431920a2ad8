# SPDX-License-Identifier: MIT
"""Queries of the sensor hosts; times are ns since the Unix epoch.

Who may send, and since when, stands in the registry of the authority (`decnet_swarm.pki`), not here.
"""

import msgspec
from sqlalchemy import Connection, insert, select

from decnet_core.text import for_column
from decnet_models.swarm.tables import sensor


class Sensor(msgspec.Struct, frozen=True):
    """A sensor host; one that never enrolled is only known by name."""

    name: str
    description: str
    role: str
    updated_at: int


def sensors(connection: Connection) -> list[Sensor]:
    """Return every sensor host, also revoked ones, by name."""
    return [Sensor(*row) for row in connection.execute(select(sensor).order_by(sensor.c.name))]


def add_sensor(connection: Connection, name: str, description: str, *, now_ns: int) -> None:
    """Name a sensor host before it enrols, so that deckies can be planned on it; IntegrityError if it is named."""
    values = {"description": for_column(description), "role": "", "updated_at": now_ns}
    connection.execute(insert(sensor).values(name=name, **values))
