# SPDX-License-Identifier: MIT
"""`decnet attackers`: the attackers, by score."""

import enum
from typing import Annotated

import typer

from decnet.cli.options import Csv, Json, Limit, application
from decnet.cli.time_options import Since, Until
from decnet.cli.time_window import time_window
from decnet.fleet.deployment import find_deployment, transaction
from decnet.remote.current import master
from decnet.show.tables import print_table
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
    *,
    order: Annotated[Order, typer.Option(help="Highest of this first.")] = Order.SCORE,
    since: Since = None,
    until: Until = None,
    limit: Limit = 50,
    as_json: Json = False,
    as_csv: Csv = False,
) -> None:
    """List attackers, highest threat score first; counts are of all time."""
    window = time_window(since, until)
    if (remote := master()) is not None:
        from decnet.remote import findings

        rows = findings.attackers(remote, limit, order.value, window)
    else:
        with transaction(find_deployment()) as connection:
            rows = queries.attackers(connection, limit, order=order.value, window=window if window.bounded else None)
    nothing = "nobody in that time" if window.bounded else "nobody yet"
    print_table(rows, HEADING, _row, as_json=as_json, as_csv=as_csv, nothing=nothing)


def _row(one: Attacker) -> tuple[object, ...]:
    counts = (one.events, one.logins, one.logins_accepted, one.commands, one.requests, one.canary_hits)
    return one.ip, one.score, *counts, moment(one.last_seen)
