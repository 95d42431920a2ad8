# SPDX-License-Identifier: MIT
"""The sensor hosts as SQLModel classes."""

from decnet_models.swarm import tables
from decnet_models.table_model import TableModel


class Sensor(TableModel, table=True):
    """A host that sends events."""

    __table__ = tables.sensor

    name: str
    """The name of the sensor."""
    description: str
    """Where it is and whose it is, in the operator's words."""
    role: str
    """Empty: what a sensor may do stands in its certificate."""
    updated_at: int
    """When the row was last changed."""
