# SPDX-License-Identifier: MIT
"""PostgreSQL roles, one per worker, limited to the tables it owns or reads: law 4 enforced by the server.

Derived from what the tables declare (`info["owner"]`, `info["readers"]`). The roles can log in but have no password, so
nothing changes until an operator sets one (`ALTER ROLE decnet_ttp PASSWORD ...`) or maps a host's user to it, and names
it in that worker's `DECNET_DATABASE_URL`. In the progress tables, where each worker writes its own rows, row security
limits it to them.
"""

import re
from collections.abc import Iterable, Iterator

from sqlalchemy import Table
from sqlalchemy.exc import DBAPIError

from decnet_models.database.engine import open_engine, shown, sqlite_file, writing
from decnet_models.database.ownership import READERS, is_emptied, may_write, owners
from decnet_models.errors import DatabaseError, reason

PREFIX = "decnet_"
OPERATOR = "operator"
AS_OPERATOR = frozenset({OPERATOR, "api"})
"""Roles that may do what the operator's commands do: the API does so for people who have logged in."""
OWN_ROWS = "each worker its own row"
EVERYBODY = "any worker"

_NAME = re.compile(r"[a-z][a-z0-9-]*")


def grants(tables: Iterable[Table], workers: Iterable[str]) -> list[str]:
    """Return the SQL statements that create the roles of `workers` and the operator and grant their privileges.

    They can be repeated: earlier privileges are revoked first.
    """
    known = list(tables)
    roles = sorted({OPERATOR, *workers, *(name for table in known for name in owners(table) if _NAME.fullmatch(name))})
    statements = []
    for name in roles:
        statements += [*_role(name), *_privileges(name, known)]
    for table in known:
        if OWN_ROWS in owners(table):
            statements += _own_rows(table, roles)
    return statements


def apply(url: str, statements: Iterable[str]) -> None:
    """Run the statements in one transaction, as the database's owner; raises DatabaseError."""
    if sqlite_file(url) is not None:
        raise DatabaseError("SQLite has no roles; grants are for a postgresql:// database")
    engine = open_engine(url)
    try:
        with writing(engine) as connection:
            connection.execution_options(no_parameters=True).exec_driver_sql(";\n".join(statements))
    except DBAPIError as error:
        raise DatabaseError(f"cannot grant on {shown(url)}: {reason(error)}") from error
    finally:
        engine.dispose()


def role_of(worker: str) -> str:
    """Return the name of a worker's role: decnet_campaign_clusterer."""
    return PREFIX + worker.replace("-", "_")


def _role(name: str) -> Iterator[str]:
    role = role_of(name)
    yield (
        f"DO $$ BEGIN CREATE ROLE {role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE;"
        " EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
    )
    yield f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role}"
    yield f"REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM {role}"
    yield f"GRANT USAGE ON SCHEMA public TO {role}"
    yield f"GRANT SELECT ON alembic_version TO {role}"


def _privileges(name: str, tables: Iterable[Table]) -> Iterator[str]:
    for table in sorted(tables, key=lambda one: one.name):
        if allowed := _allowed(name, table):
            yield f'GRANT {", ".join(allowed)} ON "{table.name}" TO {role_of(name)}'
        uses = [word for word, does in (("USAGE", "INSERT" in allowed), ("SELECT", name in AS_OPERATOR)) if does]
        for column in table.columns:
            if column.autoincrement is True and uses:  # the operator's backup holds where the numbering stands
                yield f'GRANT {", ".join(uses)} ON SEQUENCE "{table.name}_{column.name}_seq" TO {role_of(name)}'


def _allowed(name: str, table: Table) -> tuple[str, ...]:
    if name in AS_OPERATOR:
        name = OPERATOR
    if EVERYBODY in owners(table):
        return ("SELECT", "INSERT")
    if may_write(table, name):
        return ("SELECT", "INSERT", "UPDATE", "DELETE")
    if name == OPERATOR:
        return ("SELECT", "DELETE") if is_emptied(table) else ("SELECT",)
    return ("SELECT",) if name in table.info.get(READERS, ()) else ()


def _own_rows(table: Table, roles: Iterable[str]) -> Iterator[str]:
    """Everybody may read the table; each writes the rows of its own name, and of `name.more`; the operator all."""
    yield f"ALTER TABLE {table.name} ENABLE ROW LEVEL SECURITY"
    yield f"DROP POLICY IF EXISTS decnet_read ON {table.name}"
    yield f"CREATE POLICY decnet_read ON {table.name} FOR SELECT USING (true)"
    for name in roles:
        role = role_of(name)
        mine = "true" if name in AS_OPERATOR else f"split_part(worker, '.', 1) = '{name}'"
        yield f"DROP POLICY IF EXISTS {role} ON {table.name}"
        yield f"CREATE POLICY {role} ON {table.name} TO {role} USING ({mine})"
