# SPDX-License-Identifier: MIT
"""What the host of a whole fleet has beside its workers: a database, an authority for sensors, a first user."""

import sys
from pathlib import Path

from sqlalchemy.engine import make_url

from decnet.access import links
from decnet.cli.errors import CommandError
from decnet.fleet.deployment import deployment_of, transaction
from decnet.swarm.listener_identity import create_if_listening
from decnet_core.keys import read_or_create
from decnet_core.settings import Settings
from decnet_core.setup.host_files import Database
from decnet_core.setup.steps import Master
from decnet_models.accounts.entrances import admin_can_log_in
from decnet_models.database.engine import sqlite_file
from decnet_models.database.settings import DatabaseSettings


def database_of(settings: Settings, state: str) -> Database:
    """Return where the database of `settings` is; raises SettingsError."""
    url = settings.section("database", DatabaseSettings).url or f"sqlite:///{state}/database/decnet.db"
    file = sqlite_file(url)
    return Database(DatabaseSettings, str(file or ""), "" if file else make_url(url).host or "")


def begin(settings: Settings, state: Path) -> None:
    """Create the authority if sensors are to enrol, and say how to log in the first time; raises OSError."""
    create_if_listening(settings, state)
    base = links.dashboard(settings)
    if base and not _can_log_in(settings):
        secret = links.seal_first(read_or_create(state / "keys" / links.KEY))
        sys.stderr.write(
            f"{links.address(base, secret)}\nlogs in the first administrator once the fleet runs, within an hour; "
            "later, `decnet user link` makes another link\n"
        )


def _can_log_in(settings: Settings) -> bool:
    """Return whether an administrator can log in already; before the first start there is no database."""
    try:
        with transaction(deployment_of(settings)) as connection:
            return admin_can_log_in(connection)
    except CommandError:
        return False


MASTER = Master(database_of, begin)
