# SPDX-License-Identifier: MIT
"""Commands of `decnet-collect` besides running it; loaded only when one is called."""

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from decnet_core.exits import Exit, StartupError
from decnet_core.settings import Settings, SettingsError
from decnet_sniff.collect.emitter import Reader
from decnet_sniff.collect.files.file_inputs import records_of
from decnet_sniff.collect.files.tail import MAX_LINE_BYTES, FileTail
from decnet_sniff.collect.formats.readers import reader_of
from decnet_sniff.collect.outcome import Ignored, Outcome, Parsed, Rejected
from decnet_sniff.collect.preview import COLUMNS, as_json, rows
from decnet_sniff.collect.record import Record
from decnet_sniff.collect.settings import CollectSettings, SourceSettings


def register(app: typer.Typer) -> None:
    """Add `check` to the worker's command line."""
    app.command()(check)


def check(
    file: Annotated[str, typer.Argument(help="A log file to preview, - for standard input.")] = "-",
    *,
    source: Annotated[str, typer.Option(help="Read it as this source of the settings.")] = "",
    format: Annotated[str, typer.Option(help="cowrie, opencanary, conpot, dionaea, syslog, json, plain.")] = "",  # noqa: A002  # the option's name
    mapping: Annotated[str, typer.Option(help="The mapping file of format json.")] = "",
    zone: Annotated[str, typer.Option(help="Time zone of lines that do not state theirs.")] = "UTC",
    settings: Annotated[Path | None, typer.Option(help="Settings file (TOML), for --source.")] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object per line and event.")] = False,
) -> None:
    """Show what each line of FILE would become; nothing is stored. Exit code 1 when a line is not understood."""
    if bool(source) == bool(format):
        raise typer.BadParameter("give either --source NAME or --format FORMAT")
    wanted = _configured(source, settings) if source else _described(format, mapping, zone)
    counts = {"events": 0, "ignored": 0, "not understood": 0}
    try:
        read = reader_of(wanted)
    except StartupError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(Exit.STARTUP_FAILED) from error
    if not json:
        typer.echo(COLUMNS)
    for record, outcome in _outcomes(file, read):
        counts[_word(outcome)] += 1
        for shown in as_json(record, outcome) if json else rows(record, outcome):
            typer.echo(shown)
    typer.echo(
        f"{counts['events']} lines with events, {counts['ignored']} ignored, {counts['not understood']} not understood",
        err=True,
    )
    if counts["not understood"]:
        raise typer.Exit(1)


def _word(outcome: Outcome) -> str:
    match outcome:
        case Parsed():
            return "events"
        case Ignored():
            return "ignored"
        case Rejected():
            return "not understood"


def _configured(name: str, file: Path | None) -> SourceSettings:
    try:
        sources = Settings.load(file).section("collect", CollectSettings).source
    except SettingsError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(Exit.STARTUP_FAILED) from error
    for each in sources:
        if each.name == name:
            return each
    known = ", ".join(each.name for each in sources) or "none"
    raise typer.BadParameter(f"there is no source {name!r}; known are: {known}")


def _described(name: str, mapping: str, zone: str) -> SourceSettings:
    wanted: dict[str, Any] = {"name": "check", "format": name, "mapping": mapping, "zone": zone, "path": "-"}
    if name == "plain":
        wanted["input"] = "journal"
    try:
        return msgspec.convert(wanted, SourceSettings)
    except msgspec.ValidationError as error:
        raise typer.BadParameter(str(error).removesuffix(" - at `$.format`")) from error


def _outcomes(file: str, read: Reader) -> Iterator[tuple[Record, Outcome]]:
    now = time.time_ns()
    for record in _piped() if file == "-" else _from_file(file):
        moved = msgspec.structs.replace(record, ts=now)  # as if its source had received it now
        yield moved, read(moved)


def _from_file(file: str) -> Iterator[Record]:
    try:
        follower = FileTail(file)
    except OSError as error:
        raise typer.BadParameter(f"cannot read {file}: {error.strerror}") from error
    try:
        while lines := follower.read(last=True):
            yield from records_of(follower, lines)
    finally:
        follower.close()


def _piped() -> Iterator[Record]:
    """Yield lines as they arrive, so that the output of another program can be watched."""
    offset = 0
    while line := sys.stdin.buffer.readline(MAX_LINE_BYTES + 1):
        last, size = line, len(line)
        while not last.endswith(b"\n") and (last := sys.stdin.buffer.readline(MAX_LINE_BYTES)):
            size += len(last)
        whole = size - last.endswith(b"\n")
        text = line.rstrip(b"\r\n") if whole <= MAX_LINE_BYTES else line[:4096]
        yield Record(text, "-", offset=offset, size=whole if whole > MAX_LINE_BYTES else None)
        offset += size
