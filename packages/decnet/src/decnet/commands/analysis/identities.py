# SPDX-License-Identifier: MIT
"""`decnet identities`: the actors, each with the attackers that it used."""

from typing import Annotated

import typer

from decnet.cli.errors import WrongUsageError
from decnet.cli.options import Csv, Graphml, Json, Limit, application
from decnet.cli.time_options import Since, Until
from decnet.cli.time_window import time_window
from decnet.fleet.deployment import find_deployment, transaction
from decnet.grouping.output import print_graph
from decnet.remote.current import master
from decnet.show.tables import print_table
from decnet.show.times import moment
from decnet_models.grouping.membership import groups
from decnet_models.grouping.values import Group
from decnet_models.identities.tables import IDENTITIES

app = application("Attackers that one actor used.")

HEADING = ("identity", "attackers", "first seen", "last seen")


@app.command()
def identities(
    *,
    since: Since = None,
    until: Until = None,
    limit: Limit = 50,
    least: Annotated[int, typer.Option(min=1, help="Only those of at least so many attackers.")] = 2,
    as_json: Json = False,
    as_csv: Csv = False,
    as_graphml: Graphml = False,
) -> None:
    """List identities, last seen first."""
    if as_graphml and (as_json or as_csv):
        raise WrongUsageError("choose one of --json, --csv and --graphml")
    window = time_window(since, until)
    if (remote := master()) is not None:
        from decnet.remote.groups import groups as groups_there

        if as_graphml:
            raise WrongUsageError("--graphml needs the whole database: run it on the master")
        found = [group for group, _ in groups_there(remote, IDENTITIES, limit, least, window)]
    else:
        with transaction(find_deployment()) as connection:
            found = groups(connection, IDENTITIES, limit, least=least, window=window)
            if as_graphml:
                print_graph(connection, IDENTITIES, found)
                return
    print_table(found, HEADING, _row, as_json=as_json, as_csv=as_csv, nothing="no identities yet")


def _row(one: Group) -> tuple[object, ...]:
    return str(one.id), one.members, moment(one.first_seen), moment(one.last_seen)
