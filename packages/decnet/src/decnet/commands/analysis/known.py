# SPDX-License-Identifier: MIT
"""`decnet known`: sources that are the operator's own; what they do is recorded, and nothing else comes of it."""

import time
from typing import Annotated

import typer
from sqlalchemy import Connection

from decnet.cli import labels
from decnet.cli.addresses import known_network
from decnet.cli.commands import RecordedCommand
from decnet.cli.errors import NotFoundError, WrongUsageError
from decnet.cli.event_kinds import known_kinds
from decnet.cli.operator_name import operator
from decnet.cli.options import Csv, Json, application
from decnet.cli.time_window import time_ahead
from decnet.fleet.bus_access import wake_followers
from decnet.fleet.deployment import find_deployment, transaction
from decnet.incidents.known import close_incidents
from decnet.remote.current import master
from decnet.show import documents
from decnet.show.tables import print_table
from decnet.show.times import moment
from decnet_core.text import for_terminal
from decnet_models.attackers.tables import attacker
from decnet_models.database.addresses_in import addresses_in
from decnet_models.known import queries
from decnet_models.known.queries import KnownSource

app = application("Known sources: own scanners, monitoring. Their events are recorded, never scored or alerted.")

HEADING = ("number", "network", "port", "kind", "until", "added", "label")
_NAMED = 5
_COUNTED = 1000


@app.command(cls=RecordedCommand)
def add(
    network: Annotated[str, typer.Argument(metavar="CIDR", help="Address or network: 192.0.2.7, 10.1.0.0/16.")],
    *,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Only what contacts this port.")] = None,
    kind: Annotated[str | None, typer.Option(help="Only this kind of event.")] = None,
    until: Annotated[str | None, typer.Option(metavar="TIME", help='Only before this time: "8h" (from now).')] = None,
    label: Annotated[str, typer.Option(help="Who or what it is, in your words.")] = "",
    forget_before: Annotated[
        bool, typer.Option("--forget", help="Also remove its score, sessions and techniques, and close its incidents.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Ignore a source that is yours: it stays in the event log, but is no attacker and raises no alert from now on."""
    if forget_before and (port is not None or kind is not None):
        raise WrongUsageError("--forget removes all about an address; it cannot be combined with --port or --kind")
    canonical = known_network(network, narrowed=port is not None or bool(kind))
    ends = None if until is None else time_ahead("--until", until)
    only = known_kinds([kind])[0] if kind else None
    label = labels.label(label, "label of a known source")
    if (remote := master()) is not None:
        from decnet.remote import fleet

        asked = {"network": canonical, "label": label, "port": port, "kind": only, "forget": forget_before}
        added, scored = fleet.add_known(remote, {**asked, "until": ends})
    else:
        deployment = find_deployment()
        with transaction(deployment, write=True) as connection:
            added = queries.add(connection, canonical, label, port=port, kind=only, until=ends, forget=forget_before)
            close_incidents(connection, added, operator())
            scored = _scored(connection, canonical)
        wake_followers(deployment)
    typer.echo(documents.document(added) if as_json else _words(added, scored))


@app.command(name="list")
def list_(as_json: Json = False, as_csv: Csv = False) -> None:
    """List known sources, those whose time is over too: what they did before is still theirs."""
    if (remote := master()) is not None:
        from decnet.remote import fleet

        found = fleet.known_sources(remote)
    else:
        with transaction(find_deployment()) as connection:
            found = queries.known_sources(connection)
    nothing = "none; add one with decnet known add CIDR"
    print_table(found, HEADING, _row, as_json=as_json, as_csv=as_csv, nothing=nothing)


@app.command(cls=RecordedCommand)
def remove(number: Annotated[int, typer.Argument(help="Its number, as decnet known list shows it.")]) -> None:
    """Have a source counted as an attacker again, from its next event on."""
    if (remote := master()) is not None:
        from decnet.remote import fleet

        fleet.remove_known(remote, number)
        return
    with transaction(find_deployment(), write=True) as connection:
        if not queries.remove(connection, number):
            raise NotFoundError(f"there is no known source {number}; decnet known list shows them")


@app.command(cls=RecordedCommand)
def forget(number: Annotated[int, typer.Argument(help="Its number, as decnet known list shows it.")]) -> None:
    """Remove what was found out about a source's addresses before it was known: scores, sessions, techniques.

    The event log, notices that were sent, and identities stay.
    """
    if (remote := master()) is not None:
        from decnet.remote import fleet

        forgotten = fleet.forget_known(remote, number)
    else:
        forgotten = _forgotten(number)
    typer.echo(f"Workers now remove what they found out about {forgotten.network}, which is number {forgotten.id} now.")


def _forgotten(number: int) -> KnownSource:
    deployment = find_deployment()
    with transaction(deployment, write=True) as connection:
        forgotten = queries.forget(connection, number)
        if forgotten is not None:
            close_incidents(connection, forgotten, operator())
    if forgotten is None:
        raise NotFoundError(f"there is no known source {number} without port and kind; see decnet known list")
    wake_followers(deployment)
    return forgotten


def _scored(connection: Connection, network: str) -> list[str]:
    return addresses_in(connection, attacker.c.ip, network, _COUNTED)


def _words(added: KnownSource, scored: list[str]) -> str:
    lines = [f"known source {added.id}: {added.network}. What it does is recorded, and nothing more from now on."]
    if scored and added.forget:
        lines.append(f"Workers now remove what they found out about {_names(scored)}.")
    elif scored:
        lines.append(f"Scored before, and still so: {_names(scored)}.")
        lines.append(f"decnet known forget {added.id} removes that.")
    return "\n".join(lines)


def _names(addresses: list[str]) -> str:
    more = f" and {len(addresses) - _NAMED} more" if len(addresses) > _NAMED else ""
    return ", ".join(addresses[:_NAMED]) + more


def _row(one: KnownSource) -> tuple[object, ...]:
    until = None if one.until is None else moment(one.until) + (" (over)" if one.until <= time.time_ns() else "")
    return one.id, one.network, one.port, one.kind, until, moment(one.added_at), for_terminal(one.label, 255)
