# SPDX-License-Identifier: MIT
"""What the host of a whole fleet has beside its workers: a database and an authority for sensors."""

from sqlalchemy.engine import make_url

from decnet.swarm.listener_identity import create_if_listening
from decnet_core.settings import Settings
from decnet_core.setup.host_files import Database
from decnet_core.setup.steps import Master
from decnet_models.database.engine import DatabaseSettings, sqlite_file


def database_of(settings: Settings, state: str) -> Database:
    """Return where the database of `settings` is; raises SettingsError."""
    url = settings.section("database", DatabaseSettings).url or f"sqlite:///{state}/database/decnet.db"
    file = sqlite_file(url)
    return Database(DatabaseSettings, str(file or ""), "" if file else make_url(url).host or "")


MASTER = Master(database_of, create_if_listening)
