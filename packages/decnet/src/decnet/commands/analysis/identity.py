# SPDX-License-Identifier: MIT
"""`decnet identity ADDRESS|ID`: one actor, why its attackers are taken for one, and what the operator decides."""

from typing import Annotated

import typer

from decnet.cli.commands import RecordedCommand
from decnet.cli.options import Graphml, Json, Limit, Reason, application
from decnet.grouping import deciding
from decnet.grouping.output import print_group
from decnet_models.identities.tables import IDENTITIES

app = application("One actor, and decisions about actors.", show_by_default=True)


@app.command(name="show")
def show(
    identity: Annotated[str, typer.Argument(help="An attacker's address, or the id of an identity or its beginning.")],
    *,
    limit: Limit = 100,
    as_json: Json = False,
    as_graphml: Graphml = False,
) -> None:
    """Show an identity's attackers and why they are in it, what they share, its history and decisions about it."""
    print_group(IDENTITIES, identity, limit, as_json=as_json, as_graphml=as_graphml)


@app.command(name="split", cls=RecordedCommand)
def split(
    attackers: Annotated[list[str], typer.Argument(help="Addresses of the attackers to take out, together.")],
    reason: Reason = "",
) -> None:
    """Take attackers out of their identity: they are another's."""
    deciding.take_out(IDENTITIES, attackers, reason)


@app.command(name="join", cls=RecordedCommand)
def join(
    identities: Annotated[list[str], typer.Argument(help="Addresses of attackers or ids of identities, at least two.")],
    reason: Reason = "",
) -> None:
    """Make identities one."""
    deciding.join(IDENTITIES, identities, reason)


@app.command(name="pin", cls=RecordedCommand)
def pin(
    attacker: Annotated[str, typer.Argument(help="Address of an attacker.")],
    identity: Annotated[str, typer.Argument(help="Id of its identity; omitted: the one that it is in now.")] = "",
    reason: Reason = "",
) -> None:
    """Decide that an attacker belongs to an identity, whatever evidence says."""
    deciding.pin(IDENTITIES, attacker, identity, reason)


@app.command(name="undo", cls=RecordedCommand)
def undo(change: Annotated[int, typer.Argument(help="Number of a merge or a split.")], reason: Reason = "") -> None:
    """Undo a merge or a split for good."""
    deciding.undo(IDENTITIES, change, reason)


@app.command(name="withdraw", cls=RecordedCommand)
def withdraw(decision: Annotated[int, typer.Argument(help="Number of a decision.")]) -> None:
    """Withdraw a decision: evidence decides again."""
    deciding.withdraw(IDENTITIES, decision)
