# SPDX-License-Identifier: MIT
"""`decnet credentials`: what was tried to get in, most often tried first."""

from decnet.cli.options import Csv, Json, Limit, application
from decnet.cli.time_options import Since, Until
from decnet.cli.time_window import time_window
from decnet.fleet.deployment import find_deployment, transaction
from decnet.history import rows
from decnet.history.summary import LoginUsed, logins_of
from decnet.history.tally import tally_of
from decnet.remote.current import master
from decnet.show.tables import print_table
from decnet_models.attackers import queries
from decnet_models.attackers.profile import Credential

app = application("Credentials.")


@app.command()
def credentials(
    since: Since = None, until: Until = None, limit: Limit = 50, as_json: Json = False, as_csv: Csv = False
) -> None:
    """List credentials that were tried, most often tried first."""
    window = time_window(since, until)
    if (remote := master()) is not None:
        from decnet.remote import findings

        found = findings.credentials(remote, limit, window)
    else:
        with transaction(find_deployment()) as connection:
            if window.bounded:
                found = logins_of(tally_of(connection, window), limit)
            else:
                found = [_of_all_time(one) for one in queries.credentials(connection, limit)]
    print_table(
        found, rows.CREDENTIAL, rows.credential, as_json=as_json, as_csv=as_csv, nothing="no log-in in that time"
    )


def _of_all_time(one: Credential) -> LoginUsed:
    secret = one.password if one.password is not None else one.public_key
    return LoginUsed(one.username, secret, one.uses, one.accepted, one.attackers)
