# SPDX-License-Identifier: MIT
"""`decnet mutate`: what the worker mutate is going to change, and a change now."""

from typing import Annotated

import typer

from decnet.cli.commands import RecordedCommand
from decnet.cli.errors import WrongUsageError
from decnet.cli.options import Json, application
from decnet.deckies import commit
from decnet.deckies.mutation import PlannedMutation, mutate_now, planned_mutations
from decnet.deckies.plan import Plan
from decnet.fleet.deployment import find_deployment, transaction
from decnet.remote.current import master
from decnet.show import documents
from decnet.show.deckies import mutations_text, plan_text

app = application("Moving-target defence: what mutate is going to change and when, or a change now.")


@app.command(cls=RecordedCommand)
def mutate(
    name: Annotated[str | None, typer.Argument(help="The decky to change now, as its policy allows.")] = None,
    *,
    plan_only: Annotated[bool, typer.Option("--plan", help="Only show what would change, and when.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Even while somebody is on the decky.")] = False,
    as_json: Json = False,
) -> None:
    """Change a decky now, or show what mutate is going to change: decnet decky policy says how it may."""
    if plan_only:
        found = _planned(name)
        typer.echo(documents.document(found) if as_json else mutations_text(found))
        return
    if name is None:
        raise WrongUsageError("name a decky, or use --plan to see what mutate is going to change")
    made = _mutated(name, force=force)
    typer.echo(documents.document(made.steps[0]) if as_json else plan_text(made))


def _planned(name: str | None) -> list[PlannedMutation]:
    if (remote := master()) is not None:
        from decnet.remote import deckies as there

        return there.mutations(remote, name)
    deployment = find_deployment()
    with transaction(deployment) as connection:
        return planned_mutations(deployment, connection, name)


def _mutated(name: str, *, force: bool) -> Plan:
    if (remote := master()) is not None:
        from decnet.remote import deckies as there

        return there.mutate(remote, name, force=force)
    deployment = find_deployment()
    with transaction(deployment, write=True) as connection:
        step = mutate_now(deployment, connection, name, force=force)
    commit.announce(deployment, 1)
    return Plan((step,), (), 0)
