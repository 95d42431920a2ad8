# SPDX-License-Identifier: MIT
"""`decnet identity ADDRESS|ID`: one actor, why its attackers are taken for one, and what the operator decides."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any

import typer
from sqlalchemy import Connection

from decnet.cli.options import Json, Limit, application
from decnet.fleet.deployment import find_deployment, transaction
from decnet.identities import decide
from decnet.identities.documents import Explained, explained, found
from decnet.identities.graph import graphml
from decnet.show import documents
from decnet.show.columns import columns
from decnet.show.times import moment
from decnet_models.grouping.values import Reason

app = application("One actor, and decisions about actors.", show_by_default=True)

Name = Annotated[str, typer.Argument(help="An attacker's address, or the id of an identity.")]
Because = Annotated[str, typer.Option("--reason", help="Why, in your words.")]


@app.command(name="show")
def show(
    name: Name,
    limit: Limit = 100,
    as_json: Json = False,
    as_graph: Annotated[bool, typer.Option("--graphml", help="Print a graph in GraphML.")] = False,
) -> None:
    """Show the attackers of an identity, what they share, its merges and splits, and decisions about it."""
    with transaction(find_deployment()) as connection:
        one = explained(connection, found(connection, name), limit)
    typer.echo(graphml([one]) if as_graph else documents.document(one) if as_json else _page(one))


@app.command(name="split")
def split(
    addresses: Annotated[list[str], typer.Argument(help="The attackers to take out of their identity, together.")],
    reason: Because = "",
) -> None:
    """Take attackers out of their identity: they are another's."""
    _decide(lambda connection: decide.split(connection, addresses, reason))


@app.command(name="join")
def join(
    names: Annotated[list[str], typer.Argument(help="Addresses or ids, at least two.")], reason: Because = ""
) -> None:
    """Make identities one."""
    _decide(lambda connection: decide.join(connection, names, reason))


@app.command(name="pin")
def pin(
    address: Annotated[str, typer.Argument(help="The attacker's address.")],
    identity: Annotated[str, typer.Argument(help="Its identity; omitted: the one that it is in now.")] = "",
    reason: Because = "",
) -> None:
    """Keep an attacker in an identity, whatever its evidence says later."""
    _decide(lambda connection: decide.pin(connection, address, identity or None, reason))


@app.command(name="undo")
def undo(
    change: Annotated[int, typer.Argument(help="The number of a merge or split, as shown.")], reason: Because = ""
) -> None:
    """Undo a merge or a split."""
    _decide(lambda connection: decide.undo(connection, change, reason))


@app.command(name="withdraw")
def withdraw(decision: Annotated[int, typer.Argument(help="The number of a decision, as shown.")]) -> None:
    """Withdraw a decision: evidence decides again."""
    _decide(lambda connection: decide.take_back(connection, decision))


def _decide(make: Callable[[Connection], list[int]]) -> None:
    deployment = find_deployment()
    with transaction(deployment, write=True) as connection:
        numbers = make(connection)
    decide.announce(deployment, len(numbers))
    typer.echo(f"decided: {', '.join(map(str, numbers))}; the clusterer applies it")


def _page(one: Explained) -> str:
    identity = one.identity
    times = f"{moment(identity.first_seen)} to {moment(identity.last_seen)}"
    parts = [f"identity {identity.id}: {identity.members} attackers, {times}"]
    members = [
        (each.subject, moment(each.first_seen), f"{each.weight:.1f}", _words(each.because)) for each in one.members
    ]
    parts.append(columns(("attacker", "first seen", "bits", "because"), members))
    if one.shared:
        shared = [(f"{each.weight:.1f}", each.kind, each.members, each.attackers, each.value) for each in one.shared]
        parts.append(columns(("bits", "they share", "members", "of all", "value"), shared))
    if one.changes:
        parts.append(
            columns(("change", "kind", "from", "to", "when", "because"), [_change(each) for each in one.changes])
        )
    if one.decisions:
        decided = [(each.id, each.kind, each.subject, each.other, each.author, each.reason) for each in one.decisions]
        parts.append(columns(("decision", "kind", "attacker", "other", "by", "reason"), decided))
    return "\n\n".join(parts)


def _change(change: Any) -> tuple[object, ...]:
    kind = f"{change.kind}, undone" if change.undone_at else change.kind
    return change.id, kind, change.source, change.target, moment(change.ts), _words(change.because)


def _words(because: Sequence[Reason]) -> str:
    return "; ".join(f"{kind} {value} ({bits:.1f})" for kind, value, bits in because) or "alone"
