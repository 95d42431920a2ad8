# SPDX-License-Identifier: MIT
"""The fleet's troubles as a SQLModel class."""

from decnet_models.table_model import TableModel
from decnet_models.troubles import tables


class Trouble(TableModel, table=True):
    """A trouble of the fleet that has not ended."""

    __table__ = tables.trouble

    kind: str
    """The kind of the notice that told it, e.g. worker.down, disk.low, sensor.silent."""
    subject: str
    """What is in trouble: the worker, the directory, the sensor, the database."""
    since: int
    """When it was told."""
