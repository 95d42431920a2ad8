# SPDX-License-Identifier: MIT
"""`decnet sessions`: interactive sessions, newest first."""

from typing import Annotated

import typer

from decnet.cli.options import Csv, Json, Limit, application
from decnet.cli.time_window import Since, Until, time_window
from decnet.fleet.deployment import find_deployment, transaction
from decnet.show.tables import print_table
from decnet.show.times import moment
from decnet_models.attackers import queries
from decnet_models.attackers.profile import Session

app = application("Interactive sessions.")

HEADING = ("opened", "attacker", "service", "decky", "user", "seconds", "commands", "session", "recorded")


@app.command()
def sessions(
    *,
    since: Since = None,
    until: Until = None,
    attacker: Annotated[str | None, typer.Option(help="Only from this address.")] = None,
    limit: Limit = 50,
    as_json: Json = False,
    as_csv: Csv = False,
) -> None:
    """List interactive sessions, newest first; `decnet play SESSION` shows one."""
    with transaction(find_deployment()) as connection:
        found = queries.sessions(connection, limit, attacker=attacker, window=time_window(since, until))
    print_table(found, HEADING, row, as_json=as_json, as_csv=as_csv, nothing="no session in that time")


def row(one: Session) -> tuple[object, ...]:
    return (
        moment(one.opened_at if one.opened_at is not None else one.first_seen),
        *(one.attacker, one.service, one.decky, one.username),
        None if one.duration_ms is None else round(one.duration_ms / 1000, 1),
        *(one.commands, one.session, "yes" if one.recording else "no"),
    )
