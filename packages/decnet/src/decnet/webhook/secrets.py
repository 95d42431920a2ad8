# SPDX-License-Identifier: MIT
"""The secrets that receivers verify signatures with: shown again, and replaced."""

import typer

from decnet.fleet.deployment import find_deployment, transaction
from decnet.remote.current import master
from decnet.webhook import endpoints
from decnet.webhook.options import ReceiverId
from decnet_models.webhooks import queries


def secret(webhook_id: ReceiverId) -> None:
    """Print a receiver's secret again, which the audit notes."""
    if (remote := master()) is not None:
        from decnet.remote import webhooks as there

        typer.echo(there.secret(remote, webhook_id))
        return
    deployment = find_deployment()
    with transaction(deployment, write=True) as connection:
        found = endpoints.secret(deployment, endpoints.find(connection, webhook_id))
    typer.echo(found)


def rotate(webhook_id: ReceiverId) -> None:
    """Give a receiver a new secret and print it; messages are signed with it from now on."""
    if (remote := master()) is not None:
        from decnet.remote import webhooks as there

        typer.echo(there.rotate(remote, webhook_id))
        return
    deployment = find_deployment()
    with transaction(deployment, write=True) as connection:
        endpoints.find(connection, webhook_id)
        queries.rotate_secret(connection, webhook_id)
        typer.echo(endpoints.secret(deployment, endpoints.find(connection, webhook_id)))
