# SPDX-License-Identifier: MIT
"""`decnet incident NUMBER`: one incident, and what an operator does with incidents."""

from typing import TYPE_CHECKING, Annotated

import typer

from decnet.cli.commands import RecordedCommand
from decnet.cli.errors import FAILED, WrongUsageError
from decnet.cli.operator_name import operator
from decnet.cli.options import Csv, Json, Limit, Reason, application
from decnet.cli.time_window import time_ahead
from decnet.fleet.deployment import find_deployment, transaction
from decnet.incidents import silencing
from decnet.incidents.acting import ActionOutcome, act, nudge
from decnet.incidents.page import page, page_of
from decnet.remote.current import master
from decnet.show import documents
from decnet.show.tables import print_table
from decnet.show.times import moment
from decnet.webhook.options import DeckyOption, SourceOption, TagOption, TechniqueOption
from decnet.webhook.selecting import Wish
from decnet_core.text import for_terminal
from decnet_models.incidents.values import ACKNOWLEDGED, CLOSED, NOTE

if TYPE_CHECKING:
    from decnet.remote.client import Remote

app = application("One incident, and what to do with incidents.", show_by_default=True)

Numbers = Annotated[list[int], typer.Argument(help="Numbers of incidents, as decnet incidents lists them.")]
Who = Annotated[str, typer.Option("--who", help="Your name for others; default: your account's.", show_default=False)]
Text = Annotated[str, typer.Option("--note", help="What others should know.")]


@app.command(name="show")
def show(
    number: Annotated[int, typer.Argument(help="Number of an incident.")], *, limit: Limit = 200, as_json: Json = False
) -> None:
    """Show an incident: who, what, where, its timeline with the evidence of each step, who does what about it."""
    if (remote := master()) is not None:
        from decnet.remote import findings

        found = findings.incident(remote, number, limit)
    else:
        with transaction(find_deployment()) as connection:
            found = page_of(connection, number, limit)
    typer.echo(documents.document(found) if as_json else page(found))


@app.command(name="ack", cls=RecordedCommand)
def ack(numbers: Numbers, note: Text = "", who: Who = "") -> None:
    """Take charge of incidents: nothing more is told of them unless they become more severe."""
    _act(numbers, ACKNOWLEDGED, who, note)


@app.command(name="close", cls=RecordedCommand)
def close(numbers: Numbers, note: Text = "", who: Who = "") -> None:
    """Close incidents: what these attackers do next is a new incident."""
    _act(numbers, CLOSED, who, note)


@app.command(name="note", cls=RecordedCommand)
def note(
    number: Annotated[int, typer.Argument(help="Number of an incident.")],
    text: Annotated[str, typer.Argument(help="What others should know.")],
    who: Who = "",
) -> None:
    """Add a note to an incident."""
    _act([number], NOTE, who, text)


@app.command(name="silence", cls=RecordedCommand)
def silence(
    *,
    source: SourceOption = None,
    decky: DeckyOption = None,
    technique: TechniqueOption = None,
    tag: TagOption = None,
    until: Annotated[
        str, typer.Option("--for", metavar="TIME", help="How long: 30m, 2h, 7d; or until when: RFC 3339.")
    ] = "8h",
    reason: Reason = "",
    who: Who = "",
) -> None:
    """Tell nobody of incidents for a time; they are recorded as ever, and later notices of theirs are told again."""
    wish = Wish(sources=source, deckies=decky, techniques=technique, tags=tag)
    ends = time_ahead("--for", until)
    if (remote := _master(who)) is not None:
        from decnet.remote import fleet

        number = fleet.silence(remote, wish, ends, reason).id
    else:
        with transaction(find_deployment(), write=True) as connection:
            number = silencing.add(connection, wish, ends, who or operator(), reason)
    typer.echo(f"silence {number} lasts until {moment(ends)}; decnet incident unsilence {number} ends it")


@app.command(name="silences")
def silences(as_json: Json = False, as_csv: Csv = False) -> None:
    """List silences that last."""
    if (remote := master()) is not None:
        from decnet.remote import fleet

        found = fleet.silences(remote)
    else:
        with transaction(find_deployment()) as connection:
            found = silencing.lasting(connection)
    print_table(found, silencing.HEADING, silencing.row, as_json=as_json, as_csv=as_csv, nothing="none")


@app.command(name="unsilence", cls=RecordedCommand)
def unsilence(number: Annotated[int, typer.Argument(help="Number of a silence.")]) -> None:
    """End a silence now."""
    if (remote := master()) is not None:
        from decnet.remote import fleet

        fleet.end_silence(remote, number)
        return
    with transaction(find_deployment(), write=True) as connection:
        silencing.end(connection, number)


def _act(numbers: list[int], verb: str, who: str, text: str) -> None:
    """Act on each incident; exit code 1 when another operator was first with one of them."""
    if (remote := _master(who)) is not None:
        from decnet.remote import findings

        outcomes = findings.act(remote, numbers, verb, text)
    else:
        deployment = find_deployment()
        with transaction(deployment, write=True) as connection:
            outcomes = act(connection, numbers, verb, who or operator(), text)
        nudge(deployment)
    for outcome in outcomes:
        typer.echo(for_terminal(_words(outcome)))
    if any(outcome.earlier for outcome in outcomes):
        raise typer.Exit(FAILED)


def _master(who: str) -> "Remote | None":
    """Return the remote master, on which the token says who acts; raises WrongUsageError."""
    remote = master()
    if remote is not None and who:
        raise WrongUsageError("--who is not for --api: it is done in the name of the token's account")
    return remote


def _words(outcome: ActionOutcome) -> str:
    if outcome.earlier is None:
        did = "note added" if outcome.verb == NOTE else outcome.verb
        return f"incident {outcome.number}: {did}"
    return f"incident {outcome.number}: {outcome.earlier.who} has {outcome.earlier.verb} it already, {outcome.when}"
