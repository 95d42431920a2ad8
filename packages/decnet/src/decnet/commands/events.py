# SPDX-License-Identifier: MIT
"""`decnet events`: the event log, and new events as they arrive."""

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

import msgspec
import typer

from decnet.cli.addresses import canonical_address
from decnet.cli.errors import NotFoundError, WrongUsageError
from decnet.cli.event_kinds import known_kinds
from decnet.cli.options import Csv, JsonLines, Limit, application
from decnet.cli.time_options import Since, Until
from decnet.cli.time_window import time_window
from decnet.fleet.deployment import Deployment, find_deployment, transaction
from decnet.history.selection import Selection
from decnet.remote.current import master
from decnet.show.events import print_events
from decnet_models.events import queries
from decnet_models.events.queries import StoredEvent
from decnet_models.known.matching import KnownSources
from decnet_models.known.queries import known_sources

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
    known: Annotated[bool, typer.Option(help="Also what known sources do; shown if they are asked for.")] = False,
    limit: Limit = 50,
    as_json: JsonLines = False,
    as_csv: Csv = False,
) -> None:
    """Show the newest events, oldest of them first; --follow continues with new ones."""
    if as_csv and (as_json or follow):
        raise WrongUsageError("--csv prints a table: choose --json for lines, also of new events")
    selection = Selection(
        kinds=known_kinds(kind or []),
        attacker=None if attacker is None else canonical_address(attacker),
        decky=decky,
        session=session,
        window=time_window(since, until),
        synthetic=synthetic,
    )
    everybody = known or attacker is not None or session is not None
    if (remote := master()) is not None:
        from decnet.remote import findings

        if event_id:
            print_events(findings.events_named(remote, event_id), as_json=as_json, as_csv=as_csv)
        elif follow:
            with contextlib.suppress(KeyboardInterrupt):
                for stored in findings.following(remote, selection, limit, known=everybody):
                    print_events([stored], as_json=as_json)
        else:
            print_events(findings.events(remote, selection, limit, known=everybody), as_json=as_json, as_csv=as_csv)
        return
    deployment = find_deployment()
    if event_id:
        print_events(_named(deployment, event_id), as_json=as_json, as_csv=as_csv)
        return
    with transaction(deployment) as connection:
        if not everybody:
            selection = msgspec.structs.replace(selection, known=KnownSources(known_sources(connection)))
        shown = selection.newest(connection, limit)
    if shown or not follow:
        print_events(shown, as_json=as_json, as_csv=as_csv)
    if follow:
        with contextlib.suppress(KeyboardInterrupt):
            seen = max((stored.seq for stored in shown), default=None)
            asyncio.run(_follow(deployment, selection, seen, known=everybody, as_json=as_json))


def _named(deployment: Deployment, ids: Sequence[UUID]) -> list[StoredEvent]:
    with transaction(deployment) as connection:
        found = queries.by_ids(connection, ids)
    if missing := set(ids) - {one.event.id for one in found}:
        names = ", ".join(str(one) for one in sorted(missing))
        raise NotFoundError(f"the log has no event {names}; it was never there, or has been forgotten")
    return found


async def _follow(
    deployment: Deployment, selection: Selection, seen: int | None, *, known: bool, as_json: bool
) -> None:
    from decnet.fleet.bus_access import bus_client
    from decnet.fleet.event_feed import EventFeed

    bus = await bus_client(deployment, "decnet-events")
    feed = EventFeed(
        deployment,
        bus,
        kinds=selection.kinds,
        attacker=selection.attacker,
        synthetic=selection.synthetic,
        known=known,
    )
    if seen is None:
        feed.start_at_end()
    else:
        feed.seq = seen
    try:
        async for batch in feed.batches():
            if found := list(filter(selection.includes, batch)):
                print_events(found, as_json=as_json)
    finally:
        await bus.close()
