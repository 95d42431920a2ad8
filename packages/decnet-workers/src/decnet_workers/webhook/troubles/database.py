# SPDX-License-Identifier: MIT
"""A database that is damaged, did not answer, or refuses a worker.

While it cannot be written to nothing can be told by it. What can be: an outage, once it is over, with how long it
lasted; damage that could not be mended, of which the repair leaves a note beside the file, as long as the pages that
notices and webhooks are on are whole; and that it refuses a worker, as when a grant was revoked: it leaves a note.
"""

from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Connection

from decnet_core.events.notices import DatabaseUnhealthy
from decnet_core.text import for_column
from decnet_models.following.fault_notes import KIND, notes
from decnet_models.repair.attempts import RepairError, attempts, require_allowed
from decnet_workers.webhook.troubles.trouble import Trouble


def damage(connection: Connection, now: int) -> Iterator[Trouble]:
    """Yield a trouble when the damage of a database file could not be mended, or comes back again and again."""
    file = _file(connection)
    if file is None:
        return
    try:
        require_allowed(attempts(file))
    except RepairError as error:
        yield unhealthy(str(file), now, now, str(error))
    except OSError:
        return


def refusals(connection: Connection, run: Path, now: int) -> Iterator[Trouble]:
    """Yield a trouble for each worker whom the database refuses."""
    for worker, why in notes(run).items():
        yield unhealthy(f"{name_of(connection)}, for {for_column(worker, 100)}", now, now, why)


def name_of(connection: Connection) -> str:
    """Return what the database is called in notices: never a URL, which may have a password."""
    return str(_file(connection) or "database")


def unhealthy(name: str, now: int, since: int, reason: str) -> Trouble:
    return Trouble((KIND, name), DatabaseUnhealthy(now, name, since, for_column(reason, 1024)))


def _file(connection: Connection) -> Path | None:
    """Return the file of a SQLite database."""
    if connection.dialect.name != "sqlite":
        return None
    row = connection.exec_driver_sql("PRAGMA database_list").first()
    return Path(row[2]) if row is not None and row[2] else None
