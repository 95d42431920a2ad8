# SPDX-License-Identifier: MIT
"""Tells without a database library whether an SQLite file has this version's schema, and where its logs end.

`decnet up` asks this at every start, in the process that all workers are forked from. It may fail to tell: then
`decnet_models.database.schema` decides.
"""

import contextlib
import sqlite3
from pathlib import Path
from urllib.parse import quote

import msgspec

from decnet_models.migrations.chain import newest_revision

_SQLITE = "sqlite:///"


class Ends(msgspec.Struct, frozen=True):
    """The `seq` of the newest event and of the newest notice; 0: there is none."""

    event: int
    notice: int


def ends_of(url: str) -> Ends | None:
    """Return the ends of a database at this version's newest revision; None when that cannot be told now."""
    path = Path(url.removeprefix(_SQLITE))
    if not url.startswith(_SQLITE) or "?" in url or not path.is_file():
        return None
    try:
        with contextlib.closing(sqlite3.connect(f"file:{quote(str(path))}?mode=rw", uri=True, timeout=0)) as connection:
            if connection.execute("SELECT version_num FROM alembic_version").fetchall() != [(newest_revision(),)]:
                return None
            found = connection.execute("SELECT (SELECT max(seq) FROM event), (SELECT max(seq) FROM notice)").fetchone()
            return Ends(*(seq or 0 for seq in found))
    except sqlite3.Error:
        return None
