# SPDX-License-Identifier: MIT
"""`decnet webhook`: endpoints, deliveries and their retries."""

import enum
import sys
import time
from collections.abc import Callable
from typing import Annotated

import msgspec
import typer

from decnet.cli.errors import FAILED, NotFoundError, WrongUsageError
from decnet.cli.options import Csv, Json, Limit, application
from decnet.fleet.deployment import find_deployment, transaction
from decnet.remote.current import master
from decnet.show import documents
from decnet.show.tables import print_table
from decnet.show.times import moment
from decnet.webhook import endpoints
from decnet.webhook.definition import Definition
from decnet.webhook.endpoints import Added
from decnet.webhook.options import (
    BreaksOption,
    DeckyOption,
    HoursOption,
    QuietOption,
    ScoreOption,
    SendsOption,
    SeverityOption,
    SourceOption,
    TagOption,
    TechniqueOption,
)
from decnet.webhook.selecting import Wish
from decnet.webhook.trying import Tried, tried, without_secrets
from decnet_core.text import for_terminal
from decnet_models.webhooks import queries
from decnet_models.webhooks.queries import DEAD, DELIVERED, PENDING, Delivery, WebhookStatus
from decnet_workers.webhook.formats.registry import FORMATS, load

app = application("Webhooks: notices, sent to chat programs, pagers, SIEMs, mail or your own programs.")

Id = Annotated[str, typer.Argument(help="The webhook's id, as decnet webhook list shows it.")]

_ADD_SECONDS = 15.0
_ANSWER = 80
"""Characters of a receiver's answer in a table; --json has more."""


class DeliveryState(enum.StrEnum):
    """The state of a delivery."""

    PENDING = PENDING
    DELIVERED = DELIVERED
    DEAD = DEAD


@app.command()
def add(
    url: Annotated[
        str,
        typer.Argument(
            help="Where to send: https, http, syslog+tls, syslog+tcp, syslog+udp, smtp, smtps, or file:NAME."
        ),
    ],
    *,
    form: Annotated[
        str | None, typer.Option("--format", help="Of the receiver; decnet webhook formats lists them.")
    ] = None,
    kind: Annotated[list[str] | None, typer.Option(help="Notice kind or glob (canary.*); repeatable.")] = None,
    token: Annotated[str | None, typer.Option(help="The receiver's key or password; - reads it from stdin.")] = None,
    option: Annotated[list[str] | None, typer.Option(help="NAME=VALUE that the format needs; repeatable.")] = None,
    allow_private: Annotated[
        bool, typer.Option("--allow-private", help="Allow a private or loopback address.")
    ] = False,
    sends: SendsOption = None,
    severity: SeverityOption = None,
    score: ScoreOption = None,
    source: SourceOption = None,
    decky: DeckyOption = None,
    technique: TechniqueOption = None,
    tag: TagOption = None,
    hours: HoursOption = None,
    quiet: QuietOption = None,
    breaks_quiet: BreaksOption = None,
    send_test: Annotated[bool, typer.Option("--test/--no-test", help="Send a test and show the answer.")] = True,
    as_json: Json = False,
) -> None:
    """Add a receiver, send it a test, and print the secret that it verifies signatures with."""
    wish = Wish(sends, severity, score, source, decky, technique, tag, hours, quiet, breaks_quiet)
    said = Definition(url, form, _token(token), _options(option), kind or [], allow_private, wish)
    added = _added(said)
    if not as_json:
        typer.echo(f"id      {added.id}\nformat  {added.format}\nsecret  {added.secret}")
    outcome = _tried(added.id, _ADD_SECONDS) if send_test else None
    if as_json:
        test = {"test": outcome.delivery} if outcome else {}
        typer.echo(documents.document({**msgspec.structs.asdict(added), **test}))
    elif outcome:
        typer.echo(f"test    {outcome.words}")
    if outcome and outcome.delivery and outcome.delivery.state != DELIVERED and outcome.delivery.attempts:
        raise typer.Exit(FAILED)


@app.command()
def edit(
    webhook_id: Id,
    *,
    url: Annotated[str | None, typer.Option(help="Where to send.")] = None,
    form: Annotated[str | None, typer.Option("--format", help="Of the receiver.")] = None,
    kind: Annotated[
        list[str] | None, typer.Option(help="Notice kind or glob; repeatable; an empty one: all kinds.")
    ] = None,
    token: Annotated[str | None, typer.Option(help="The receiver's key or password; - reads it from stdin.")] = None,
    option: Annotated[list[str] | None, typer.Option(help="NAME=VALUE that the format needs; repeatable.")] = None,
    allow_private: Annotated[
        bool | None, typer.Option("--allow-private/--no-private", help="Whether a private address is allowed.")
    ] = None,
    sends: SendsOption = None,
    severity: SeverityOption = None,
    score: ScoreOption = None,
    source: SourceOption = None,
    decky: DeckyOption = None,
    technique: TechniqueOption = None,
    tag: TagOption = None,
    hours: HoursOption = None,
    quiet: QuietOption = None,
    breaks_quiet: BreaksOption = None,
) -> None:
    """Change a receiver; what waits for it is sent as it is then. Id and secret stay."""
    kinds = [one for one in kind if one] if kind is not None else None
    wish = Wish(sends, severity, score, source, decky, technique, tag, hours, quiet, breaks_quiet)
    said = Definition(url, form, _token(token), _options(option), kinds, allow_private, wish)
    if (remote := master()) is not None:
        from decnet.remote import webhooks as there

        there.edit(remote, webhook_id, said)
        return
    deployment = find_deployment()
    with transaction(deployment, write=True) as connection:
        endpoints.edit(connection, deployment, webhook_id, said)
    endpoints.nudge(deployment, 0)


@app.command()
def formats(as_json: Json = False, as_csv: Csv = False) -> None:
    """List the formats of receivers with what each needs."""
    rows = [
        (name, form.title, " ".join(form.travels_by), form.token or None, ", ".join(form.options) or None)
        for name, form in ((name, load(name)) for name in FORMATS)
    ]
    names = ("format", "receiver", "travels by", "token", "options")
    document = [dict(zip(names, row, strict=True)) for row in rows]
    print_table(rows, names, tuple, as_json=as_json, as_csv=as_csv, nothing="none", document=document)


@app.command(name="list")
def list_(as_json: Json = False, as_csv: Csv = False) -> None:
    """List receivers with what is waiting, dead or failing."""
    if (remote := master()) is not None:
        from decnet.remote import webhooks as there

        webhooks = there.webhooks(remote)
    else:
        with transaction(find_deployment()) as connection:
            webhooks = [without_secrets(one) for one in queries.webhooks(connection)]
    heading = ("id", "format", "url", "kinds", "state", "pending", "dead", "added")
    nothing = "none; add one with decnet webhook add URL"
    print_table(webhooks, heading, _row, as_json=as_json, as_csv=as_csv, nothing=nothing)


@app.command()
def remove(webhook_id: Id) -> None:
    """Remove a receiver."""
    if (remote := master()) is not None:
        from decnet.remote.webhooks import remove as remove_there

        remove_there(remote, webhook_id)
    else:
        _write(queries.remove_webhook, webhook_id)


@app.command()
def secret(webhook_id: Id) -> None:
    """Print a receiver's secret again."""
    if (remote := master()) is not None:
        from decnet.remote import webhooks as there

        typer.echo(there.secret(remote, webhook_id))
        return
    deployment = find_deployment()
    with transaction(deployment) as connection:
        typer.echo(endpoints.secret(deployment, endpoints.find(connection, webhook_id)))


@app.command()
def rotate(webhook_id: Id) -> None:
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


@app.command()
def enable(webhook_id: Id) -> None:
    """Enable a receiver that had answered 410 Gone."""
    if (remote := master()) is not None:
        from decnet.remote.webhooks import enable as enable_there

        enable_there(remote, webhook_id)
    else:
        _write(queries.enable_webhook, webhook_id)


@app.command(name="test")
def try_out(
    webhook_id: Id,
    wait: Annotated[float, typer.Option(min=0, help="Seconds to wait for the outcome.")] = 15.0,
    as_json: Json = False,
) -> None:
    """Send a test notice to one receiver and show the outcome; exit code 1 when it was not delivered."""
    found = _tried(webhook_id, wait)
    typer.echo(documents.document(found.delivery) if as_json else found.words)
    if found.delivery is None or found.delivery.state != DELIVERED:
        raise typer.Exit(FAILED)


@app.command()
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


@app.command()
def replay(
    webhook_id: Id, delivery: Annotated[int | None, typer.Option(help="Only this dead delivery.")] = None
) -> None:
    """Retry a receiver's dead deliveries, with their old message ids."""
    typer.echo(f"{_replayed(webhook_id, delivery)} will be retried")


def _added(said: Definition) -> Added:
    if (remote := master()) is not None:
        from decnet.remote import webhooks as there

        return there.add(remote, said)
    deployment = find_deployment()
    with transaction(deployment, write=True) as connection:
        return endpoints.add(connection, deployment, said)


def _tried(webhook_id: str, wait: float) -> Tried:
    if (remote := master()) is not None:
        from decnet.remote import webhooks as there

        return there.tried(remote, webhook_id, wait)
    return tried(find_deployment(), webhook_id, wait)


def _write(change: Callable[..., bool], webhook_id: str) -> None:
    with transaction(find_deployment(), write=True) as connection:
        if not change(connection, webhook_id, now_ns=time.time_ns()):
            raise NotFoundError(f"there is no webhook {webhook_id!r}; decnet webhook list shows them")


def _replayed(webhook_id: str, delivery: int | None) -> int:
    if (remote := master()) is not None:
        from decnet.remote import webhooks as there

        return there.replay(remote, webhook_id, delivery)
    deployment = find_deployment()
    with transaction(deployment, write=True) as connection:
        count = endpoints.replay(connection, webhook_id, delivery)
    endpoints.nudge(deployment, 0)
    return count


def _token(text: str | None) -> str | None:
    """A token on the command line is seen by everybody on the host, so it may come by standard input."""
    return sys.stdin.readline().strip() if text == "-" else text


def _beginning(answer: str | None) -> str | None:
    return for_terminal(answer, _ANSWER) if answer else None


def _options(pairs: list[str] | None) -> dict[str, str] | None:
    if pairs is None:
        return None
    if wrong := next((pair for pair in pairs if "=" not in pair), None):
        raise WrongUsageError(f"--option {wrong}: write NAME=VALUE")
    return {name: value for name, _, value in (pair.partition("=") for pair in pairs)}


def _attempts(one: Delivery) -> tuple[object, ...]:
    what = (one.id, one.webhook_id, one.kind, one.state, one.attempts, one.status)
    return *what, moment(one.created_at), one.error, _beginning(one.answer)


def _row(one: WebhookStatus) -> tuple[object, ...]:
    hook = one.webhook
    state = "gone" if one.gone_at else f"failing ({one.failures})" if one.failures else "good"
    kinds, added = " ".join(hook.kinds) or "all", moment(hook.created_at)
    return hook.id, hook.format, hook.url, kinds, state, one.pending, one.dead, added
