# SPDX-License-Identifier: MIT
"""Which schema this version needs, and whether a database has it; without loading Alembic."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from decnet_models.errors import NotMigratedError

VERSIONS = Path(__file__).parent / "migrations" / "versions"


def newest_revision() -> str:
    """Return the last migration's name; they are numbered (`0002_attackers.py`) and form one chain."""
    return max(file.stem for file in VERSIONS.glob("[0-9]*.py"))


def current_revision(connection: Connection) -> str | None:
    """Return the migration that the database was last upgraded to, None for an empty one."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return revision


def require_current(connection: Connection) -> None:
    """Raise NotMigratedError unless the database has exactly this version's tables."""
    has, needs = current_revision(connection), newest_revision()
    if has == needs:
        return
    if has is not None and has > needs:
        raise NotMigratedError(
            f"the database is at {has}, newer than this version's {needs}; install the newer version"
        )
    raise NotMigratedError(f"the database is at {has or 'nothing'}, not {needs}; run `decnet-db upgrade`")
