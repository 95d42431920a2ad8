# SPDX-License-Identifier: MIT
"""What was sent to receivers: a test, the deliveries, and the dead ones once more."""

import enum
from typing import Annotated

import typer

from decnet.cli.errors import FAILED
from decnet.cli.options import Csv, Json, Limit
from decnet.fleet.deployment import find_deployment, transaction
from decnet.remote.current import master
from decnet.show import documents
from decnet.show.tables import print_table
from decnet.show.times import moment
from decnet.webhook import endpoints
from decnet.webhook.options import ReceiverId
from decnet.webhook.trying import outcome_of
from decnet_core.text import for_terminal
from decnet_models.webhooks import queries
from decnet_models.webhooks.queries import DEAD, DELIVERED, PENDING, Delivery

_ANSWER = 80
"""Characters of a receiver's answer in a table; --json has more."""


class DeliveryState(enum.StrEnum):
    """The state of a delivery."""

    PENDING = PENDING
    DELIVERED = DELIVERED
    DEAD = DEAD


def try_out(
    webhook_id: ReceiverId,
    wait: Annotated[float, typer.Option(min=0, help="Seconds to wait for the outcome.")] = 15.0,
    as_json: Json = False,
) -> None:
    """Send a test notice to one receiver and show the outcome; exit code 1 when it was not delivered."""
    found = outcome_of(webhook_id, wait)
    typer.echo(documents.document(found.delivery) if as_json else found.words)
    if found.delivery is None or found.delivery.state != DELIVERED:
        raise typer.Exit(FAILED)


def deliveries(
    webhook: Annotated[str | None, typer.Option(help="Only of this webhook.")] = None,
    outcome: Annotated[DeliveryState | None, typer.Option(help="Only these.")] = None,
    limit: Limit = 50,
    as_json: Json = False,
    as_csv: Csv = False,
) -> None:
    """Show deliveries, newest first."""
    if (remote := master()) is not None:
        from decnet.remote import webhooks as there

        listed = there.deliveries(remote, limit, webhook, outcome)
    else:
        with transaction(find_deployment()) as connection:
            listed = queries.deliveries(connection, limit, webhook_id=webhook, state=outcome)
    heading = ("delivery", "webhook", "kind", "state", "attempts", "status", "made", "error", "answer")
    print_table(listed, heading, _attempts, as_json=as_json, as_csv=as_csv, nothing="none yet")


def replay(
    webhook_id: ReceiverId, delivery: Annotated[int | None, typer.Option(help="Only this dead delivery.")] = None
) -> None:
    """Retry a receiver's dead deliveries, with their old message ids."""
    typer.echo(f"{_replayed(webhook_id, delivery)} will be retried")


def _replayed(webhook_id: str, delivery: int | None) -> int:
    if (remote := master()) is not None:
        from decnet.remote import webhooks as there

        return there.replay(remote, webhook_id, delivery)
    deployment = find_deployment()
    with transaction(deployment, write=True) as connection:
        count = endpoints.replay(connection, webhook_id, delivery)
    endpoints.nudge(deployment, 0)
    return count


def _beginning(answer: str | None) -> str | None:
    return for_terminal(answer, _ANSWER) if answer else None


def _attempts(one: Delivery) -> tuple[object, ...]:
    what = (one.id, one.webhook_id, one.kind, one.state, one.attempts, one.status)
    return *what, moment(one.created_at), one.error, _beginning(one.answer)
