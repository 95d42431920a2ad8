# SPDX-License-Identifier: MIT
"""LOAD DATA INFILE: rows out of a file of the machine, as intruders read files where LOAD_FILE is watched.

LOAD DATA LOCAL, whose file is the client's, is not parsed here.
"""

import posixpath
from typing import Final

import msgspec

from decnet_decoys.mysql.catalogue import Done, Outcome
from decnet_decoys.mysql.sql.budget import sized, step
from decnet_decoys.mysql.sql.changes.target import Target
from decnet_decoys.mysql.sql.changing import insert_rows
from decnet_decoys.mysql.sql.evaluation.scopes import Scope, StatementError
from decnet_decoys.mysql.sql.parsing import Parser
from decnet_decoys.mysql.sql.tokens import NotUnderstoodError
from decnet_decoys.mysql.sql.values import Value

_DATA: Final = "/var/lib/mysql/"
MOST_BYTES: Final = 64 << 10
"""Of a file; a larger one is not read."""
MOST_LINES: Final = 2000


class _Format(msgspec.Struct):
    """How a file is divided."""

    fields: str = "\t"
    encloses: str = ""
    lines: str = "\n"
    skips: int = 0


def load(parser: Parser, scope: Scope) -> Outcome | None:
    """Answer LOAD DATA; raises StatementError."""
    parser.must("LOAD", "DATA")
    if parser.sees("LOCAL"):
        raise NotUnderstoodError(0)
    while parser.then("LOW_PRIORITY") or parser.then("CONCURRENT"):
        pass
    parser.must("INFILE")
    path = parser.take("string").text
    replaces = bool(parser.then("REPLACE"))
    lax = not replaces and bool(parser.then("IGNORE"))
    parser.must("INTO", "TABLE")
    database, name = parser.path()
    form = _format(parser)
    names = parser.bracketed(lambda: parser.path()[1]) if parser.sees("(") else None
    if not parser.ends():
        raise parser.fail()
    target = Target(scope, database, name)
    rows = _rows(_content(scope, path), form, len(target.table.columns) if names is None else len(names))
    done = insert_rows(target, names, rows, lax=lax, replaces=replaces)
    skipped = len(rows) - done.affected if lax else 0
    told = f"Records: {len(rows)}  Deleted: 0  Skipped: {skipped}  Warnings: {done.warnings}"
    return Done(done.affected, done.insert_id, done.warnings, told)


def _format(parser: Parser) -> _Format:
    form = _Format()
    if parser.then("CHARACTER", "SET"):
        parser.name()
    if parser.then("FIELDS") or parser.then("COLUMNS"):
        _of_fields(parser, form)
    if parser.then("LINES"):
        while parser.then("TERMINATED", "BY"):
            form.lines = parser.take("string").text
    if parser.then("IGNORE"):
        form.skips = min(parser.whole(), MOST_LINES)
        if not parser.then("LINES"):
            parser.must("ROWS")
    return form


def _of_fields(parser: Parser, form: _Format) -> None:
    while True:
        if parser.then("TERMINATED", "BY"):
            form.fields = parser.take("string").text
        elif parser.then("OPTIONALLY", "ENCLOSED", "BY") or parser.then("ENCLOSED", "BY"):
            form.encloses = parser.take("string").text[:1]
        elif parser.then("ESCAPED", "BY"):
            parser.take("string")
        else:
            break


def _content(scope: Scope, path: str) -> str:
    """Return what stands in a file of the machine; raises StatementError."""
    visitor = scope.visitor
    whole = posixpath.normpath(posixpath.join(_DATA, visitor.database, path))
    if visitor.files is None or visitor.files.directory_refused(posixpath.dirname(whole)):
        raise StatementError(
            1290,
            "HY000",
            "The MariaDB server is running with the --secure-file-priv option so it cannot execute this statement",
        )
    if visitor.files.is_absent(whole):
        raise StatementError(13, "HY000", f"Can't get stat of '{path}' (Errcode: 2 \"No such file or directory\")")
    found = visitor.files.read(whole, MOST_BYTES, account="mysql")
    if found is None:
        raise StatementError(29, "HY000", f"File '{path}' not found (Errcode: 13 \"Permission denied\")")
    sized(found)
    return found.decode("utf-8", "surrogateescape")


def _rows(content: str, form: _Format, width: int) -> list[list[Value]]:
    """Return the rows of a file, each as wide as there are columns; raises OverspentError."""
    lines = content.split(form.lines, MOST_LINES) if form.lines else [content]
    if lines and not lines[-1]:
        lines.pop()
    rows: list[list[Value]] = []
    for line in lines[form.skips : MOST_LINES]:
        cells = line.split(form.fields, width) if form.fields else [line]
        step(1 + width)
        given = [_cell(one, form.encloses) for one in cells[:width]]
        rows.append(given + [None] * (width - len(given)))
    return rows


def _cell(text: str, encloses: str) -> Value:
    if encloses and len(text) > 1 and text[0] == encloses == text[-1]:
        return text[1:-1]
    return None if text == "\\N" else text
