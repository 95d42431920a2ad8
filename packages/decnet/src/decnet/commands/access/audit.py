# SPDX-License-Identifier: MIT
"""`decnet audit`: what people and programs did with the API, the dashboard and commands, newest first."""

from typing import Annotated

import typer

from decnet.cli.options import Csv, Json, Limit, application
from decnet.cli.time_options import Since, Until
from decnet.cli.time_window import time_window
from decnet.fleet.deployment import find_deployment, transaction
from decnet.remote.current import master
from decnet.show import documents
from decnet.show.tables import print_table
from decnet.show.times import moment
from decnet_core.text import for_terminal
from decnet_models.accounts import audit as queries
from decnet_models.accounts.audit import Entry

app = application("The audit.")

HEADING = ("when", "who", "by", "from", "action", "object", "detail")


@app.command()
def audit(
    *,
    actor: Annotated[str | None, typer.Option(help="Only of this user.")] = None,
    action: Annotated[str | None, typer.Option(help="Only this action, or those beginning with it: account.")] = None,
    target: Annotated[str | None, typer.Option("--object", help="Only to this object.")] = None,
    since: Since = None,
    until: Until = None,
    limit: Limit = 50,
    as_json: Json = False,
    as_csv: Csv = False,
) -> None:
    """List what people and programs did, newest first."""
    window = time_window(since, until)
    if (remote := master()) is not None:
        from decnet.remote import findings

        found = findings.audit(remote, limit, window, actor=actor, object=target, action=action)
    else:
        with transaction(find_deployment()) as connection:
            found = queries.entries(
                connection, limit, actor=actor, object=target, action=action, since=window.since, until=window.until
            )
    print_table(found, HEADING, _row, as_json=as_json, as_csv=as_csv, nothing="nothing")


def _row(one: Entry) -> tuple[object, ...]:
    detail = for_terminal(documents.line(one.detail), 200) if one.detail else None
    target = for_terminal(one.object, 255) if one.object else None
    return moment(one.ts), for_terminal(one.actor, 64), one.means, one.address, one.action, target, detail
