# SPDX-License-Identifier: MIT
"""`decnet intel ADDRESS`: what other parties say about an address, by provider, with its age."""

import time
from typing import Annotated

import typer

from decnet.cli.addresses import canonical_address
from decnet.cli.commands import RecordedCommand
from decnet.cli.errors import NotFoundError, OperatorError
from decnet.cli.options import Json, application
from decnet.fleet.deployment import find_deployment, transaction
from decnet.intel.known import Known, known, refresh, refresh_set_aside
from decnet.remote.current import master
from decnet.show import documents
from decnet.show.columns import columns
from decnet.show.times import duration, moment
from decnet_core.text import for_terminal

app = application("What others say about an address.")


@app.command(cls=RecordedCommand)
def intel(
    address: Annotated[str | None, typer.Argument(help="IPv4 or IPv6 address.")] = None,
    refresh_: Annotated[bool, typer.Option("--refresh", help="Have all providers asked anew.")] = False,
    set_aside: Annotated[
        bool, typer.Option("--set-aside", help="Have them asked about all whose look-up failed, not about one address.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Show what each provider says about an address, since when, and what is still being asked.

    The worker enrich asks; with --refresh it does so although the present answers still hold.
    """
    if (address is None) != set_aside:
        raise typer.BadParameter("give an address, or --set-aside")
    if address is None:
        _retry()
        return
    text = canonical_address(address)
    if (remote := master()) is not None:
        from decnet.remote import findings

        found = findings.intel(remote, text, refresh=refresh_)
    else:
        found = _here(text, refreshed=refresh_)
    if not (found.findings or found.waiting or as_json):
        raise NotFoundError(f"nobody was asked about {text}, or nobody knows it; decnet intel {text} --refresh asks")
    typer.echo(documents.document(found) if as_json else page(found, time.time_ns()))


def _retry() -> None:
    """Have providers asked about all that were set aside, and tell how far that is."""
    if master() is not None:
        raise OperatorError("decnet intel --set-aside works on the host that has the database")
    total = 0
    for done, total in refresh_set_aside(find_deployment()):
        typer.echo(f"to be asked about anew: {done} of {total} addresses")
    if not total:
        typer.echo("nobody is set aside")


def _here(text: str, *, refreshed: bool) -> Known:
    deployment = find_deployment()
    if refreshed:
        refresh(deployment, text)
    with transaction(deployment) as connection:
        return known(connection, text)


def page(found: Known, now_ns: int) -> str:
    """Return what is known for a terminal; texts of providers are escaped."""
    since = f", since {moment(found.since)}" if found.since is not None else ""
    lines = [f"{found.indicator}  {found.verdict}{since}"]
    lines += [f"  {for_terminal(reason)}" for reason in found.reasons]
    rows = [
        (
            one.provider,
            one.verdict,
            duration(max(0, now_ns - one.fetched_at) / 1e9),
            "" if one.expires_at > now_ns else "no longer holds",
            "; ".join(one.reasons),
            ", ".join(f"{name} {_words(value)}" for name, value in one.detail.items()),
        )
        for one in found.findings
    ]
    if rows:
        lines += ["", columns(("provider", "verdict", "age", "state", "because", "details"), rows)]
    if found.waiting:
        lines += ["", f"still to be asked: {', '.join(found.waiting)}"]
    return "\n".join(lines)


def _words(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
