# SPDX-License-Identifier: MIT
"""What `preparation` leaves to another process: it migrates the database and makes the listener's keys."""

import sys

import msgspec

from decnet.cli.errors import RefusedError, UnavailableError
from decnet.command import guarded
from decnet.fleet.deployment import Deployment, explained, find_deployment, transaction
from decnet.swarm.listener_identity import create_if_listening
from decnet_models.database.quick_look import Ends
from decnet_models.events.queries import last_seq
from decnet_models.notices import queries as notices


def main() -> int:
    """Do what is missing; print the ends of the logs as JSON, null while the database cannot be used."""
    return guarded(_work)


def _work() -> int:
    deployment = find_deployment()
    try:
        ends = migrated(deployment)
    except UnavailableError:
        ends = None
    create_if_listening(deployment.settings, deployment.state.root)
    sys.stdout.buffer.write(msgspec.json.encode(ends))
    return 0


def migrated(deployment: Deployment) -> Ends:
    """Upgrade the database unless it has this version's tables; raises UnavailableError, RefusedError."""
    try:
        return ends_in(deployment)
    except UnavailableError:
        raise
    except RefusedError:
        from decnet_models.migrations.upgrade import upgrade

        with explained(deployment):
            upgrade(deployment.database_url)
        return ends_in(deployment)


def ends_in(deployment: Deployment) -> Ends:
    """Return where the logs end; raises as `transaction`."""
    with transaction(deployment) as connection:
        return Ends(last_seq(connection), notices.last_seq(connection))
