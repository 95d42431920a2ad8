# SPDX-License-Identifier: MIT
"""`decnet attackers`: the attackers, by score."""

import enum
from typing import Annotated

import typer

from decnet.cli.options import Json, Limit, application
from decnet.fleet.deployment import find_deployment, transaction
from decnet.show import documents
from decnet.show.columns import columns
from decnet.show.times import moment
from decnet_models.attackers import queries
from decnet_models.attackers.profile import Attacker

app = application("Who was here.")

HEADING = ("attacker", "score", "events", "logins", "accepted", "commands", "requests", "canaries", "last seen")


class Order(enum.StrEnum):
    """What comes first."""

    SCORE = "score"
    LAST_SEEN = "last_seen"
    FIRST_SEEN = "first_seen"
    EVENTS = "events"


@app.command()
def attackers(
    order: Annotated[Order, typer.Option(help="Highest of this first.")] = Order.SCORE,
    limit: Limit = 50,
    as_json: Json = False,
) -> None:
    """List attackers, highest threat score first."""
    with transaction(find_deployment()) as connection:
        rows = queries.attackers(connection, limit, order=order.value)
    text = columns(HEADING, [_row(one) for one in rows]) if rows else "nobody yet"
    typer.echo(documents.document(rows) if as_json else text)


def _row(one: Attacker) -> tuple[object, ...]:
    counts = (one.events, one.logins, one.logins_accepted, one.commands, one.requests, one.canary_hits)
    return one.ip, one.score, *counts, moment(one.last_seen)
