# SPDX-License-Identifier: MIT
"""`decnet webhook`: endpoints, deliveries and their retries."""

import enum
import time
from typing import Annotated

import typer

from decnet.cli.errors import FAILED, NotFoundError
from decnet.cli.options import Json, Limit, application
from decnet.fleet.deployment import Deployment, find_deployment, transaction
from decnet.show import documents
from decnet.show.columns import columns
from decnet.show.times import moment
from decnet.webhook import endpoints
from decnet_models.webhooks import queries
from decnet_models.webhooks.queries import DEAD, DELIVERED, PENDING, Delivery, WebhookStatus

app = application("Webhooks: notices, signed (Standard Webhooks), sent to your own programs.")

Id = Annotated[str, typer.Argument(help="The webhook's id, as decnet webhook list shows it.")]

_POLL_SECONDS = 0.1


class Outcome(enum.StrEnum):
    """The state of a delivery."""

    PENDING = PENDING
    DELIVERED = DELIVERED
    DEAD = DEAD


@app.command()
def add(
    url: Annotated[str, typer.Argument(help="http or https URL of the receiver.")],
    kind: Annotated[list[str] | None, typer.Option(help="Notice kind or glob (canary.*); repeatable.")] = None,
    allow_private: Annotated[
        bool, typer.Option("--allow-private", help="Allow a private or loopback address.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Add a receiver; prints the secret that it verifies signatures with."""
    deployment = find_deployment()
    with transaction(deployment, write=True) as connection:
        added = endpoints.add(connection, deployment, url, kinds=kind or [], allow_private=allow_private)
    typer.echo(documents.document(added) if as_json else f"id      {added.id}\nsecret  {added.secret}")


@app.command(name="list")
def list_(as_json: Json = False) -> None:
    """List receivers with what is waiting, dead or failing."""
    with transaction(find_deployment()) as connection:
        webhooks = queries.webhooks(connection)
    heading, rows = ("id", "url", "kinds", "state", "pending", "dead", "added"), [_row(one) for one in webhooks]
    text = columns(heading, rows) if rows else "none; add one with decnet webhook add URL"
    typer.echo(documents.document(webhooks) if as_json else text)


@app.command()
def remove(webhook_id: Id) -> None:
    """Remove a receiver."""
    with transaction(find_deployment(), write=True) as connection:
        if not queries.remove_webhook(connection, webhook_id, now_ns=time.time_ns()):
            raise NotFoundError(f"there is no webhook {webhook_id!r}; decnet webhook list shows them")


@app.command()
def secret(webhook_id: Id) -> None:
    """Print a receiver's secret again."""
    deployment = find_deployment()
    with transaction(deployment) as connection:
        typer.echo(endpoints.secret(deployment, endpoints.find(connection, webhook_id)))


@app.command()
def rotate(webhook_id: Id) -> None:
    """Give a receiver a new secret and print it; messages are signed with it from now on."""
    deployment = find_deployment()
    with transaction(deployment, write=True) as connection:
        endpoints.find(connection, webhook_id)
        queries.rotate_secret(connection, webhook_id)
        typer.echo(endpoints.secret(deployment, endpoints.find(connection, webhook_id)))


@app.command()
def enable(webhook_id: Id) -> None:
    """Enable a receiver that had answered 410 Gone."""
    with transaction(find_deployment(), write=True) as connection:
        if not queries.enable_webhook(connection, webhook_id, now_ns=time.time_ns()):
            raise NotFoundError(f"there is no webhook {webhook_id!r}; decnet webhook list shows them")


@app.command(name="test")
def try_out(
    webhook_id: Id,
    wait: Annotated[float, typer.Option(min=0, help="Seconds to wait for the outcome.")] = 15.0,
    as_json: Json = False,
) -> None:
    """Send a test notice to one receiver and show the outcome; exit code 1 when it was not delivered."""
    deployment = find_deployment()
    with transaction(deployment, write=True) as connection:
        seq = endpoints.write_test(connection, endpoints.find(connection, webhook_id))
    endpoints.nudge(deployment, seq)
    outcome = _outcome(deployment, webhook_id, seq, wait)
    typer.echo(documents.document(outcome) if as_json else _words(outcome))
    if outcome is None or outcome.state != DELIVERED:
        raise typer.Exit(FAILED)


@app.command()
def deliveries(
    webhook: Annotated[str | None, typer.Option(help="Only of this webhook.")] = None,
    outcome: Annotated[Outcome | None, typer.Option(help="Only these.")] = None,
    limit: Limit = 50,
    as_json: Json = False,
) -> None:
    """Show deliveries, newest first."""
    with transaction(find_deployment()) as connection:
        listed = queries.deliveries(connection, limit, webhook_id=webhook, state=outcome)
    heading = ("delivery", "webhook", "kind", "state", "attempts", "status", "made", "error")
    rows = [(d.id, d.webhook_id, d.kind, d.state, d.attempts, d.status, moment(d.created_at), d.error) for d in listed]
    text = columns(heading, rows) if rows else "none yet"
    typer.echo(documents.document(listed) if as_json else text)


@app.command()
def replay(
    webhook_id: Id, delivery: Annotated[int | None, typer.Option(help="Only this dead delivery.")] = None
) -> None:
    """Retry a receiver's dead deliveries, with their old message ids."""
    deployment = find_deployment()
    with transaction(deployment, write=True) as connection:
        endpoints.find(connection, webhook_id)
        count = queries.request_replay(connection, webhook_id, delivery_id=delivery, now_ns=time.time_ns())
    if count == 0:
        raise NotFoundError("there is no such dead delivery; decnet webhook deliveries --outcome dead shows them")
    endpoints.nudge(deployment, 0)
    typer.echo(f"{count} will be retried")


def _outcome(deployment: Deployment, webhook_id: str, seq: int, wait: float) -> Delivery | None:
    """Return the test's delivery once it was attempted, else as it is when the time is up."""
    deadline = time.monotonic() + wait
    while True:
        with transaction(deployment) as connection:
            made = queries.deliveries(connection, 100, webhook_id=webhook_id)
        test = next((delivery for delivery in made if delivery.notice_seq == seq), None)
        if (test and (test.state != PENDING or test.attempts)) or time.monotonic() >= deadline:
            return test
        time.sleep(_POLL_SECONDS)


def _words(outcome: Delivery | None) -> str:
    if outcome is None:
        return "not attempted yet: is the webhook worker running? See decnet status"
    details = [str(one) for one in (outcome.status, outcome.error) if one is not None]
    return f"{outcome.state} after {outcome.attempts} attempts" + (f": {', '.join(details)}" if details else "")


def _row(one: WebhookStatus) -> tuple[object, ...]:
    hook = one.webhook
    state = "gone" if one.gone_at else f"failing ({one.failures})" if one.failures else "good"
    return hook.id, hook.url, " ".join(hook.kinds) or "all", state, one.pending, one.dead, moment(hook.created_at)
