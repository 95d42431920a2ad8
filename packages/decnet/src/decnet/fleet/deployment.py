# SPDX-License-Identifier: MIT
"""The fleet that a command works on: its settings, state directory, bus and database, from options and environment.

The database library is imported where the database is opened: the supervisor of `decnet up` never opens it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import msgspec

from decnet.cli import recording
from decnet.cli.errors import RefusedError, UnavailableError
from decnet_core.bus.settings import BusSettings
from decnet_core.settings import Settings
from decnet_core.state import State, StateSettings
from decnet_models.database.settings import BUSY_SECONDS, database_url

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from decnet_models.errors import DatabaseError


class Deployment(msgspec.Struct, frozen=True):
    """One fleet, as known without connecting to it."""

    settings: Settings
    state: State
    database_url: str
    bus_url: str
    embedded_bus: bool
    """Whether the fleet runs its own broker."""


def find_deployment() -> Deployment:
    """Return the fleet that the environment names; raises SettingsError, StateError."""
    return deployment_of(Settings.load())


def deployment_of(settings: Settings) -> Deployment:
    """Return the fleet of these settings; raises SettingsError, StateError."""
    state = State.of(settings.section("state", StateSettings))
    bus = settings.section("bus", BusSettings)
    return Deployment(
        settings=settings,
        state=state,
        database_url=database_url(settings, state),
        bus_url=bus.client_url(state),
        embedded_bus=bus.embedded,
    )


@contextmanager
def transaction(
    deployment: Deployment, *, write: bool = False, wait_seconds: int = int(BUSY_SECONDS)
) -> Iterator[Connection]:
    """A transaction on the fleet's database, read-only unless `write`; it waits so long for a lock or a server.

    One that writes leaves the audit entry of the command that is run here, if it is the command's first.

    Raises UnavailableError when it cannot be used now, RefusedError when something has to be changed first.
    """
    from decnet_models.database.engine import open_engine, reading, writing
    from decnet_models.database.schema import require_current

    with explained(deployment):
        engine = open_engine(
            deployment.database_url, read_only=not write, busy_seconds=wait_seconds, connect_seconds=wait_seconds
        )
        try:
            with (writing if write else reading)(engine) as connection:
                require_current(connection)
                yield connection
                entry = recording.unwritten() if write else None
                if entry is not None:
                    entry.write(connection)
            if entry is not None:
                entry.is_written = True
        finally:
            engine.dispose()


@contextmanager
def explained(deployment: Deployment) -> Iterator[None]:
    """Give the database's errors the form that operators are told; raises as `transaction`."""
    from sqlalchemy.exc import DBAPIError

    from decnet_models.database.engine import shown
    from decnet_models.errors import DatabaseError, passes, reason

    try:
        yield
    except DatabaseError as error:
        raise RefusedError(_hint(deployment, error)) from error
    except DBAPIError as error:
        kind = UnavailableError if passes(error) else RefusedError
        raise kind(f"the database {shown(deployment.database_url)} cannot be used: {reason(error)}") from error


def _hint(deployment: Deployment, error: DatabaseError) -> str:
    if deployment.state.root.exists():
        return str(error)
    return f"there is no fleet in {deployment.state.root}; start one with `decnet up` or name another with --state DIR"
