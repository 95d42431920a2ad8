# SPDX-License-Identifier: MIT
"""`decnet quarantine`: lines that a worker could not read, or the database would not store, and events once more."""

import sys
from typing import Annotated

import typer

from decnet.cli.commands import RecordedCommand
from decnet.cli.errors import FAILED, WrongUsageError
from decnet.cli.options import Csv, Json, Limit, application
from decnet.fleet.deployment import find_deployment
from decnet.quarantine import lines
from decnet.quarantine.lines import all_kept, named
from decnet.remote.current import master
from decnet.show import documents
from decnet.show.tables import print_table
from decnet.show.times import moment
from decnet_core.text import for_terminal

app = application("Lines that were put aside: what no worker could read, and events that the database would not store.")

Ids = Annotated[list[str], typer.Argument(help="As `decnet quarantine list` shows them, e.g. ingest/3/0.")]


@app.command(name="list")
def list_(
    limit: Limit = 100,
    everything: Annotated[bool, typer.Option("--all", help="Also events that are in the log by now.")] = False,
    as_json: Json = False,
    as_csv: Csv = False,
) -> None:
    """List the lines, newest first, each with the reason."""
    if (remote := master()) is not None:
        from decnet.remote import quarantine as there

        found, hidden = there.kept(remote, limit, everything=everything)
    else:
        kept = all_kept(find_deployment())
        found, hidden = [one for one in kept if everything or not one.stored][:limit], len(kept)
    print_table(
        found,
        ("id", "when", "from", "bytes", "reason"),
        lambda one: (one.id, moment(one.line.at), one.line.source, len(one.line.content()), one.line.reason),
        as_json=as_json,
        as_csv=as_csv,
        nothing=_nothing(hidden),
    )


def _nothing(hidden: int) -> str:
    return f"nothing is quarantined{f' but what is in the log by now ({hidden}): see --all' if hidden else ''}"


@app.command()
def show(
    id_: Annotated[str, typer.Argument(metavar="ID", help="As `decnet quarantine list` shows it.")],
    raw: Annotated[bool, typer.Option("--raw", help="Write the line as it was, byte by byte.")] = False,
    as_json: Json = False,
) -> None:
    """Show one line, whole."""
    if (remote := master()) is not None:
        from decnet.remote import quarantine as there

        one = there.line(remote, id_)
    else:
        (one,) = named(find_deployment(), [id_])
    if raw:
        sys.stdout.buffer.write(one.line.content() + b"\n")
    elif as_json:
        typer.echo(documents.document(one))
    else:
        line = one.line
        typer.echo(f"{one.id}, {moment(line.at)}, from {for_terminal(line.source)}: {for_terminal(line.reason)}")
        typer.echo(for_terminal(line.line, len(line.line)))


@app.command(cls=RecordedCommand)
def retry(
    ids: Ids = [],  # noqa: B006  # typer's way
    everything: Annotated[bool, typer.Option("--all", help="All that ingest put aside.")] = False,
    as_json: Json = False,
) -> None:
    """Store events once more, when the reason is mended; one that is in the log already is not stored twice."""
    if bool(ids) == everything:
        raise WrongUsageError("name the lines, or give --all; see decnet quarantine list")
    chosen = None if everything else ids
    if (remote := master()) is not None:
        from decnet.remote import quarantine as there

        done = there.retry(remote, chosen)
    else:
        done = lines.retry(find_deployment(), chosen)
    if as_json:
        typer.echo(documents.line(done))
    else:
        typer.echo(f"{done.stored} stored, {done.known} were in the log already")
        for words in done.refused:
            typer.echo(for_terminal(words), err=True)
    if done.refused:
        raise typer.Exit(FAILED)
