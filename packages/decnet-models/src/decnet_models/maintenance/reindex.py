# SPDX-License-Identifier: MIT
"""Rebuilds damaged indexes when an operator asks for it, also after an attempt of the workers has failed."""

from decnet_models.database.engine import sqlite_file
from decnet_models.errors import DatabaseError
from decnet_models.repair.attempts import RepairError
from decnet_models.repair.reindex import Rebuilt, rebuild


def reindex(url: str) -> Rebuilt:
    """Rebuild the damaged indexes of the SQLite database at `url`; raises DatabaseError."""
    file = sqlite_file(url)
    if file is None:
        raise DatabaseError("on PostgreSQL, run REINDEX DATABASE as the owner of the database")
    if not file.exists():
        raise DatabaseError(f"there is no file {file}")
    try:
        return rebuild(file, again=True)
    except RepairError as error:
        raise DatabaseError(str(error)) from error
