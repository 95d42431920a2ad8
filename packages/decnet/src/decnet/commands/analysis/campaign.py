# SPDX-License-Identifier: MIT
"""`decnet campaign ID`: one campaign; and the operator's decisions about campaigns."""

from typing import Annotated

import typer

from decnet.cli.commands import RecordedCommand
from decnet.cli.options import Graphml, Json, Limit, Reason, application
from decnet.grouping import deciding
from decnet.grouping.output import print_group
from decnet_models.campaigns.tables import CAMPAIGNS

app = application("One campaign, and decisions about campaigns.", show_by_default=True)

Identity = Annotated[str, typer.Argument(help="Id of an identity.")]


@app.command(name="show")
def show(
    campaign: Annotated[str, typer.Argument(help="Id of a campaign or its beginning, or id of an identity.")],
    *,
    limit: Limit = 100,
    as_json: Json = False,
    as_graphml: Graphml = False,
) -> None:
    """Show a campaign's identities and why they are in it, what they share, its history and decisions about it."""
    print_group(CAMPAIGNS, campaign, limit, as_json=as_json, as_graphml=as_graphml)


@app.command(name="split", cls=RecordedCommand)
def split(identity: Identity, other: Identity, reason: Reason = "") -> None:
    """Decide that two identities do not act together."""
    deciding.separate(CAMPAIGNS, (identity, other), reason)


@app.command(name="join", cls=RecordedCommand)
def join(
    identities: Annotated[list[str], typer.Argument(help="Ids of identities or campaigns, at least two.")],
    reason: Reason = "",
) -> None:
    """Decide that identities act together."""
    deciding.join(CAMPAIGNS, identities, reason)


@app.command(name="pin", cls=RecordedCommand)
def pin(
    identity: Identity,
    campaign: Annotated[str, typer.Argument(help="Id of its campaign; omitted: the one that it is in now.")] = "",
    reason: Reason = "",
) -> None:
    """Decide that an identity belongs to a campaign, whatever evidence says."""
    deciding.pin(CAMPAIGNS, identity, campaign, reason)


@app.command(name="undo", cls=RecordedCommand)
def undo(change: Annotated[int, typer.Argument(help="Number of a merge or a split.")], reason: Reason = "") -> None:
    """Undo a merge or a split for good."""
    deciding.undo(CAMPAIGNS, change, reason)


@app.command(name="withdraw", cls=RecordedCommand)
def withdraw(decision: Annotated[int, typer.Argument(help="Number of a decision.")]) -> None:
    """Withdraw a decision: evidence decides again."""
    deciding.withdraw(CAMPAIGNS, decision)
