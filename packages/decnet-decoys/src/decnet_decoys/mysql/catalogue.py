# SPDX-License-Identifier: MIT
"""What one server holds for all its visitors, what each of them is, and what comes of a statement."""

import re
import sys
import time
from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from decnet_decoys.mysql.accounts import Account, Accounts
from decnet_decoys.mysql.packets import Column
from decnet_decoys.mysql.profile import MysqlProfile
from decnet_decoys.mysql.sql.tables import Stored, stored, table_weight, weight
from decnet_decoys.mysql.sql.values import Value
from decnet_decoys.services.machine_files import MachineFiles

MOST_NAMES: Final = 200
"""Databases, tables of one, and functions that visitors may add."""
MOST_BYTES: Final = 512 << 10
"""Of memory, that the databases, tables and columns take which visitors add."""
_SYSTEM: Final = ("information_schema", "mysql", "performance_schema", "sys")


SWITCHES: Final = frozenset(
    [
        "local_infile",
        "performance_schema",
        "general_log",
        "autocommit",
        "slow_query_log",
        "log_bin",
        "read_only",
        "foreign_key_checks",
        "unique_checks",
    ]
)
"""Variables that are ON or OFF where SHOW tells them."""
_MODES: Final = "STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_AUTO_CREATE_USER,NO_ENGINE_SUBSTITUTION"
_MODES_OF_MYSQL: Final = (
    "ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,"
    "NO_ENGINE_SUBSTITUTION"
)
_LATELY: Final = 12
"""Patch level of MariaDB 10.11 from which errors say SELECT where they said `field list`; that of 10.11.19 is known."""
_EACH: Final = 512
"""What a database or a table takes beside its names."""


class Failed(NamedTuple):
    """An error of the server."""

    code: int
    state: str
    message: str


class Done(NamedTuple):
    """It is done, or appears to be."""

    affected: int = 0
    insert_id: int = 0
    warnings: int = 0
    info: str = ""
    status: int = 0
    """Bits of the server's status, beside those of the session."""


class Found(NamedTuple):
    """A result."""

    columns: Sequence[Column]
    rows: Sequence[Sequence[str | bytes | None]]
    warnings: int = 0
    status: int = 0


Outcome = Failed | Done | Found


class Written(NamedTuple):
    """A file that a statement would write on the server."""

    path: str
    data: bytes
    dumps: bool = False
    """As it is (INTO DUMPFILE), not as lines of text."""


class Catalogue:
    """What all visitors of one server find, and what they have changed."""

    def __init__(self, profile: MysqlProfile, host: str) -> None:
        self.profile = profile
        self.started = time.time()
        self.up = 0
        """Seconds for which the server had run when this began."""
        self.accounts = Accounts(profile.accounts)
        self.databases: dict[str, dict[str, Stored]] = {
            **{name: {} for name in _SYSTEM},
            **{
                name: {title: stored(table) for title, table in tables.items()}
                for name, tables in profile.databases.items()
            },
        }
        patch = re.match(r"10\.11\.(\d+)-", profile.version)
        self.names_clauses = patch is None or int(patch[1]) < _LATELY
        """Whether errors say `field list` and the like."""
        self.files: set[str] = set()
        self.functions: set[str] = set()
        self.room = MOST_BYTES
        """Bytes of memory that are left for what visitors add."""
        self.changed = False
        """Whether there is something to keep that is not on disk."""
        self.variables = {
            "version": profile.version, "version_comment": profile.comment, "hostname": host, "port": "3306",
            "version_compile_os": "debian-linux-gnu", "version_compile_machine": "x86_64", "autocommit": "1",
            "datadir": "/var/lib/mysql/", "plugin_dir": "/usr/lib/mysql/plugin/", "basedir": "/usr/",
            "secure_file_priv": "", "tmpdir": "/tmp",  # noqa: S108  # shown, not used
            "max_allowed_packet": "16777216", "sql_mode": _MODES if profile.flavour == "mariadb" else _MODES_OF_MYSQL,
            "local_infile": "1", "performance_schema": "0", "character_set_connection": "utf8mb4",
            "character_set_results": "utf8mb4", "collation_connection": "utf8mb4_general_ci", "have_openssl": "YES",
            "plugin_maturity": "gamma", "slow_query_log": "0", "log_output": "FILE", "event_scheduler": "OFF",
            "log_bin": "0", "read_only": "0", "server_id": "1", "max_connections": "151",
            "innodb_version": profile.version.partition("-")[0], "protocol_version": "10",
            "character_set_database": "utf8mb4", "collation_database": "utf8mb4_general_ci",
            "character_sets_dir": "/usr/share/mysql/charsets/", "foreign_key_checks": "1", "unique_checks": "1",
            "character_set_client": "utf8mb4", "character_set_server": "utf8mb4",
            "collation_server": "utf8mb4_general_ci", "lower_case_table_names": "0", "tx_isolation": "REPEATABLE-READ",
            "transaction_isolation": "REPEATABLE-READ",
            "general_log": "0", "general_log_file": f"{host}.log", "log_error": "", "have_ssl": "DISABLED",
            "socket": "/run/mysqld/mysqld.sock", "time_zone": "SYSTEM", "system_time_zone": "UTC", "license": "GPL",
            "wait_timeout": "28800", "interactive_timeout": "28800", "net_write_timeout": "60", "init_connect": "",
            "auto_increment_increment": "1", "query_cache_size": "1048576", "query_cache_type": "OFF",
        }  # fmt: skip

    @property
    def uptime(self) -> int:
        """Seconds since the server's start."""
        return int(time.time() - self.started) + self.up

    def saved(self) -> bytes:
        """Return the databases with their rows, and the accounts, as `load` reads them."""
        databases = {name: tables for name, tables in self.databases.items() if name not in _SYSTEM}
        return msgspec.msgpack.encode(_Kept(databases, self.accounts.saved()))

    def load(self, data: bytes) -> None:
        """Take the databases as they were left, if they can be read; what is larger than may be is left out."""
        if not data:
            return
        try:
            found, accounts = _kept(data)
        except msgspec.DecodeError:
            return
        self.accounts.load(accounts)
        for name in [one for one in self.databases if one not in _SYSTEM]:
            del self.databases[name]
        for name, tables in found.items():
            self.databases[name] = {
                title: table for title, table in tables.items()
                if self.has_room(title, *(one.name for one in table.columns)) and self.take(table_weight(table))
            }  # fmt: skip

    def has_room(self, *names: str) -> bool:
        """Return whether there is room for a database, or a table with its columns, and take it."""
        size = _size(names)
        if size > self.room:
            return False
        self.room -= size
        return True

    def take(self, size: int) -> bool:
        """Take memory for rows, in bytes; give it back where it is negative. Return whether there is room."""
        if size > self.room:
            return False
        self.room = min(MOST_BYTES, self.room - size)
        return True

    def give_back(self, *names: str) -> None:
        """Give back what `has_room` took; what was there from the start never makes it more than at first."""
        self.room = min(MOST_BYTES, self.room + _size(names))


class _Kept(msgspec.Struct):
    databases: dict[str, dict[str, Stored]]
    accounts: dict[str, Account]


def _kept(data: bytes) -> tuple[dict[str, dict[str, Stored]], dict[str, Account]]:
    """Return databases and accounts; raises DecodeError. Before accounts were kept there were databases alone."""
    try:
        kept = msgspec.msgpack.decode(data, type=_Kept)
    except msgspec.ValidationError:
        return msgspec.msgpack.decode(data, type=dict[str, dict[str, Stored]]), {}
    return kept.databases, kept.accounts


def _size(names: Iterable[str]) -> int:
    return _EACH + sum(map(sys.getsizeof, names))


class Visitor(msgspec.Struct):
    """One connection's state."""

    catalogue: Catalogue
    user: str
    address: str
    number: int
    database: str = ""
    files: MachineFiles | None = None
    """The machine's, for a statement that reads or writes some."""
    written: list[Written] = []
    """Files that its last statement writes."""
    commands: list[str] = []
    """Commands of the system that its last statement would run."""
    delay: float = 0.0
    """Seconds that its last statement takes: SLEEP, BENCHMARK."""
    variables: dict[str, Value] = {}
    settings: dict[str, str] = {}
    """System variables that this session has set."""
    prepared: dict[str, str] = {}
    """Statements, by the names that PREPARE gave them."""
    parameters: list[Value] = []
    """Of the statement that is executed."""
    parameter_kinds: tuple[int, ...] = ()
    """Theirs in the binary protocol; 0x8000 is that of an unsigned one."""
    insert_id: int = 0
    row_count: int = -1
    found_rows: int = 1
    autocommit: bool = True
    in_transaction: bool = False
    undone: dict[tuple[str, str], tuple[Stored, list[Any], int]] = {}
    """Tables as they were when this session's transaction first changed them."""
    savepoints: dict[str, dict[tuple[str, str], list[Any]]] = {}
    """By name, the rows that the tables of the transaction had by then (`sql.changes.transactions`)."""
    before: list[tuple[Stored, list[Any], list[Any], int]] = []
    """Tables as they were before the statement that changes them; `room_before` is the catalogue's room then."""
    room_before: int = 0

    @property
    def status(self) -> int:
        """The server's status (bits): whether a transaction is open, and statements commit by themselves."""
        return int(self.in_transaction) | 2 * self.autocommit

    def changing(self, database: str, name: str, table: Stored) -> None:
        """Note a table that a statement is about to change."""
        self.in_transaction = self.in_transaction or not self.autocommit
        self.before.append((table, table.columns[:], table.rows[:], table.next_number))
        if self.in_transaction:
            self.undone.setdefault((database, name), (table, table.rows[:], table.next_number))
        self.catalogue.changed = True

    def begin(self) -> None:
        """Begin a statement."""
        self.before, self.room_before = [], self.catalogue.room

    def undo(self) -> None:
        """Leave the tables that a statement has begun to change as they were."""
        for table, columns, rows, number in self.before:
            table.columns[:], table.rows[:] = columns, rows
            table.next_number = max(table.next_number, number)  # numbers that were taken do not come back
        if self.before:
            self.catalogue.room = self.room_before
        self.before = []

    def commit(self) -> None:
        """End a transaction."""
        self.undone, self.in_transaction, self.savepoints = {}, False, {}

    def roll_back(self) -> None:
        """End a transaction, and leave its tables as they were."""
        for table, rows, _ in self.undone.values():
            self.restore(table, rows)
        self.commit()

    def restore(self, table: Stored, rows: list[Any]) -> None:
        """Give a table the rows that it had, unless another session has changed its columns or there is no room."""
        changed = rows and len(rows[0]) != len(table.columns)
        if not changed and self.catalogue.take(sum(map(weight, rows)) - sum(map(weight, table.rows))):
            table.rows[:] = rows
