# SPDX-License-Identifier: MIT
"""`decnet events`: the event log, and new events as they arrive."""

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

import typer

from decnet.cli.errors import NotFoundError, WrongUsageError
from decnet.cli.options import JsonLines, Limit, application
from decnet.cli.time_window import Since, Until, time_window
from decnet.fleet.deployment import Deployment, find_deployment, transaction
from decnet.history.selection import Selection
from decnet.show import documents, eventline
from decnet_core.events.catalogue import KINDS
from decnet_models.events import queries
from decnet_models.events.queries import StoredEvent

app = application("The event log.")


@app.command()
def events(
    *,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Continue with new events.")] = False,
    kind: Annotated[list[str] | None, typer.Option(help="Only this kind; repeatable.")] = None,
    attacker: Annotated[str | None, typer.Option(help="Only from this address.")] = None,
    decky: Annotated[str | None, typer.Option(help="Only at this decky.")] = None,
    session: Annotated[str | None, typer.Option(help="Only of this session.")] = None,
    event_id: Annotated[
        list[UUID] | None, typer.Option("--id", help="The event with this id, as notices name it; repeatable.")
    ] = None,
    since: Since = None,
    until: Until = None,
    synthetic: Annotated[bool, typer.Option(help="Also what the worker orchestrator causes.")] = False,
    limit: Limit = 50,
    as_json: JsonLines = False,
) -> None:
    """Show the newest events, oldest of them first; --follow continues with new ones."""
    selection = Selection(
        kinds=_known(kind or []),
        attacker=attacker,
        decky=decky,
        session=session,
        window=time_window(since, until),
        synthetic=synthetic,
    )
    deployment = find_deployment()
    if event_id:
        _print(_named(deployment, event_id), as_json=as_json)
        return
    with transaction(deployment) as connection:
        shown = selection.newest(connection, limit)
    _print(shown, as_json=as_json)
    if follow:
        with contextlib.suppress(KeyboardInterrupt):
            seen = max((stored.seq for stored in shown), default=None)
            asyncio.run(_follow(deployment, selection, seen, as_json=as_json))


def _named(deployment: Deployment, ids: Sequence[UUID]) -> list[StoredEvent]:
    with transaction(deployment) as connection:
        found = queries.by_ids(connection, ids)
    if missing := set(ids) - {one.event.id for one in found}:
        names = ", ".join(str(one) for one in sorted(missing))
        raise NotFoundError(f"the log has no event {names}; it was never there, or has been forgotten")
    return found


async def _follow(deployment: Deployment, selection: Selection, seen: int | None, *, as_json: bool) -> None:
    from decnet.fleet.bus_access import bus_client
    from decnet.fleet.event_feed import EventFeed

    bus = await bus_client(deployment, "decnet-events")
    feed = EventFeed(deployment, bus, kinds=selection.kinds, attacker=selection.attacker, synthetic=selection.synthetic)
    if seen is None:
        feed.start_at_end()
    else:
        feed.seq = seen
    try:
        async for batch in feed.batches():
            _print(list(filter(selection.includes, batch)), as_json=as_json)
    finally:
        await bus.close()


def _print(events: list[StoredEvent], *, as_json: bool) -> None:
    for stored in events:
        text = documents.event_line(stored) if as_json else eventline.line(stored.event)
        typer.echo(text)


def _known(kinds: list[str]) -> tuple[str, ...]:
    for kind in kinds:
        if kind not in KINDS:
            raise WrongUsageError(f"there is no event kind {kind!r}; kinds are: {', '.join(KINDS)}")
    return tuple(kinds)
