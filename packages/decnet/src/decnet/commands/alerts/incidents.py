# SPDX-License-Identifier: MIT
"""`decnet incidents`: what attackers did, gathered for whoever has to act on it, newest first."""

import enum
from typing import Annotated

import typer

from decnet.cli.addresses import canonical_address
from decnet.cli.options import Csv, Json, Limit, application
from decnet.cli.time_options import Since, Until
from decnet.cli.time_window import time_window
from decnet.fleet.deployment import find_deployment, transaction
from decnet.incidents import rows
from decnet.remote.current import master
from decnet.show.tables import print_table
from decnet.webhook.selecting import Severity
from decnet_models.incidents import queries
from decnet_models.incidents.queries import Selection
from decnet_models.incidents.values import ACKNOWLEDGED, CLOSED, NEW
from decnet_workers.webhook.incidents.severity import NUMBERS

app = application("Incidents.")


class State(enum.StrEnum):
    """The state of an incident."""

    NEW = NEW
    ACKNOWLEDGED = ACKNOWLEDGED
    CLOSED = CLOSED


@app.command()
def incidents(
    *,
    status: Annotated[list[State] | None, typer.Option(help="Only in this state; repeatable.")] = None,
    severity: Annotated[Severity, typer.Option(help="Only at least so severe.")] = Severity.LOW,
    score: Annotated[int, typer.Option(min=0, max=100, help="Only with at least this threat score.")] = 0,
    attacker: Annotated[str | None, typer.Option(help="Only with this address.")] = None,
    decky: Annotated[str | None, typer.Option(help="Only at this decky.")] = None,
    technique: Annotated[str | None, typer.Option(help="Only with this ATT&CK technique, e.g. T1003.008.")] = None,
    token: Annotated[str | None, typer.Option(help="Only with this canary token.")] = None,
    since: Since = None,
    until: Until = None,
    limit: Limit = 50,
    as_json: Json = False,
    as_csv: Csv = False,
) -> None:
    """List incidents, newest first; `decnet incident NUMBER` shows one, `decnet incident ack` takes charge."""
    window = time_window(since, until)
    selection = Selection(
        states=tuple(status or ()),
        least_severity=NUMBERS[severity],
        least_score=score,
        window=window if window.bounded else None,
        attacker=None if attacker is None else canonical_address(attacker),
        decky=decky,
        technique=technique,
        token=token,
    )
    if (remote := master()) is not None:
        from decnet.remote import findings

        shown = findings.incidents(remote, limit, selection)
    else:
        with transaction(find_deployment()) as connection:
            found = queries.incidents(connection, limit, selection)
        shown = [rows.summary(one) for one in found]
    print_table(shown, rows.HEADING, rows.row, as_json=as_json, as_csv=as_csv, nothing="no such incident")
