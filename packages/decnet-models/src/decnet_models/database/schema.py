# SPDX-License-Identifier: MIT
"""Which schema this version needs, and whether a database has it; without loading Alembic.

A rolling upgrade has two phases, and a migration's file name tells its phase. `NNNN_after_WORDS` contracts: it removes
what the previous version still used. Every other migration expands: it only adds, so that the previous version keeps
working. Thus three schemas serve a version: its newest; that one without the contracting migrations at its end, which
wait until no older program runs; and a newer version's, as long as that has only expanded. The table `schema_floor`
records the last: the oldest revision whose programs may still run.
"""

from sqlalchemy import Connection, inspect, text

from decnet_models.errors import NotMigratedError
from decnet_models.migrations.chain import newest_revision, revisions

FLOOR = "schema_floor"

ADOPTED = {"0015_group_revisions": "0001_initial"}
"""The end of the chain that was squashed into one migration, and that migration: both made the same schema, so a
database at the one is at the other. `decnet-db upgrade` records the new name."""

_SUPERSEDED = {
    *("0001_events", "0002_attackers", "0003_ttp", "0004_canary_webhooks", "0005_leases", "0006_artifacts"),
    *("0007_event_volume", "0008_intel", "0009_identities", "0010_campaigns", "0011_fleet", "0012_accounts"),
    *("0013_kept_artifacts", "0014_event_forgotten"),
}
"""What came before it in that chain; no migration leads from there any more."""


def contracts(revision: str) -> bool:
    """Return whether the migration removes what an older version uses."""
    return revision.split("_")[1] == "after"


def oldest_usable(chain: list[str]) -> str:
    """Return the oldest revision that the version of `chain` can use: all but the contractions at the end."""
    usable = list(chain)
    while len(usable) > 1 and contracts(usable[-1]):
        usable.pop()
    return usable[-1]


def current_revision(connection: Connection) -> str | None:
    """Return the database's revision, None for an empty one.

    Raises NotMigratedError for one from which no migration leads.
    """
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return None if revision is None else known_as(revision)


def known_as(revision: str) -> str:
    """Return this version's name of a revision in a database or a backup; raises NotMigratedError as above."""
    if revision in _SUPERSEDED:
        raise NotMigratedError(
            f"the database is at {revision}, from which this version cannot upgrade: bring it to {next(iter(ADOPTED))} "
            "with `decnet-db upgrade` of the version that it was last used with, or of a later one that has that "
            "migration; then use this one"
        )
    return ADOPTED.get(revision, revision)


def floor_of(connection: Connection) -> str | None:
    """Return the oldest revision whose programs may still use the database, None if not recorded."""
    if not inspect(connection).has_table(FLOOR):
        return None
    revision: str | None = connection.execute(text(f"SELECT revision FROM {FLOOR}")).scalar()  # noqa: S608  # our name
    return ADOPTED.get(revision, revision) if revision else None


def serves(connection: Connection, has: str) -> bool:
    """Return whether this version's programs can work on a schema of revision `has`."""
    newest = newest_revision()
    if has > newest:
        floor = floor_of(connection)
        return floor is not None and floor <= newest
    return oldest_usable(revisions()) <= has


def require_current(connection: Connection) -> None:
    """Raise NotMigratedError unless this version's programs can use the database's tables."""
    has, needs = current_revision(connection), newest_revision()
    if has == needs or (has is not None and serves(connection, has)):
        return
    if has is not None and has > needs:
        raise NotMigratedError(newer(has))
    raise NotMigratedError(f"the database is at {has or 'nothing'}, not {needs}; run `decnet-db upgrade`")


def newer(has: str) -> str:
    """Return the message for a newer version's database; there is no way back but a backup."""
    return (
        f"the database is at {has}, newer than this version's {newest_revision()}; install the newer version, "
        "or restore a backup of this one's"
    )
