# SPDX-License-Identifier: MIT
"""`decnet summary`: what happened in a span of time, on one page."""

import typer

from decnet.cli.options import Json, Limit, application
from decnet.cli.time_options import Since, Until
from decnet.cli.time_window import time_window
from decnet.fleet.deployment import find_deployment, transaction
from decnet.history.sections import text_page
from decnet.history.summary import summary_of
from decnet.remote.current import master
from decnet.show import documents

app = application("What happened.")


@app.command()
def summary(since: Since = "24h", until: Until = None, limit: Limit = 10, as_json: Json = False) -> None:
    """Sum up what happened: attackers, techniques, credentials, commands, requests, sessions, files, canary tokens."""
    window = time_window(since, until)
    if (remote := master()) is not None:
        from decnet.remote import findings

        found = findings.summary(remote, window, limit)
    else:
        with transaction(find_deployment()) as connection:
            found = summary_of(connection, window, limit)
    typer.echo(documents.document(found) if as_json else text_page(found))
