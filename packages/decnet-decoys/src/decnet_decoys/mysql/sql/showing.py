# SPDX-License-Identifier: MIT
"""SHOW and DESCRIBE: what there is, as the server's information schema has it."""

import time
from collections.abc import Callable, Sequence

from decnet_decoys.mysql.catalogue import Found, Outcome
from decnet_decoys.mysql.expressions import like
from decnet_decoys.mysql.packets import NO_INDEX_USED, Column
from decnet_decoys.mysql.sql.budget import step
from decnet_decoys.mysql.sql.definitions.shown import definition
from decnet_decoys.mysql.sql.describing import integer_column, text_column
from decnet_decoys.mysql.sql.evaluation.evaluating import value
from decnet_decoys.mysql.sql.evaluation.scopes import Origin, Scope, StatementError
from decnet_decoys.mysql.sql.parsing import Parser
from decnet_decoys.mysql.sql.schemas import INFORMATION, names_of, no_database, table_of, unknown_database
from decnet_decoys.mysql.sql.tables import BLOB, NO_DEFAULT, NOT_NULL
from decnet_decoys.mysql.sql.values import truth
from decnet_decoys.mysql.state.server_state import server_state, shown_variables
from decnet_decoys.mysql.state.shown_lists import shown_lists

_CAPTION = 4096
Rows = Sequence[Sequence[str | None]]


def shown_column(  # noqa: PLR0917
    name: str, table: str, origin: str, size: int, flags: int = NOT_NULL | NO_DEFAULT, kind: int = 253
) -> Column:
    """Return a column of the information schema."""
    return Column(name, kind, size, flags, 0, kind != 8, INFORMATION, table, table, origin)


def show(parser: Parser, scope: Scope) -> Outcome | None:
    """Answer SHOW; None for what is not known here."""
    parser.must("SHOW")
    full = parser.then("FULL")
    if not full:
        full = parser.then("EXTENDED")
    kind = parser.then("GLOBAL") or parser.then("SESSION") or parser.then("LOCAL")
    for words, made in _SHOWN.items():
        if parser.then(*words):
            return made(parser, scope, full)
    if kind:
        raise parser.fail()
    return None


def _pattern(parser: Parser) -> str | None:
    if not parser.then("LIKE"):
        return None
    return parser.take("string").text


def _filtered(
    parser: Parser, scope: Scope, columns: list[Column], rows: list[list[str | None]], status: int = NO_INDEX_USED
) -> Outcome:
    """Return the rows that LIKE or WHERE leaves."""
    pattern = _pattern(parser)
    if pattern is not None:
        matches = like(pattern)
        step(50 + 2 * len(rows))
        rows = [row for row in rows if matches(row[0] or "")]
    elif parser.then("WHERE"):
        condition = parser.expression()
        scope.columns = [Origin(one.name, "") for one in columns]
        rows = [row for row in rows if truth(value(condition, scope, tuple(row)))]
    if not parser.ends():
        raise parser.fail()
    return Found(columns, rows, 0, status)


def _databases(parser: Parser, scope: Scope, _full: bool) -> Outcome:
    names: list[list[str | None]] = [[one] for one in sorted(scope.visitor.catalogue.databases)]
    title = (
        f" ({parser.sql[parser.token.at :].partition(chr(39))[2].rpartition(chr(39))[0]})"
        if parser.sees("LIKE")
        else ""
    )
    return _filtered(parser, scope, [shown_column(f"Database{title}", "SCHEMATA", "SCHEMA_NAME", 256)], names)


def _of_database(parser: Parser, scope: Scope) -> str:
    name = parser.name() if parser.then("FROM") or parser.then("IN") else scope.visitor.database
    if not name:
        raise no_database()
    if name not in scope.visitor.catalogue.databases:
        raise unknown_database(name)
    return name


def _tables(parser: Parser, scope: Scope, full: bool) -> Outcome:
    database = _of_database(parser, scope)
    ahead = parser.sql[parser.token.at :].partition("'")[2].rpartition("'")[0] if parser.sees("LIKE") else ""
    title = f"Tables_in_{database}{f' ({ahead})' if ahead else ''}"
    columns = [shown_column(title, "TABLE_NAMES", "TABLE_NAME", 292)]
    rows: list[list[str | None]] = [[one] for one in names_of(scope.visitor, database)]
    if full:
        columns.append(shown_column("Table_type", "TABLE_NAMES", "TABLE_TYPE", 256))
        own = scope.visitor.catalogue.databases[database]
        rows = [
            [one[0], "VIEW" if one[0] in own and own[one[0]].query else "BASE TABLE"]
            for one in rows
            if one[0] is not None
        ]
    return _filtered(parser, scope, columns, rows)


def _variables(parser: Parser, scope: Scope, _full: bool) -> Outcome:
    columns = [
        shown_column("Variable_name", "SESSION_VARIABLES", "VARIABLE_NAME", 256),
        shown_column("Value", "SESSION_VARIABLES", "VARIABLE_VALUE", 16384),
    ]
    known = shown_variables(scope.visitor.catalogue, scope.visitor.settings)
    rows: list[list[str | None]] = [[name, shown] for name, shown in known.items()]
    return _filtered(parser, scope, columns, rows)


_STATUS = {
    "Aborted_clients": "3",
    "Aborted_connects": "7",
    "Com_shutdown": "0",
    "Connections": "31",
    "Open_tables": "15",
    "Ssl_cipher": "",
    "Ssl_version": "",
    "Threads_connected": "1",
    "Threads_running": "1",
    "wsrep_ready": "OFF",
}


def _status(parser: Parser, scope: Scope, _full: bool) -> Outcome:
    columns = [
        shown_column("Variable_name", "SESSION_STATUS", "VARIABLE_NAME", 256),
        shown_column("Value", "SESSION_STATUS", "VARIABLE_VALUE", 16384),
    ]
    visitor = scope.visitor
    known = _STATUS | {"Connections": str(visitor.number)}
    if visitor.catalogue.profile.flavour == "mariadb":
        up = visitor.catalogue.uptime
        counted = {"Uptime": str(up), "Uptime_since_flush_status": str(up), "Questions": str(3 * up + 79)}
        known = server_state().status | known | counted
    return _filtered(parser, scope, columns, [[name, shown] for name, shown in known.items()], 0)


def _engine(parser: Parser, _scope: Scope, _full: bool) -> Outcome:
    name = parser.name()
    wanted = next((word for word in ("STATUS", "MUTEX", "LOGS") if parser.then(word)), "")
    if not wanted or not parser.ends():
        raise parser.fail()
    if name.lower() not in _ENGINES:
        raise StatementError(1286, "42000", f"Unknown storage engine '{name}'")
    columns = [
        text_column(title, size, nullable=False) for title, size in (("Type", 40), ("Name", 2048), ("Status", 40))
    ]
    if name.lower() != "innodb" or wanted != "STATUS":
        return Found(columns, [])
    words = server_state().innodb.replace("{now}", time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime()))
    return Found(columns, [["InnoDB", "", words]])


_ENGINES = ("innodb", "myisam", "aria", "memory", "csv", "sequence", "mrg_myisam", "performance_schema")


def _table_status(parser: Parser, scope: Scope, _full: bool) -> Outcome:
    database = _of_database(parser, scope)
    own = scope.visitor.catalogue.databases[database]
    moment = time.strftime(
        "%Y-%m-%d %H:%M:%S", time.gmtime(scope.visitor.catalogue.started - scope.visitor.catalogue.up)
    )
    rows: list[list[str | None]] = []
    for name, table in sorted(own.items()):
        step(8)
        if table.query:
            rows.append([name, *[None] * 16, "VIEW", None, None])
            continue
        count = len(table.rows)
        number = str(table.next_number) if any(one.auto for one in table.columns) else None
        row = [name, "InnoDB", "10", "Dynamic", str(count), str(16384 // count if count else 0), "16384", "0", "0", "0"]
        rows.append([*row, number, moment, None, None, "utf8mb4_general_ci", None, "", "", "0", "N"])
    found = shown_lists()["TABLE STATUS"]
    return _filtered(parser, scope, list(found.columns), rows, found.status)


def _warnings(parser: Parser, _scope: Scope, _full: bool) -> Outcome:
    while not parser.ends():
        parser.at += 1
    return Found(
        [
            text_column("Level", 28, nullable=False),
            integer_column("Code", 4, nullable=False, flags=0x20),
            text_column("Message", 2048, nullable=False),
        ],
        [],
    )


def _columns(parser: Parser, scope: Scope, full: bool) -> Outcome:
    if not (parser.then("FROM") or parser.then("IN")):
        raise parser.fail()
    database, name = parser.path()
    if parser.then("FROM") or parser.then("IN"):
        database = parser.name()
    return describe(parser, scope, database, name, full=full)


def describe(parser: Parser, scope: Scope, database: str, name: str, *, full: bool = False) -> Outcome:
    """Return the columns of a table."""
    _, table = table_of(scope.visitor, database, name)
    made = [
        shown_column("Field", "COLUMNS", "COLUMN_NAME", 256),
        shown_column("Type", "COLUMNS", "COLUMN_TYPE", 786420, NOT_NULL | BLOB | NO_DEFAULT, 252),
        *([shown_column("Collation", "COLUMNS", "COLLATION_NAME", 256, NO_DEFAULT)] if full else []),
        shown_column("Null", "COLUMNS", "IS_NULLABLE", 12),
        shown_column("Key", "COLUMNS", "COLUMN_KEY", 12),
        shown_column("Default", "COLUMNS", "COLUMN_DEFAULT", 786384, BLOB | NO_DEFAULT, 252),
        shown_column("Extra", "COLUMNS", "EXTRA", 320),
    ]
    if full:
        made += [
            shown_column("Privileges", "COLUMNS", "PRIVILEGES", 320),
            shown_column("Comment", "COLUMNS", "COLUMN_COMMENT", 4096),
        ]
    rows: list[list[str | None]] = []
    for one in table.columns:
        step(4 + len(one.choices))
        collation = (
            "utf8mb4_general_ci"
            if one.kind in ("char", "varchar", "text", "tinytext", "mediumtext", "longtext", "enum", "set")
            else None
        )
        rows.append(
            [
                one.name,
                one.type_text,
                *([collation] if full else []),
                "NO" if one.not_null else "YES",
                "PRI" if one.primary else "UNI" if one.unique else "",
                None if one.default is None else str(one.default),
                "auto_increment" if one.auto else "",
                *(["select,insert,update,references", ""] if full else []),
            ]
        )
    return _filtered(parser, scope, made, rows)


def _create_table(parser: Parser, scope: Scope, _full: bool) -> Outcome:
    database, name = parser.path()
    if not parser.ends():
        raise parser.fail()
    _, table = table_of(scope.visitor, database, name)
    if table.query:
        raise StatementError(1235, "42000", "This version of MariaDB doesn't yet support 'SHOW CREATE VIEW'")
    words = definition(name, table)
    return Found(
        [
            text_column("Table", 256, nullable=False),
            text_column("Create Table", 4 * max(1024, len(words)), nullable=False),
        ],
        [[name, words]],
    )


def _create_database(parser: Parser, scope: Scope, _full: bool) -> Outcome:
    exists = parser.then("IF", "NOT", "EXISTS")
    name = parser.name()
    if name not in scope.visitor.catalogue.databases:
        raise unknown_database(name)
    words = f"CREATE DATABASE {'/*!32312 IF NOT EXISTS*/ ' if exists else ''}`{name}` /*!40100 DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci */"  # noqa: E501
    return Found(
        [text_column("Database", 256, nullable=False), text_column("Create Database", _CAPTION, nullable=False)],
        [[name, words]],
    )


_INDEX = (
    ("Table", "TABLE_NAME", 256, 253),
    ("Non_unique", "NON_UNIQUE", 1, 8),
    ("Key_name", "INDEX_NAME", 256, 253),
    ("Seq_in_index", "SEQ_IN_INDEX", 2, 8),
    ("Column_name", "COLUMN_NAME", 256, 253),
    ("Collation", "COLLATION", 4, 253),
    ("Cardinality", "CARDINALITY", 21, 8),
    ("Sub_part", "SUB_PART", 3, 8),
    ("Packed", "PACKED", 40, 253),
    ("Null", "NULLABLE", 12, 253),
    ("Index_type", "INDEX_TYPE", 64, 253),
    ("Comment", "COMMENT", 64, 253),
    ("Index_comment", "INDEX_COMMENT", 4096, 253),
    ("Ignored", "IGNORED", 12, 253),
)


def _index(parser: Parser, scope: Scope, _full: bool) -> Outcome:
    if not (parser.then("FROM") or parser.then("IN")):
        raise parser.fail()
    database, name = parser.path()
    _, table = table_of(scope.visitor, database, name)
    nullable = ("Collation", "Cardinality", "Sub_part", "Packed", "Comment")
    columns = [
        shown_column(title, "STATISTICS", origin, size, (0 if title in nullable else NOT_NULL) | NO_DEFAULT, kind)
        for title, origin, size, kind in _INDEX
    ]
    rows: list[list[str | None]] = [
        [
            name,
            "0",
            "PRIMARY" if one.primary else one.name,
            "1",
            one.name,
            "A",
            str(len(table.rows)),
            None,
            None,
            "",
            "BTREE",
            "",
            "",
            "NO",
        ]
        for one in table.columns
        if one.primary or one.unique
    ]
    return _filtered(parser, scope, columns, rows)


def _listed(name: str, *, of_database: bool = False) -> Callable[[Parser, Scope, bool], Outcome]:
    """Return what shows one of those lists."""

    def shown(parser: Parser, scope: Scope, _full: bool) -> Outcome:
        if of_database:
            _of_database(parser, scope)
        found = shown_lists()[name]
        step(2 * len(found.rows))
        return _filtered(parser, scope, list(found.columns), [list(row) for row in found.rows], found.status)

    return shown


def _no_binary_log(_parser: Parser, _scope: Scope, _full: bool) -> Outcome:
    raise StatementError(1381, "HY000", "You are not using binary logging")


_SHOWN: dict[tuple[str, ...], Callable[[Parser, Scope, bool], Outcome]] = {
    ("DATABASES",): _databases,
    ("SCHEMAS",): _databases,
    ("TABLES",): _tables,
    ("VARIABLES",): _variables,
    ("WARNINGS",): _warnings,
    ("ERRORS",): _warnings,
    ("COLUMNS",): _columns,
    ("FIELDS",): _columns,
    ("CREATE", "TABLE"): _create_table,
    ("CREATE", "DATABASE"): _create_database,
    ("CREATE", "SCHEMA"): _create_database,
    ("INDEX",): _index,
    ("INDEXES",): _index,
    ("KEYS",): _index,
    ("STATUS",): _status,
    ("ENGINE",): _engine,
    ("TABLE", "STATUS"): _table_status,
    ("ENGINES",): _listed("ENGINES"),
    ("STORAGE", "ENGINES"): _listed("ENGINES"),
    ("PLUGINS",): _listed("PLUGINS"),
    ("PRIVILEGES",): _listed("PRIVILEGES"),
    ("CHARACTER", "SET"): _listed("CHARACTER SET"),
    ("CHARSET",): _listed("CHARACTER SET"),
    ("MASTER", "STATUS"): _listed("MASTER STATUS"),
    ("SLAVE", "STATUS"): _listed("SLAVE STATUS"),
    ("BINLOG", "EVENTS"): _listed("BINLOG EVENTS"),
    ("BINARY", "LOGS"): _no_binary_log,
    ("MASTER", "LOGS"): _no_binary_log,
    ("PROFILES",): _listed("PROFILES"),
    ("TRIGGERS",): _listed("TRIGGERS", of_database=True),
    ("EVENTS",): _listed("EVENTS", of_database=True),
    ("PROCEDURE", "STATUS"): _listed("PROCEDURE STATUS"),
    ("FUNCTION", "STATUS"): _listed("FUNCTION STATUS"),
    ("OPEN", "TABLES"): _listed("OPEN TABLES"),
}
