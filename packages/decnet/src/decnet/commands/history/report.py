# SPDX-License-Identifier: MIT
"""`decnet report`: what happened in a span of time, as a document to send on."""

import enum
from pathlib import Path
from typing import Annotated

import typer

from decnet.cli.commands import RecordedCommand
from decnet.cli.options import Limit, application
from decnet.cli.output_file import opened
from decnet.cli.time_options import Since, Until
from decnet.cli.time_window import time_window
from decnet.fleet.deployment import find_deployment, transaction
from decnet.history.report import html_report, markdown_report
from decnet.history.summary import Summary, summary_of
from decnet.remote.current import master
from decnet.reporter.sending import send as send_report
from decnet.show import documents
from decnet_models.database.window import Window

app = application("A report.")


class Format(enum.StrEnum):
    """What the report is written as."""

    HTML = "html"
    MARKDOWN = "md"
    JSON = "json"


@app.command(cls=RecordedCommand)
def report(
    *,
    since: Since = "yesterday",
    until: Until = None,
    as_format: Annotated[Format, typer.Option("--format", help="What it is written as.")] = Format.HTML,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="File to write; default: print it.")] = None,
    limit: Limit = 25,
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
    send: Annotated[
        bool, typer.Option("--send", help="Send it to the receivers of report.written, e.g. by mail.")
    ] = False,
) -> None:
    """Write a report: one page that needs nothing else, with a chart, attackers, techniques, sessions and the rest.

    --send has the worker webhook send it; [reporter] at = "07:00" does that every day.
    """
    window = time_window(since, until)
    if send:
        _sent(window, limit)
        return
    text = _text(window, limit, Format.JSON if as_json else as_format)
    with opened(output) as file:
        file.write(f"{text}\n")
    if output is not None:
        typer.echo(f"wrote {output}")


def _sent(window: Window, limit: int) -> None:
    """Send the report, and say who will get it."""
    if (remote := master()) is not None:
        from decnet.remote import findings

        to = findings.send_report(remote, window, limit)
    else:
        to = send_report(find_deployment(), window, limit)
    typer.echo("\n".join(f"to {one.id}  {one.format}  {one.url}" for one in to))
    typer.echo("decnet webhook deliveries shows what came of it")


def _text(window: Window, limit: int, as_format: Format) -> str:
    if (remote := master()) is not None:
        from decnet.remote import findings

        return findings.report(remote, window, limit, as_format.value)
    with transaction(find_deployment()) as connection:
        return _written(summary_of(connection, window, limit), as_format)


def _written(summary: Summary, as_format: Format) -> str:
    if as_format is Format.HTML:
        return html_report(summary)
    return markdown_report(summary) if as_format is Format.MARKDOWN else documents.document(summary)
