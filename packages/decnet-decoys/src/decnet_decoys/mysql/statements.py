# SPDX-License-Identifier: MIT
"""Answers the statements that `sql.running` does not parse, by the few shapes that intruders send.

What is not known is a syntax error, as for a typing mistake. What a visitor creates is remembered for all, in bounds.
"""

import posixpath
import re
from collections.abc import Callable
from typing import Final

from decnet_decoys.mysql.catalogue import MOST_NAMES, SWITCHES, Done, Failed, Found, Outcome, Visitor, Written
from decnet_decoys.mysql.expressions import expressions, literal
from decnet_decoys.mysql.packets import Column
from decnet_decoys.mysql.state.shown_lists import shown_lists
from decnet_decoys.services.machine_files import Owner
from decnet_decoys.shell.machine.fs_errors import EXISTS, IS_DIRECTORY, NO_SPACE, NOT_DIRECTORY, NOT_FOUND, TOO_LONG

LONGEST: Final = 4096
"""Characters of a statement that is looked at; a longer one is known by its beginning, or by the file it writes."""


_DATA: Final = "/var/lib/mysql/"
_SPECIAL = re.compile(rb"[\t\n\\\0]")
_ZERO: Final = {b"\0": b"0"}
"""What INTO OUTFILE writes after a backslash, and a zero byte there."""
_ERRNO: Final = {NOT_FOUND: 2, NOT_DIRECTORY: 20, IS_DIRECTORY: 21, NO_SPACE: 28, TOO_LONG: 36}
"""Of what a write can fail with (errno.h)."""
MOST_COMMENTS: Final = 1000
"""Before a statement; with more it is not understood."""
_SPACES = re.compile(r"\s*")


def answer(visitor: Visitor, sql: str) -> tuple[Outcome, bool]:
    """Return what comes of a statement, and whether it was understood."""
    visitor.written, visitor.commands = [], []
    text = _bare(sql)
    if not text:
        return Failed(1065, "42000", "Query was empty"), True
    written = _writing(text)
    if written is not None:
        return write(visitor, written), True
    if text.lower() in _VERBS:
        return syntax_error(visitor, ""), False
    text = " ".join(text[:LONGEST].split())  # so that no shape has to try how many spaces there are
    for shape, act in _SHAPES:
        match = shape.fullmatch(text)
        if match:
            outcome = act(visitor, match)
            return outcome, not (isinstance(outcome, Failed) and outcome.code == 1064)
    return _syntax(visitor, text), False


def _writing(text: str) -> Written | None:
    """Return the file of SELECT ... INTO OUTFILE or DUMPFILE, which may hold a whole library; None for all else."""
    if text[:7].lower() != "select ":
        return None
    for words, dumps in ((" into dumpfile ", True), (" into outfile ", False)):
        place = text.lower().rfind(words)
        path = (
            re.match(r"\s*(?:'([^']{1,1024})'|\"([^\"]{1,1024})\")", text[place + len(words) :]) if place > 0 else None
        )
        if path:
            return Written(path[1] or path[2], _content(text[7:place].strip(), dumps), dumps)
    return None


def _content(what: str, dumps: bool) -> bytes:  # as the statement says it
    """Return what is written: columns one after the other, in a text file between tabs and with an end of line."""
    columns = [literal(one) for one in expressions(what)] if len(what) <= LONGEST else [literal(what)]
    if dumps:
        return b"".join(columns)
    return b"\t".join(_SPECIAL.sub(lambda found: b"\\" + _ZERO.get(found[0], found[0]), one) for one in columns) + b"\n"


def _bare(sql: str) -> str:
    """Return a statement without comments around it, spaces at its ends and its semicolon."""
    text = sql.strip().rstrip("; \t\r\n\0")
    at = 0
    for _ in range(MOST_COMMENTS):
        if not text.startswith("/*", at) or text.startswith("/*!", at):
            break
        end = text.find("*/", at)
        if end < 0:
            return ""
        at = _SPACES.match(text, end + 2).end()  # type: ignore[union-attr]  # it matches nothing, too
    return text[at:]


def _syntax(visitor: Visitor, text: str) -> Failed:
    verb, _, rest = text.partition(" ")
    return syntax_error(visitor, (rest if verb.lower() in _VERBS else text)[:80])


def syntax_error(visitor: Visitor, near: str, line: int = 1) -> Failed:
    """Return the error of a statement that is not understood from `near` on."""
    server = "MariaDB" if visitor.catalogue.profile.flavour == "mariadb" else "MySQL"
    return Failed(
        1064,
        "42000",
        "You have an error in your SQL syntax; check the manual that corresponds to your "
        f"{server} server version for the right syntax to use near '{near}' at line {line}",
    )


def _processes(visitor: Visitor, match: re.Match[str]) -> Outcome:
    row = [str(visitor.number), visitor.user, visitor.address, visitor.database or None, "Query", "0", "starting",
           match[0][:100], "0.000"]  # fmt: skip
    return Found(_PROCESS, [row])


def use(visitor: Visitor, name: str) -> Outcome:
    """Choose a database."""
    if not name:
        return Failed(1046, "3D000", "No database selected")
    if "\0" in name:
        return Failed(1102, "42000", f"Incorrect database name '{name.partition(chr(0))[0]}'")
    if name not in visitor.catalogue.databases:
        return Failed(1049, "42000", f"Unknown database '{name[:64]}'")
    visitor.database = name
    return Done()


def _create_database(visitor: Visitor, match: re.Match[str]) -> Outcome:
    name, databases = _name(match["name"]), visitor.catalogue.databases
    if name in databases:
        return Done() if match["exists"] else Failed(1007, "HY000", f"Can't create database '{name}'; database exists")
    if len(databases) < MOST_NAMES and visitor.catalogue.has_room(name):
        databases[name] = {}
        visitor.catalogue.changed = True
    return Done(1)


def _accepted(_visitor: Visitor, _match: re.Match[str]) -> Outcome:
    return Done()


def write(visitor: Visitor, written: Written) -> Outcome:
    visitor.written.append(written)
    path = posixpath.normpath(posixpath.join(_DATA, visitor.database, written.path))
    owner = Owner("mysql", 0o666 if written.dumps else 0o644)
    makes = path.startswith((_DATA, visitor.catalogue.variables["plugin_dir"]))
    if path + "/" in (_DATA, visitor.catalogue.variables["plugin_dir"]):
        refused = EXISTS  # although the machine may be without them
    elif visitor.files is None:
        refused = ""
    else:
        refused = visitor.files.write(path, written.data, owner, new=True, makes=makes)
    if refused == EXISTS:
        return Failed(1086, "HY000", f"File '{written.path}' already exists")
    if refused in (NOT_FOUND, NOT_DIRECTORY) and visitor.catalogue.profile.flavour == "mariadb":
        return Failed(
            1290,
            "HY000",
            "The MariaDB server is running with the --secure-file-priv option so it cannot execute this statement",
        )
    if refused:
        number = _ERRNO.get(refused, 13)
        return Failed(1, "HY000", f"Can't create/write to file '{written.path}' (Errcode: {number} \"{refused}\")")
    if len(visitor.catalogue.files) < MOST_NAMES:
        visitor.catalogue.files.add(written.path.rpartition("/")[2])
    return Done(1)


def _create_function(visitor: Visitor, match: re.Match[str]) -> Outcome:
    catalogue, library = visitor.catalogue, match["library"]
    there = visitor.files is not None and not visitor.files.is_absent(catalogue.variables["plugin_dir"] + library)
    if library.rpartition("/")[2] not in catalogue.files and not there:
        why = "cannot open shared object file: No such file or directory"
        return Failed(1126, "HY000", f"Can't open shared library '{library}' (errno: 2, {why})")
    if len(catalogue.functions) < MOST_NAMES:
        catalogue.functions.add(_name(match["name"]).lower())
    return Done()


def _set(visitor: Visitor, match: re.Match[str]) -> Outcome:
    """Set a variable, for the session or for all; one that no server has is an error."""
    named = match["name"].lower()
    name = re.sub(r"^@@(?:global\.|session\.|local\.)?", "", named)
    known = name in visitor.catalogue.variables
    if not known and not name.startswith(("@", *_SETTABLE)):
        return Failed(1193, "HY000", f"Unknown system variable '{name[:64]}'")
    if known and name in _READ_ONLY:
        return Failed(1238, "HY000", f"Variable '{name}' is a read only variable")
    word = _VALUE.fullmatch(match["value"])
    if name == "time_zone" and word is not None and word["quoted"] is not None and not _ZONE.fullmatch(word["quoted"]):
        return Failed(1298, "HY000", f"Unknown or incorrect time zone: '{word['quoted'][:64]}'")
    if known and word is not None and name not in _FIXED:
        value = word["quoted"] if word["quoted"] is not None else word["bare"]
        if name in SWITCHES:
            if value.lower() not in _SWITCHED:
                told = f"Variable '{name}' can't be set to the value of '{value[:64]}'"
                return Failed(1231, "42000", told)
            value = _SWITCHED[value.lower()]
        value = value[:_LONGEST_SETTING]
        is_global = (match["scope"] or "").strip().lower() == "global" or named.startswith("@@global.")
        (visitor.catalogue.variables if is_global else visitor.settings)[name] = value
    return Done()


def _set_names(_visitor: Visitor, match: re.Match[str]) -> Outcome:
    name = match["name"].lower()
    if name not in ("default", "utf8") and not any(row[0] == name for row in shown_lists()["CHARACTER SET"].rows):
        return Failed(1115, "42000", f"Unknown character set: '{match['name']}'")
    return Done()


def _name(text: str) -> str:
    return text.strip("`'\" \t\r\n")[:64]


_VERBS: Final = ("select", "show", "create", "drop", "use", "set", "alter", "grant")
"""Words that a statement may begin with: what follows them is the error."""
_SETTABLE: Final = (
    "autocommit", "big_tables", "binlog", "character_set", "collation", "foreign_key_checks", "global_", "innodb",
    "interactive_timeout", "join_", "lc_", "local_infile", "lock_", "log_", "long_query", "max_", "net_", "optimizer",
    "profiling", "query_", "read_", "secure_", "slow_query", "sort_", "sql_", "table_", "time_", "tx_", "transaction",
    "unique_checks", "wait_timeout",
)  # fmt: skip
"""How variables begin that a client may set."""
_VALUE: Final = re.compile(r"'(?P<quoted>[^']*)'|(?P<bare>[\w.-]+)")
_SWITCHED: Final = {"on": "1", "off": "0", "true": "1", "false": "0", "0": "0", "1": "1"}
_LONGEST_SETTING: Final = 256
_FIXED: Final = frozenset(
    ("version", "version_comment", "hostname", "port", "datadir", "plugin_dir", "basedir", "secure_file_priv", "socket",
     "version_compile_os", "version_compile_machine", "autocommit", "innodb_version", "lower_case_table_names")
)  # fmt: skip
"""What cannot be set while the server runs, or is kept elsewhere."""
_READ_ONLY: Final = _FIXED - {"autocommit"}
_ZONE: Final = re.compile(r"system|[+-]?(?:0?\d|1[0-4]):[0-5]\d", re.IGNORECASE)
"""The time zones of a server whose tables of zones are empty."""
_PROCESS: Final = (
    Column("Id", 8, 11, 0x81, 0, text=False),
    *(Column(name, size=size, flags=1) for name, size in (("User", 512), ("Host", 256))),
    Column("db", size=256, flags=0),
    Column("Command", size=64, flags=1),
    Column("Time", 3, 7, 0x81, 0, text=False),
    *(Column(name, size=size, flags=0) for name, size in (("State", 120), ("Info", 400))),
    Column("Progress", 5, 7, 0x81, 3, text=False),
)
"""Of SHOW PROCESSLIST."""
_NAME = r"[`'\"]?[\w$.`-]{1,140}[`'\"]?"
_EXISTS = "(?P<exists>if (?:not )?exists )?"


def _shape(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE | re.DOTALL)


_SHAPES: Final[tuple[tuple[re.Pattern[str], Callable[[Visitor, re.Match[str]], Outcome]], ...]] = (
    (_shape("show (?:full )?processlist"), _processes),
    (_shape(f"use (?P<name>{_NAME})"), lambda visitor, match: use(visitor, _name(match["name"]))),
    (_shape(f"create (?:database|schema) {_EXISTS}(?P<name>{_NAME})(?: .*)?"), _create_database),
    (
        _shape(
            rf"create (?:aggregate )?function (?P<name>{_NAME}) returns \w+ soname "
            r"['\"](?P<library>[^'\"]{1,512})['\"]"
        ),
        _create_function,
    ),
    (_shape(r"set (?:names|character set|charset) '?(?P<name>\w{1,64})'?(?: collate '?\w+'?)?"), _set_names),
    (_shape(r"set (?P<scope>global |session |local )?(?P<name>[@\w.]{1,64}) ?:?= ?(?P<value>.*)"), _set),
    (
        _shape("(?:set|flush|revoke|alter|begin|commit|rollback|start|kill|lock|unlock)\\b.*"),
        _accepted,
    ),
    (_shape(r"/\*!.*"), _accepted),
)
