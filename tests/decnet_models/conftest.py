# SPDX-License-Identifier: MIT
from __future__ import annotations

from tests.decnet_models.database_fixtures import (  # noqa: F401  # fixtures
    empty_postgres_url,
    engine,
    ingested,
    make_events,
    migrated_file,
    migrated_postgres,
    no_roles_left,
    postgres,
    postgres_admin,
    postgres_url,
    role,
    schema_tables,
    sqlite_engine,
    sqlite_url,
    url,
)
