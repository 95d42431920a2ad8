# SPDX-License-Identifier: MIT
"""Finds tables: those of visitors and personas, and those that the server makes when they are looked at."""

from collections.abc import Callable, Sequence
from typing import Final

from decnet_decoys.mysql.catalogue import Visitor
from decnet_decoys.mysql.sql.budget import step
from decnet_decoys.mysql.sql.evaluation.scopes import StatementError
from decnet_decoys.mysql.sql.tables import ColumnDefinition, Stored
from decnet_decoys.mysql.state.server_state import shown_variables

INFORMATION: Final = "information_schema"


def columns(*described: str) -> list[ColumnDefinition]:
    """Return columns by name, type and size: `User char 128`; an exclamation mark is NOT NULL."""
    made = []
    for one in described:
        name, kind, *size = one.removesuffix("!").split()
        sizes = tuple(map(int, size))
        made.append(ColumnDefinition(name, kind, sizes, not_null=one.endswith("!"), has_default=True))
    return made


def no_database() -> StatementError:
    return StatementError(1046, "3D000", "No database selected")


def unknown_database(name: str) -> StatementError:
    return StatementError(1049, "42000", f"Unknown database '{name}'")


def of_the_server(visitor: Visitor) -> StatementError:
    """Return the error of a statement that would change the information schema."""
    return StatementError(1044, "42000", f"Access denied for user '{visitor.user}'@'%' to database '{INFORMATION}'")


def find(visitor: Visitor, database: str, name: str) -> tuple[str, Stored | None]:
    """Return the database that is meant and the table, None when it is not there; raises StatementError."""
    database = database or visitor.database
    if not database:
        raise no_database()
    if database.lower() == INFORMATION:
        return INFORMATION, _information(visitor, name)
    tables = visitor.catalogue.databases.get(database)
    if tables is None:
        return database, None
    table = tables.get(name)
    if table is None and database == "mysql":
        return database, _of_mysql(visitor, name)
    return database, table


def table_of(visitor: Visitor, database: str, name: str) -> tuple[str, Stored]:
    """Return a table and its database; raises StatementError."""
    found, table = find(visitor, database, name)
    if table is None:
        if found == INFORMATION:
            raise StatementError(1109, "42S02", f"Unknown table '{name}' in information_schema")
        raise StatementError(1146, "42S02", f"Table '{found}.{name}' doesn't exist")
    return found, table


_USER: Final = (
    "Host char 255!",
    "User char 128!",
    "Password longtext",
    "Select_priv varchar 1",
    "Insert_priv varchar 1",
    "Update_priv varchar 1",
    "Delete_priv varchar 1",
    "Create_priv varchar 1",
    "Drop_priv varchar 1",
    "Reload_priv varchar 1",
    "Shutdown_priv varchar 1",
    "Process_priv varchar 1",
    "File_priv varchar 1",
    "Grant_priv varchar 1",
    "Super_priv varchar 1",
    "plugin longtext!",
    "authentication_string longtext!",
)
_MYSQL_NAMES: Final = (
    "column_stats",
    "columns_priv",
    "db",
    "event",
    "func",
    "general_log",
    "global_priv",
    "gtid_slave_pos",
    "help_category",
    "help_keyword",
    "help_relation",
    "help_topic",
    "index_stats",
    "innodb_index_stats",
    "innodb_table_stats",
    "plugin",
    "proc",
    "procs_priv",
    "proxies_priv",
    "roles_mapping",
    "servers",
    "slow_log",
    "table_stats",
    "tables_priv",
    "time_zone",
    "time_zone_leap_second",
    "time_zone_name",
    "time_zone_transition",
    "time_zone_transition_type",
    "transaction_registry",
    "user",
)
_MYSQL: Final = {
    "func": ("name char 64!", "ret tinyint 1!", "dl char 128!", "type varchar 9!"),
    "plugin": ("name varchar 64!", "dl varchar 128!"),
    "db": ("Host char 255!", "Db char 64!", "User char 128!", "Select_priv varchar 1!", "Insert_priv varchar 1!"),
    "global_priv": ("Host char 255!", "User char 128!", "Priv longtext!"),
    "tables_priv": ("Host char 255!", "Db char 64!", "User char 128!", "Table_name char 64!"),
}


def _of_mysql(visitor: Visitor, name: str) -> Stored | None:
    if name == "user":
        rows = []
        for user, one in visitor.catalogue.accounts.listed():
            secret = one.password_hash
            rows.append((one.host, user, secret, *"YYYYYYYYYYYY", "mysql_native_password", secret))
        return Stored(columns(*_USER), rows)
    if name == "func":
        found = [(one, 0, "lib.so", "function") for one in sorted(visitor.catalogue.functions)]
        return Stored(columns(*_MYSQL["func"]), list(found))
    return (
        Stored(columns(*_MYSQL[name]))
        if name in _MYSQL
        else Stored(columns("name char 64!"))
        if name in _MYSQL_NAMES
        else None
    )


def names_of(visitor: Visitor, database: str) -> list[str]:
    """Return the names of a database's tables, in order."""
    if database == INFORMATION:
        return sorted(name.upper() for name in _INFORMATION)
    own = visitor.catalogue.databases.get(database, {})
    step(1 + len(own))
    return sorted({*own, *(_MYSQL_NAMES if database == "mysql" else ())})


def _schemata(visitor: Visitor) -> list[tuple[str | int | None, ...]]:
    return [("def", one, "utf8mb4", "utf8mb4_general_ci", None, "") for one in sorted(visitor.catalogue.databases)]


def _tables(visitor: Visitor) -> list[tuple[str | int | None, ...]]:
    made: list[tuple[str | int | None, ...]] = []
    for database in sorted(visitor.catalogue.databases):
        for name in names_of(visitor, database):
            step(2)
            table = visitor.catalogue.databases[database].get(name)
            kind = (
                "SYSTEM VIEW"
                if database == INFORMATION
                else "VIEW"
                if table is not None and table.query
                else "BASE TABLE"
            )
            made.append(
                (
                    "def",
                    database,
                    name,
                    kind,
                    None if kind != "BASE TABLE" else "InnoDB",
                    len(table.rows) if table is not None else 0,
                    "",
                )
            )
    return made


def _columns(visitor: Visitor) -> list[tuple[str | int | None, ...]]:
    made: list[tuple[str | int | None, ...]] = []
    for database in sorted(visitor.catalogue.databases):
        if database == INFORMATION:
            continue
        for name in names_of(visitor, database):
            _, table = find(visitor, database, name)
            for place, one in enumerate(table.columns if table is not None else (), 1):
                step(2 + len(one.choices))
                key = "PRI" if one.primary else "UNI" if one.unique else ""
                made.append(
                    (
                        "def",
                        database,
                        name,
                        one.name,
                        place,
                        None if one.default is None else str(one.default),
                        "NO" if one.not_null else "YES",
                        one.kind,
                        one.type_text,
                        key,
                    )
                )
    return made


def _privileges(visitor: Visitor) -> list[tuple[str | int | None, ...]]:
    kinds = ("SELECT", "INSERT", "UPDATE", "DELETE", "CREATE", "DROP", "FILE", "SUPER")
    return [
        (f"'{user}'@'{one.host}'", "def", kind, "YES" if one.grants else "NO")
        for user, one in visitor.catalogue.accounts.listed()
        for kind in kinds
    ]


def _variables(visitor: Visitor) -> list[tuple[str | int | None, ...]]:
    return [(name.upper(), shown) for name, shown in shown_variables(visitor.catalogue, visitor.settings).items()]


def _none(_visitor: Visitor) -> Sequence[tuple[str | int | None, ...]]:
    return ()


_INFORMATION: Final[dict[str, tuple[tuple[str, ...], Callable[[Visitor], Sequence[tuple[str | int | None, ...]]]]]] = {
    "schemata": (
        (
            "CATALOG_NAME varchar 512!",
            "SCHEMA_NAME varchar 64!",
            "DEFAULT_CHARACTER_SET_NAME varchar 32!",
            "DEFAULT_COLLATION_NAME varchar 64!",
            "SQL_PATH varchar 512",
            "SCHEMA_COMMENT varchar 1024!",
        ),
        _schemata,
    ),
    "tables": (
        (
            "TABLE_CATALOG varchar 512!",
            "TABLE_SCHEMA varchar 64!",
            "TABLE_NAME varchar 64!",
            "TABLE_TYPE varchar 64!",
            "ENGINE varchar 64",
            "TABLE_ROWS bigint",
            "TABLE_COMMENT varchar 2048!",
        ),
        _tables,
    ),
    "columns": (
        (
            "TABLE_CATALOG varchar 512!",
            "TABLE_SCHEMA varchar 64!",
            "TABLE_NAME varchar 64!",
            "COLUMN_NAME varchar 64!",
            "ORDINAL_POSITION bigint 21!",
            "COLUMN_DEFAULT longtext",
            "IS_NULLABLE varchar 3!",
            "DATA_TYPE varchar 64!",
            "COLUMN_TYPE longtext!",
            "COLUMN_KEY varchar 3!",
        ),
        _columns,
    ),
    "user_privileges": (
        ("GRANTEE varchar 385!", "TABLE_CATALOG varchar 512!", "PRIVILEGE_TYPE varchar 64!", "IS_GRANTABLE varchar 3!"),
        _privileges,
    ),
    "global_variables": (("VARIABLE_NAME varchar 64!", "VARIABLE_VALUE varchar 4096!"), _variables),
    "session_variables": (("VARIABLE_NAME varchar 64!", "VARIABLE_VALUE varchar 4096!"), _variables),
    "processlist": (
        (
            "ID bigint 4!",
            "USER varchar 128!",
            "HOST varchar 64!",
            "DB varchar 64",
            "COMMAND varchar 16!",
            "TIME int 7!",
            "STATE varchar 64",
            "INFO longtext",
        ),
        lambda visitor: [
            (
                visitor.number,
                visitor.user,
                visitor.address,
                visitor.database or None,
                "Query",
                0,
                "Filling schema table",
                "",
            )
        ],
    ),
    "plugins": (("PLUGIN_NAME varchar 64!", "PLUGIN_VERSION varchar 20!", "PLUGIN_STATUS varchar 16!"), _none),
    "routines": (("SPECIFIC_NAME varchar 64!", "ROUTINE_SCHEMA varchar 64!", "ROUTINE_NAME varchar 64!"), _none),
    "triggers": (("TRIGGER_CATALOG varchar 512!", "TRIGGER_SCHEMA varchar 64!", "TRIGGER_NAME varchar 64!"), _none),
    "events": (("EVENT_CATALOG varchar 64!", "EVENT_SCHEMA varchar 64!", "EVENT_NAME varchar 64!"), _none),
}


def _information(visitor: Visitor, name: str) -> Stored | None:
    found = _INFORMATION.get(name.lower())
    if found is None:
        return None
    made = columns(*found[0])
    for one in made:
        one.has_default = False  # which is how the server describes them
    return Stored(made, list(found[1](visitor)))
