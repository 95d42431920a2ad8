# SPDX-License-Identifier: MIT
"""`decnet campaign ID`: one campaign; and the operator's decisions about campaigns."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated
from uuid import UUID

import typer
from sqlalchemy import Connection

from decnet.cli.errors import NotFoundError, WrongUsageError
from decnet.cli.options import Json, Limit, application
from decnet.fleet.deployment import find_deployment, transaction
from decnet.grouping import rulings
from decnet.grouping.graphml import graphml
from decnet.grouping.page import page
from decnet.grouping.whole import whole
from decnet.show import documents
from decnet_models.campaigns.tables import CAMPAIGNS

app = application("One campaign, and decisions about campaigns.", show_by_default=True)

Why = Annotated[str, typer.Option("--why", help="Why, for whoever reads it later.")]
Identity = Annotated[str, typer.Argument(help="Id of an identity.")]


@app.command(name="show")
def show(
    campaign: Annotated[str, typer.Argument(help="Id of a campaign, also of one that was merged.")],
    *,
    limit: Limit = 100,
    as_json: Json = False,
    as_graphml: Annotated[bool, typer.Option("--graphml", help="Print a graph: GraphML.")] = False,
) -> None:
    """Show a campaign's members and why they are in it, what they share, its history and decisions about it."""
    with transaction(find_deployment()) as connection:
        found = whole(connection, CAMPAIGNS, _id(campaign), limit)
    if found is None:
        raise NotFoundError(f"there is no campaign {campaign}; decnet campaigns lists them")
    if as_graphml:
        typer.echo(graphml([(found.group, found.members)], "identity"))
    else:
        typer.echo(documents.document(found) if as_json else page(found, "identity"))


@app.command(name="split")
def split(identity: Identity, other: Identity, why: Why = "") -> None:
    """Decide that two identities do not act together."""
    with _deciding() as connection:
        number = rulings.pair(connection, CAMPAIGNS, "apart", (_id(identity), _id(other)), why)
    typer.echo(_decided(number))


@app.command(name="join")
def join(identity: Identity, other: Identity, why: Why = "") -> None:
    """Decide that two identities act together."""
    with _deciding() as connection:
        number = rulings.pair(connection, CAMPAIGNS, "together", (_id(identity), _id(other)), why)
    typer.echo(_decided(number))


@app.command(name="pin")
def pin(identity: Identity, campaign: Annotated[str, typer.Argument(help="Id of a campaign.")], why: Why = "") -> None:
    """Decide that an identity belongs to a campaign, whatever evidence says."""
    with _deciding() as connection:
        number = rulings.pin(connection, CAMPAIGNS, _id(identity), _id(campaign), why)
    typer.echo(_decided(number))


@app.command(name="undo")
def undo(change: Annotated[int, typer.Argument(help="Number of a merge or a split.")], why: Why = "") -> None:
    """Undo a merge or a split for good."""
    with _deciding() as connection:
        number = rulings.undo(connection, CAMPAIGNS, change, why)
    typer.echo(_decided(number))


@app.command(name="withdraw")
def withdraw(decision: Annotated[int, typer.Argument(help="Number of a decision.")]) -> None:
    """Withdraw a decision: evidence decides again."""
    with _deciding() as connection:
        rulings.withdraw(connection, CAMPAIGNS, decision)
    typer.echo(f"decision {decision} is withdrawn")


@contextmanager
def _deciding() -> Iterator[Connection]:
    """A transaction for a decision, of which the worker is told."""
    deployment = find_deployment()
    with transaction(deployment, write=True) as connection:
        yield connection
    rulings.announce(deployment)


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise WrongUsageError(f"{text!r} is not an id") from error


def _decided(number: int) -> str:
    return f"decision {number}: campaign-clusterer follows it within seconds; withdraw {number} takes it back"
