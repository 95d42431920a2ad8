# SPDX-License-Identifier: MIT
"""`decnet orchestrator`: what synthetic users do on the deckies."""

import time
from typing import Annotated

import typer

from decnet.cli.options import Csv, Json, Limit, application
from decnet.fleet.deployment import find_deployment, transaction
from decnet.orchestrator.agenda import Agenda, agenda
from decnet.remote.current import master
from decnet.show.columns import columns
from decnet.show.tables import print_table
from decnet.show.times import moment
from decnet_models.realism.queries import Action
from decnet_workers.orchestrator.settings import OrchestratorSettings

app = application("Synthetic users of the deckies: what they do, and when.")

HEADING = ("when", "decky", "from", "what", "state", "error")


@app.callback()
def orchestrator() -> None:
    """Show what synthetic users do on the deckies."""


@app.command()
def plan(
    decky: Annotated[str | None, typer.Option(help="Only on this decky.")] = None,
    limit: Limit = 100,
    as_json: Json = False,
    as_csv: Csv = False,
) -> None:
    """Show what was done in the last 24 hours, and what is planned for the next ones."""
    if (remote := master()) is not None:
        from decnet.remote import upkeep

        found = upkeep.agenda(remote, decky, limit)
    else:
        deployment = find_deployment()
        settings = deployment.settings.section("orchestrator", OrchestratorSettings)
        with transaction(deployment) as connection:
            found = agenda(connection, settings, decky, limit, time.time_ns())
    if not (as_json or as_csv):
        typer.echo(text(found))
        return
    print_table(found.actions, HEADING, _row, as_json=as_json, as_csv=as_csv, nothing="", document=found)


def text(found: Agenda) -> str:
    """Return the plan for a terminal."""
    lines = [columns(HEADING, [_row(action) for action in found.actions])] if found.actions else []
    if not found.enabled:
        lines.append("The orchestrator is off: [orchestrator] enabled = true has this plan carried out.")
    if not found.actions:
        lines.append(_why_empty(found))
    return "\n".join(lines)


def _why_empty(found: Agenda) -> str:
    if found.hosts < 2:
        return "Nothing is planned: there must be two deckies that are played; `decnet decky list` shows them."
    return "Nothing is planned: nobody works in the next 24 hours, or no decky can be reached from another one."


def _row(action: Action) -> tuple[object, ...]:
    what = f"{action.kind} {action.protocol}" if action.protocol else action.kind
    return moment(action.due_at), action.decky, action.peer, what, action.state, action.error
