# SPDX-License-Identifier: MIT
"""`decnet sessions`: interactive sessions, newest first."""

from typing import Annotated

import typer

from decnet.cli.addresses import canonical_address
from decnet.cli.options import Csv, Json, Limit, application
from decnet.cli.time_options import Since, Until
from decnet.cli.time_window import time_window
from decnet.fleet.deployment import find_deployment, transaction
from decnet.history import rows
from decnet.remote.current import master
from decnet.show.tables import print_table
from decnet_models.attackers import queries

app = application("Interactive sessions.")


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
    address = None if attacker is None else canonical_address(attacker)
    if (remote := master()) is not None:
        from decnet.remote import findings

        found = findings.sessions(remote, limit, address, time_window(since, until))
    else:
        with transaction(find_deployment()) as connection:
            found = queries.sessions(connection, limit, attacker=address, window=time_window(since, until))
    print_table(found, rows.SESSION, rows.session, as_json=as_json, as_csv=as_csv, nothing="no session in that time")
