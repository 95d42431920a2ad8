# SPDX-License-Identifier: MIT
"""`decnet identities`: the actors, each with the attackers that it used."""

from typing import Annotated

import typer

from decnet.cli.options import Json, Limit, application
from decnet.fleet.deployment import find_deployment, transaction
from decnet.identities.documents import explained
from decnet.identities.graph import graphml
from decnet.show import documents
from decnet.show.columns import columns
from decnet.show.times import moment
from decnet_models.identities.queries import formed

app = application("Attackers that one actor used.")

HEADING = ("identity", "attackers", "first seen", "last seen")


@app.command()
def identities(
    limit: Limit = 50,
    least: Annotated[int, typer.Option(min=1, help="Only those of at least so many attackers.")] = 2,
    as_json: Json = False,
    as_graph: Annotated[bool, typer.Option("--graphml", help="Print a graph in GraphML.")] = False,
) -> None:
    """List identities, last seen first."""
    with transaction(find_deployment()) as connection:
        found = formed(connection, limit, least=least)
        if as_graph:
            typer.echo(graphml(explained(connection, one.id, 100_000) for one in found))
            return
    rows = [(one.id, one.members, moment(one.first_seen), moment(one.last_seen)) for one in found]
    text = columns(HEADING, rows) if rows else "none yet"
    typer.echo(documents.document(found) if as_json else text)
