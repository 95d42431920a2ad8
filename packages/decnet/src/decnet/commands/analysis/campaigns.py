# SPDX-License-Identifier: MIT
"""`decnet campaigns`: who acts together."""

from decnet.cli.errors import WrongUsageError
from decnet.cli.options import Csv, Graphml, Json, Limit, application
from decnet.cli.time_options import Since, Until
from decnet.cli.time_window import time_window
from decnet.fleet.deployment import find_deployment, transaction
from decnet.grouping.output import print_graph
from decnet.remote.current import master
from decnet.show.tables import print_table
from decnet.show.times import moment
from decnet_models.campaigns.rhythm import rhythm_of
from decnet_models.campaigns.tables import CAMPAIGNS
from decnet_models.grouping.membership import groups
from decnet_models.grouping.values import Group

app = application("Who acts together.")

HEADING = ("campaign", "identities", "first seen", "last seen", "state")


@app.command()
def campaigns(
    *,
    since: Since = None,
    until: Until = None,
    limit: Limit = 50,
    as_json: Json = False,
    as_csv: Csv = False,
    as_graphml: Graphml = False,
) -> None:
    """List campaigns, last seen first. One has ended when it was silent for twice as long as ever before."""
    if as_graphml and (as_json or as_csv):
        raise WrongUsageError("choose one of --json, --csv and --graphml")
    window = time_window(since, until)
    if (remote := master()) is not None:
        from decnet.remote.groups import groups as groups_there

        if as_graphml:
            raise WrongUsageError("--graphml needs the whole database: run it on the master")
        shown = groups_there(remote, CAMPAIGNS, limit, 1, window)
        found, ended = [group for group, _ in shown], {group.id for group, is_over in shown if is_over}
    else:
        with transaction(find_deployment()) as connection:
            found = groups(connection, CAMPAIGNS, limit, least=1, window=window)
            if as_graphml:
                print_graph(connection, CAMPAIGNS, found)
                return
            rhythms = {one.id: rhythm_of(connection, one.id) for one in found}
        ended = {campaign for campaign, rhythm in rhythms.items() if rhythm is not None and rhythm[1] is not None}

    def row(one: Group) -> tuple[object, ...]:
        state = "ended" if one.id in ended else "active"
        return str(one.id), one.members, moment(one.first_seen), moment(one.last_seen), state

    print_table(found, HEADING, row, as_json=as_json, as_csv=as_csv, nothing="no campaigns yet")
