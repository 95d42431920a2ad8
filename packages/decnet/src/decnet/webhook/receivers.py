# SPDX-License-Identifier: MIT
"""Receivers: added, changed, listed, removed, enabled again; and the formats that they get notices in."""

import sys
import time
from collections.abc import Callable
from typing import Annotated

import msgspec
import typer

from decnet.cli.errors import FAILED, NotFoundError, WrongUsageError
from decnet.cli.options import Csv, Json
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
    ReceiverId,
    ScoreOption,
    SendsOption,
    SeverityOption,
    SourceOption,
    TagOption,
    TechniqueOption,
)
from decnet.webhook.selecting import Wish
from decnet.webhook.trying import outcome_of, without_secrets
from decnet_models.webhooks import queries
from decnet_models.webhooks.queries import DELIVERED, WebhookStatus
from decnet_workers.webhook.formats.registry import FORMATS, load

_ADD_SECONDS = 15.0


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
    outcome = outcome_of(added.id, _ADD_SECONDS) if send_test else None
    if as_json:
        test = {"test": outcome.delivery} if outcome else {}
        typer.echo(documents.document({**msgspec.structs.asdict(added), **test}))
    elif outcome:
        typer.echo(f"test    {outcome.words}")
    if outcome and outcome.delivery and outcome.delivery.state != DELIVERED and outcome.delivery.attempts:
        raise typer.Exit(FAILED)


def edit(
    webhook_id: ReceiverId,
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


def formats(as_json: Json = False, as_csv: Csv = False) -> None:
    """List the formats of receivers with what each needs."""
    rows = [
        (name, form.title, " ".join(form.travels_by), form.token or None, ", ".join(form.options) or None)
        for name, form in ((name, load(name)) for name in FORMATS)
    ]
    names = ("format", "receiver", "travels by", "token", "options")
    document = [dict(zip(names, row, strict=True)) for row in rows]
    print_table(rows, names, tuple, as_json=as_json, as_csv=as_csv, nothing="none", document=document)


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


def remove(webhook_id: ReceiverId) -> None:
    """Remove a receiver."""
    if (remote := master()) is not None:
        from decnet.remote.webhooks import remove as remove_there

        remove_there(remote, webhook_id)
    else:
        _write(queries.remove_webhook, webhook_id)


def enable(webhook_id: ReceiverId) -> None:
    """Enable a receiver that had answered 410 Gone."""
    if (remote := master()) is not None:
        from decnet.remote.webhooks import enable as enable_there

        enable_there(remote, webhook_id)
    else:
        _write(queries.enable_webhook, webhook_id)


def _added(said: Definition) -> Added:
    if (remote := master()) is not None:
        from decnet.remote import webhooks as there

        return there.add(remote, said)
    deployment = find_deployment()
    with transaction(deployment, write=True) as connection:
        return endpoints.add(connection, deployment, said)


def _write(change: Callable[..., bool], webhook_id: str) -> None:
    with transaction(find_deployment(), write=True) as connection:
        if not change(connection, webhook_id, now_ns=time.time_ns()):
            raise NotFoundError(f"there is no webhook {webhook_id!r}; decnet webhook list shows them")


def _token(text: str | None) -> str | None:
    """A token on the command line is seen by everybody on the host, so it may come by standard input."""
    return sys.stdin.readline().strip() if text == "-" else text


def _options(pairs: list[str] | None) -> dict[str, str] | None:
    if pairs is None:
        return None
    if wrong := next((pair for pair in pairs if "=" not in pair), None):
        raise WrongUsageError(f"--option {wrong}: write NAME=VALUE")
    return {name: value for name, _, value in (pair.partition("=") for pair in pairs)}


def _row(one: WebhookStatus) -> tuple[object, ...]:
    hook = one.webhook
    state = "gone" if one.gone_at else f"failing ({one.failures})" if one.failures else "good"
    kinds, added = " ".join(hook.kinds) or "all", moment(hook.created_at)
    return hook.id, hook.format, hook.url, kinds, state, one.pending, one.dead, added
