# SPDX-License-Identifier: MIT
"""Section `[database]` of the settings; no database library is loaded with it."""

from typing import Annotated

import msgspec

from decnet_core.settings import Settings
from decnet_core.state import State

BUSY_SECONDS = 10.0


class DatabaseSettings(msgspec.Struct, frozen=True):
    """Section `[database]`."""

    url: str = ""
    """sqlite:////path or postgresql+psycopg://user:password@host/name; empty: decnet.db in the state directory."""
    busy_seconds: Annotated[float, msgspec.Meta(ge=0.1, le=600)] = BUSY_SECONDS
    """How long a statement waits for another writer before it is retried later."""
    statement_seconds: Annotated[float, msgspec.Meta(ge=1, le=86_400)] = 120.0
    """PostgreSQL: how long one statement of a worker may take before the server cancels it; it is retried later."""
    lease_seconds: Annotated[float, msgspec.Meta(ge=0.3, le=600)] = 30.0
    """PostgreSQL: how long the leases of a killed instance are kept from the others."""


def database_url(settings: Settings, state: State) -> str:
    """Return the URL of the fleet's database: `[database] url`, else the file in the state directory."""
    return settings.section("database", DatabaseSettings).url or state.database_url
