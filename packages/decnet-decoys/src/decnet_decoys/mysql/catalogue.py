# SPDX-License-Identifier: MIT
"""What one server holds for all its visitors, what each of them is, and what comes of a statement."""

import sys
import time
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

import msgspec

from decnet_decoys.mysql.packets import Column
from decnet_decoys.mysql.profile import MysqlProfile, Table
from decnet_decoys.services.machine_files import MachineFiles

MOST_NAMES: Final = 200
"""Databases, tables of one, and functions that visitors may add."""
MOST_BYTES: Final = 512 << 10
"""Of memory, that the databases, tables and columns take which visitors add."""
_SYSTEM: Final = ("information_schema", "mysql", "performance_schema", "sys")


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


class Found(NamedTuple):
    """A result."""

    columns: Sequence[Column]
    rows: Sequence[Sequence[str | None]]


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
        self.databases: dict[str, dict[str, Table]] = {
            **{name: {} for name in _SYSTEM},
            **{name: dict(tables) for name, tables in profile.databases.items()},
        }
        self.files: set[str] = set()
        self.functions: set[str] = set()
        self._left = MOST_BYTES
        self.variables = {
            "version": profile.version, "version_comment": profile.comment, "hostname": host, "port": "3306",
            "version_compile_os": "debian-linux-gnu", "version_compile_machine": "x86_64", "autocommit": "1",
            "datadir": "/var/lib/mysql/", "plugin_dir": "/usr/lib/mysql/plugin/", "basedir": "/usr",
            "secure_file_priv": "", "tmpdir": "/tmp",  # noqa: S108  # shown, not used
            "max_allowed_packet": "16777216", "sql_mode": "",
            "character_set_client": "utf8mb4", "character_set_server": "utf8mb4",
            "collation_server": "utf8mb4_general_ci", "lower_case_table_names": "0", "tx_isolation": "REPEATABLE-READ",
            "transaction_isolation": "REPEATABLE-READ",
            "general_log": "0", "general_log_file": f"{host}.log", "log_error": "", "have_ssl": "DISABLED",
            "socket": "/run/mysqld/mysqld.sock", "time_zone": "SYSTEM", "system_time_zone": "UTC", "license": "GPL",
            "wait_timeout": "28800", "interactive_timeout": "28800", "net_write_timeout": "60", "init_connect": "",
            "auto_increment_increment": "1", "query_cache_size": "1048576", "query_cache_type": "OFF",
        }  # fmt: skip

    def has_room(self, *names: str) -> bool:
        """Return whether there is room for a database, or a table with its columns, and take it."""
        size = _size(names)
        if size > self._left:
            return False
        self._left -= size
        return True

    def give_back(self, *names: str) -> None:
        """Give back what `has_room` took; what was there from the start never makes it more than at first."""
        self._left = min(MOST_BYTES, self._left + _size(names))


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
