# SPDX-License-Identifier: MIT
"""Commands of `decnet-collect` beside running it; loaded only when one is called."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from decnet_core.text import for_terminal
from decnet_sniff.collect.follow import Follower, Line
from decnet_sniff.collect.formats import parser_of
from decnet_sniff.collect.outcome import Ignored, Outcome, Parsed, Rejected
from decnet_sniff.collect.settings import SourceSettings
from decnet_sniff.collect.worker import understood


def register(app: typer.Typer) -> None:
    """Add `check` to the worker's command line."""
    app.command()(check)


def check(
    file: Annotated[Path, typer.Argument(help="A log file to try.", exists=True, dir_okay=False)],
    format: Annotated[str, typer.Option(help="cowrie, opencanary or syslog.")],  # noqa: A002  # the option's name
    zone: Annotated[str, typer.Option(help="Time zone of syslog lines that do not tell theirs.")] = "UTC",
) -> None:
    """Show what each line of FILE would become; nothing is kept. Exit code 1 when a line is not understood."""
    settings = _settings(file, format, zone)
    parse = parser_of(settings.format, settings.zone)
    counts = {Parsed: 0, Ignored: 0, Rejected: 0}
    follower = Follower(str(file))
    try:
        while lines := follower.read(last=True):
            for line in lines:
                outcome = understood(line, parse)
                counts[type(outcome)] += 1
                for shown in _shown(line, outcome):
                    typer.echo(shown)
    finally:
        follower.close()
    typer.echo(
        f"{counts[Parsed]} lines with events, {counts[Ignored]} ignored, {counts[Rejected]} not understood",
        err=True,
    )
    if counts[Rejected]:
        raise typer.Exit(1)


def _settings(file: Path, name: str, zone: str) -> SourceSettings:
    wanted = {"name": "check", "format": name, "path": str(file), "zone": zone}
    try:
        return msgspec.convert(wanted, SourceSettings)
    except msgspec.ValidationError as error:
        raise typer.BadParameter(str(error)) from error


def _shown(line: Line, outcome: Outcome) -> list[str]:
    """One line of text per event, with every control character escaped."""
    if isinstance(outcome, Parsed):
        source = f"{outcome.src[0]}:{outcome.src[1]}" if outcome.src else "-"
        return [
            f"{line.offset}: {source} {for_terminal(msgspec.json.encode(payload).decode(), 4096)}"
            for payload in outcome.payloads
        ]
    word = "ignored" if isinstance(outcome, Ignored) else "NOT UNDERSTOOD"
    return [f"{line.offset}: {word}: {for_terminal(outcome.reason)}"]
