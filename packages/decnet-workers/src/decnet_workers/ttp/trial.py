# SPDX-License-Identifier: MIT
"""`decnet-ttp test`: tries rules on recorded events, in a database in memory, by the code that the worker runs.

`RULE.fires.jsonl` and `RULE.passes.jsonl`, in the folder of the rules or another, hold one event per line: each of the
first must fire the rule of `RULE.yml`, none of the second. A correlation must fire once on all of the first together.
"""

import math
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, TypeAlias
from uuid import UUID

import msgspec
from sqlalchemy import Connection, create_engine

from decnet_core.events.codec import BadEventError, decode
from decnet_core.events.envelope import Event
from decnet_core.timing.timestamps import as_recorded
from decnet_models.database.window import Window
from decnet_models.events.queries import StoredEvent
from decnet_models.ttp.queries import Tag, tags_between
from decnet_models.ttp.tables import metadata
from decnet_workers.ttp.findings import Findings
from decnet_workers.ttp.library import Library, Refusal, files_of, load
from decnet_workers.ttp.reader import read_files

Outcome: TypeAlias = Literal["fires", "passes"]

_BATCH = 1000


class Line(msgspec.Struct, frozen=True):
    """An event of a file, by the line on which it stands."""

    number: int
    event: Event


class Trial(msgspec.Struct, frozen=True):
    """What became of one file of rules: how many of its recorded events did as they should, and what did not."""

    file: Path
    events: int
    mistakes: tuple[Refusal, ...]


def try_folder(folder: Path, recorded: Path, beside: Sequence[Path] = ()) -> list[Trial]:
    """Try every file of rules below `folder`; its correlations may count the rules of the folders `beside`."""
    library = load([*beside, folder])
    by_file: dict[Path, list[Refusal]] = {}
    for refusal in library.refused:
        by_file.setdefault(refusal.file, []).append(refusal)
    with _database() as connection:
        return [_try_file(connection, library, file, recorded, by_file.get(file, ())) for file in files_of([folder])]


def fired(library: Library, lines: Sequence[Line]) -> Iterator[tuple[Line, Tag]]:
    """Yield what the rules find in a sequence of events, each with its line."""
    with _database() as connection:
        for tag in _tags(connection, library, lines):
            yield lines[tag.seq - 1], tag


def fired_within(library: Library, lines: Sequence[Line], seconds: float) -> tuple[list[tuple[Line, Tag]], int]:
    """Return the same of the first lines, as many as are looked at in this time; and how many those are."""
    deadline = time.monotonic() + seconds
    with _database() as connection:
        looked = _look_at(connection, library, lines, deadline)
        return [(lines[tag.seq - 1], tag) for tag in _written(connection)], looked


def read_events(file: Path) -> tuple[list[Line], list[Refusal]]:
    """Return the events of a file, and the lines that are none."""
    lines, wrong = [], []
    for number, text in enumerate(file.read_bytes().splitlines(), 1):
        if not text.strip():
            continue
        try:
            lines.append(Line(number, decode(as_recorded(text))))
        except BadEventError as error:
            wrong.append(Refusal(file, number, f"not an event: {error}"))
    return lines, wrong


def _try_file(
    connection: Connection, library: Library, file: Path, recorded: Path, refused: Sequence[Refusal]
) -> Trial:
    mistakes, events = list(refused), 0
    rule = None if refused else _last_rule(file)
    for outcome in ("fires", "passes"):
        source = recorded / f"{file.stem}.{outcome}.jsonl"
        if not source.is_file():
            continue
        lines, wrong = read_events(source)
        events += len(lines)
        mistakes += wrong
        if rule is not None:
            found = [tag.seq for tag in _tags(connection, library, lines) if tag.rule_id == rule[0]]
            mistakes += _judged(source, outcome, lines, set(found), counts=rule[1])
            connection.rollback()
    return Trial(file, events, tuple(mistakes))


def _judged(source: Path, outcome: str, lines: Sequence[Line], found: set[int], *, counts: bool) -> list[Refusal]:
    if outcome == "passes":
        return [Refusal(source, lines[seq - 1].number, "fires the rule, and must not") for seq in sorted(found)]
    if counts:
        wrong = f"the rule fires {len(found)} times on these events, and must fire once"
        return [] if len(found) == 1 else [Refusal(source, 1, wrong)]
    missed = [line for seq, line in enumerate(lines, 1) if seq not in found]
    return [Refusal(source, line.number, "does not fire the rule") for line in missed]


def _last_rule(file: Path) -> tuple[UUID, bool] | None:
    """Return the id of a file's last rule, and whether it is a correlation: what it counts stands before it."""
    (read,) = read_files([file])
    fields = read.documents[-1].data if read.documents else None
    if not isinstance(fields, dict):
        return None
    return UUID(str(fields["id"].data)), "correlation" in fields


def _tags(connection: Connection, library: Library, lines: Sequence[Line]) -> list[Tag]:
    _look_at(connection, library, lines, math.inf)
    return _written(connection)


def _look_at(connection: Connection, library: Library, lines: Sequence[Line], deadline: float) -> int:
    """Look at the events until the deadline (of the monotonic clock); return how many were looked at."""
    for start in range(0, len(lines), _BATCH):
        if time.monotonic() > deadline:
            return start
        findings = Findings(connection, library)
        part = lines[start : start + _BATCH]
        findings.look_at([StoredEvent(start + n, line.event) for n, line in enumerate(part, 1)])
        findings.prepared()(connection)
    return len(lines)


def _written(connection: Connection) -> list[Tag]:
    found: list[Tag] = []
    while page := tags_between(connection, Window(), after=found[-1] if found else None):
        found += page
    return found


@contextmanager
def _database() -> Iterator[Connection]:
    engine = create_engine("sqlite://")
    try:
        with engine.connect() as connection:
            metadata.create_all(connection)
            connection.commit()
            yield connection
    finally:
        engine.dispose()
