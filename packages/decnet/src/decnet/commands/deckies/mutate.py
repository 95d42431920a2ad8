# SPDX-License-Identifier: MIT
"""`decnet mutate`: what the worker mutate is going to change, and a change now."""

from typing import Annotated

import typer

from decnet.cli.errors import WrongUsageError
from decnet.cli.options import Json, application
from decnet.deckies import commit
from decnet.deckies.mutation import mutate_now, planned_mutations
from decnet.deckies.plan import Plan
from decnet.fleet.deployment import find_deployment, transaction
from decnet.show import documents
from decnet.show.deckies import mutations_text, plan_text

app = application("Moving-target defence: what mutate is going to change and when, or a change now.")


@app.command()
def mutate(
    name: Annotated[str | None, typer.Argument(help="The decky to change now, as its policy allows.")] = None,
    *,
    plan_only: Annotated[bool, typer.Option("--plan", help="Only show what would change, and when.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Even while somebody is on the decky.")] = False,
    as_json: Json = False,
) -> None:
    """Change a decky now, or show what mutate is going to change: decnet decky policy says how it may."""
    deployment = find_deployment()
    if plan_only:
        with transaction(deployment) as connection:
            found = planned_mutations(deployment, connection, name)
        typer.echo(documents.document(found) if as_json else mutations_text(found))
        return
    if name is None:
        raise WrongUsageError("name a decky, or use --plan to see what mutate is going to change")
    with transaction(deployment, write=True) as connection:
        step = mutate_now(deployment, connection, name, force=force)
    commit.announce(deployment, 1)
    made = Plan((step,), (), 0)
    typer.echo(documents.document(step) if as_json else plan_text(made))
