# SPDX-License-Identifier: MIT
"""`decnet quarantine`: lines that a worker could not read, or the database would not store, and events once more."""

import re
import sys
import time
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Annotated
from uuid import UUID

import msgspec
import typer

from decnet.cli.errors import FAILED, NotFoundError, OperatorError, RefusedError, WrongUsageError
from decnet.cli.options import Json, Limit, application
from decnet.fleet.deployment import Deployment, find_deployment, transaction
from decnet.show import documents
from decnet.show.columns import columns
from decnet.show.times import moment
from decnet_core.events.codec import BadEventError, decode
from decnet_core.events.envelope import Event
from decnet_core.spool.quarantine import Place, QuarantinedLine, kept_lines
from decnet_core.text import for_terminal
from decnet_models.artifacts.queries import register
from decnet_models.events.queries import insert_events, known
from decnet_workers.ingest.artifacts import artifacts_in
from decnet_workers.ingest.lines import not_from_future
from decnet_workers.ingest.settings import IngestSettings

app = application("Lines that were put aside: what no worker could read, and events that the database would not store.")

_ID = re.compile(r"([a-z][a-z0-9-]*)/(\d+)/(\d+)")
_INGEST = "ingest"
"""Only what it put aside was accepted as an event before; the others' lines may be of anybody."""

Ids = Annotated[list[str], typer.Argument(help="As `decnet quarantine list` shows them, e.g. ingest/3/0.")]


class Kept(msgspec.Struct, frozen=True):
    """A quarantined line, and for an event whether it is in the log by now."""

    id: str
    worker: str
    line: QuarantinedLine
    stored: bool | None = None


@app.command(name="list")
def list_(
    limit: Limit = 100,
    everything: Annotated[bool, typer.Option("--all", help="Also events that are in the log by now.")] = False,
    as_json: Json = False,
) -> None:
    """List the lines, newest first, each with the reason."""
    deployment = find_deployment()
    kept = list(_with_state(deployment, _kept(deployment)))
    found = [one for one in kept if everything or not one.stored]
    found = sorted(found, key=lambda one: one.line.at, reverse=True)[:limit]
    rows = [(one.id, moment(one.line.at), one.line.source, len(one.line.content()), one.line.reason) for one in found]
    text = columns(("id", "when", "from", "bytes", "reason"), rows) if found else _nothing(len(kept))
    typer.echo(documents.document(found) if as_json else text)


def _nothing(hidden: int) -> str:
    return f"nothing is quarantined{f' but what is in the log by now ({hidden}): see --all' if hidden else ''}"


@app.command()
def show(
    id_: Annotated[str, typer.Argument(metavar="ID", help="As `decnet quarantine list` shows it.")],
    raw: Annotated[bool, typer.Option("--raw", help="Write the line as it was, byte by byte.")] = False,
    as_json: Json = False,
) -> None:
    """Show one line, whole."""
    (one,) = _named(find_deployment(), [id_])
    if raw:
        sys.stdout.buffer.write(one.line.content() + b"\n")
    elif as_json:
        typer.echo(documents.document(one))
    else:
        line = one.line
        typer.echo(f"{one.id}, {moment(line.at)}, from {for_terminal(line.source)}: {for_terminal(line.reason)}")
        typer.echo(for_terminal(line.line, len(line.line)))


@app.command()
def retry(
    ids: Ids = [],  # noqa: B006  # typer's way
    everything: Annotated[bool, typer.Option("--all", help="All that ingest put aside.")] = False,
    as_json: Json = False,
) -> None:
    """Store events once more, when the reason is mended; one that is in the log already is not stored twice."""
    if bool(ids) == everything:
        raise WrongUsageError("name the lines, or give --all; see decnet quarantine list")
    deployment = find_deployment()
    chosen = _ingest(deployment) if everything else _named(deployment, ids)
    events = [event for one in chosen if (event := _event(one, must=not everything)) is not None]
    stored, refused = _store(deployment, events)
    if as_json:
        typer.echo(documents.line({"stored": stored, "known": len(events) - stored - len(refused), "refused": refused}))
    else:
        typer.echo(f"{stored} stored, {len(events) - stored - len(refused)} were in the log already")
        for words in refused:
            typer.echo(for_terminal(words), err=True)
    if refused:
        raise typer.Exit(FAILED)


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


def _named(deployment: Deployment, ids: Iterable[str]) -> list[Kept]:
    wanted = list(dict.fromkeys(ids))
    for each in wanted:
        if not _ID.fullmatch(each):
            raise WrongUsageError(f"{for_terminal(each)} is no id of a line, such as ingest/3/0")
    found = {one.id: one for one in _kept(deployment) if one.id in wanted}
    for each in wanted:
        if each not in found:
            raise NotFoundError(f"{each} is not quarantined; see decnet quarantine list")
    return [found[each] for each in wanted]


def _kept(deployment: Deployment) -> Iterator[Kept]:
    quarantine = deployment.state.root / "quarantine"
    for directory in sorted(quarantine.iterdir()) if quarantine.is_dir() else ():
        yield from _of(directory)


def _ingest(deployment: Deployment) -> list[Kept]:
    return list(_of(deployment.state.root / "quarantine" / _INGEST))


def _of(directory: Path) -> Iterator[Kept]:
    for place, line in kept_lines(directory):
        yield Kept(_id(directory.name, place), directory.name, line)


def _id(worker: str, place: Place) -> str:
    return f"{worker}/{place.segment}/{place.offset}"


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
