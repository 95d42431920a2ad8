# SPDX-License-Identifier: MIT
"""Lines that workers put aside, with what became of the events among them; and events stored once more."""

import re
import time
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from uuid import UUID

import msgspec

from decnet.cli.errors import NotFoundError, OperatorError, RefusedError, WrongUsageError
from decnet.fleet.deployment import Deployment, transaction
from decnet_core.events.codec import BadEventError, decode
from decnet_core.events.envelope import Event
from decnet_core.spool.quarantine import LinePosition, QuarantinedLine, kept_lines
from decnet_core.text import for_terminal
from decnet_models.artifacts.queries import register
from decnet_models.events.queries import insert_events, known
from decnet_workers.ingest.artifacts import artifacts_in
from decnet_workers.ingest.lines import not_from_future
from decnet_workers.ingest.settings import IngestSettings

_ID = re.compile(r"([a-z][a-z0-9-]*)/(\d+)/(\d+)", re.ASCII)
_INGEST = "ingest"
"""Only what it put aside was accepted as an event before; the others' lines may be of anybody."""


class Kept(msgspec.Struct, frozen=True):
    """A quarantined line, and for an event whether it is in the log by now."""

    id: str
    worker: str
    line: QuarantinedLine
    stored: bool | None = None


class Retried(msgspec.Struct, frozen=True):
    """What came of storing events once more; `refused` has a sentence for each that was refused again."""

    stored: int
    known: int
    """How many were in the log already."""
    refused: tuple[str, ...]


def all_kept(deployment: Deployment) -> list[Kept]:
    """Return all lines, newest first, with which events are in the log by now."""
    kept = _with_state(deployment, _kept(deployment))
    return sorted(kept, key=lambda one: one.line.at, reverse=True)


def retry(deployment: Deployment, ids: Iterable[str] | None) -> Retried:
    """Store these events, or (None) all that ingest put aside, once more; raises OperatorError."""
    chosen = _ingest(deployment) if ids is None else named(deployment, ids)
    events = [event for one in chosen if (event := _event(one, must=ids is not None)) is not None]
    stored, refused = _store(deployment, events)
    return Retried(stored, len(events) - stored - len(refused), tuple(refused))


def _store(deployment: Deployment, events: list[Event]) -> tuple[int, list[str]]:
    """Store each as ingest does, in a transaction of its own: one that is refused keeps none of the others out."""
    future_seconds = deployment.settings.section("ingest", IngestSettings).future_seconds
    stored, refused = 0, []
    for kept in events:
        now_ns = time.time_ns()
        event = not_from_future(kept, now_ns, future_seconds)
        try:
            with transaction(deployment, write=True) as connection:
                new = insert_events(connection, [event], now_ns=now_ns)
                register(connection, artifacts_in([event], deployment.state.artifacts, now_ns=now_ns))
        except (RefusedError, OverflowError, UnicodeError) as error:
            refused.append(f"event {event.id}: {error}")
        else:
            stored += new
    return stored, refused


def _event(one: Kept, *, must: bool) -> Event | None:
    """Return the event that a line holds, None where it holds none; raises OperatorError instead if it `must`."""
    try:
        if one.worker == _INGEST:
            return decode(one.line.content())
    except BadEventError as error:
        if must:
            raise OperatorError(f"{one.id} is no event, it can only be shown: {error}") from error
        return None
    raise OperatorError(
        f"{one.id} was rejected by {one.worker}, which did not accept it as an event; it can only be shown"
    )


def named(deployment: Deployment, ids: Iterable[str]) -> list[Kept]:
    """Return the lines of these ids; raises WrongUsageError, NotFoundError."""
    wanted = list(dict.fromkeys(ids))
    for each in wanted:
        refuse_no_id(each)
    found = {one.id: one for one in _kept(deployment) if one.id in wanted}
    for each in wanted:
        if each not in found:
            raise NotFoundError(f"{each} is not quarantined; see decnet quarantine list")
    return [found[each] for each in wanted]


def refuse_no_id(text: str) -> None:
    """Raise WrongUsageError for what is no id of a line."""
    if not _ID.fullmatch(text):
        raise WrongUsageError(f"{for_terminal(text)} is no id of a line, such as ingest/3/0")


def _kept(deployment: Deployment) -> Iterator[Kept]:
    quarantine = deployment.state.root / "quarantine"
    for directory in sorted(quarantine.iterdir()) if quarantine.is_dir() else ():
        yield from _of(directory)


def _ingest(deployment: Deployment) -> list[Kept]:
    return list(_of(deployment.state.root / "quarantine" / _INGEST))


def _of(directory: Path) -> Iterator[Kept]:
    for position, line in kept_lines(directory):
        yield Kept(_id(directory.name, position), directory.name, line)


def _id(worker: str, position: LinePosition) -> str:
    return f"{worker}/{position.segment}/{position.offset}"


def _with_state(deployment: Deployment, lines: Iterable[Kept]) -> Iterator[Kept]:
    """Add which events are in the log by now, as far as the database can be asked."""
    lines = list(lines)
    events = {one.id: event for one in lines if one.worker == _INGEST and (event := _event(one, must=False))}
    try:
        stored = _stored(deployment, events.values())
    except RefusedError:
        yield from lines
        return
    for one in lines:
        event = events.get(one.id)
        yield one if event is None else msgspec.structs.replace(one, stored=event.id in stored)


def _stored(deployment: Deployment, events: Collection[Event]) -> set[UUID]:
    if not events:
        return set()
    with transaction(deployment) as connection:
        return known(connection, [event.id for event in events])
