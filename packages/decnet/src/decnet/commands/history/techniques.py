# SPDX-License-Identifier: MIT
"""`decnet techniques`: the ATT&CK techniques that rules recognised, most often recognised first."""

from decnet.cli.options import Csv, Json, application
from decnet.cli.time_options import Since, Until
from decnet.cli.time_window import time_window
from decnet.fleet.deployment import find_deployment, transaction
from decnet.history import rows
from decnet.remote.current import master
from decnet.show.tables import print_table
from decnet_models.ttp import queries

app = application("ATT&CK techniques.")


@app.command()
def techniques(since: Since = None, until: Until = None, as_json: Json = False, as_csv: Csv = False) -> None:
    """List the techniques that rules recognised, most often recognised first."""
    if (remote := master()) is not None:
        from decnet.remote import findings

        found = findings.techniques(remote, time_window(since, until))
    else:
        with transaction(find_deployment()) as connection:
            found = queries.techniques_in(connection, time_window(since, until))
    print_table(
        found, rows.TECHNIQUE, rows.technique_used, as_json=as_json, as_csv=as_csv, nothing="no technique in that time"
    )
