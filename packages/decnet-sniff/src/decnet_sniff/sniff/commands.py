# SPDX-License-Identifier: MIT
"""Commands of `decnet-sniff` besides running it; loaded only when one is called."""

import errno
import os
import sys
from collections.abc import Callable, Iterator
from io import TextIOWrapper
from typing import Annotated, NoReturn

import msgspec
import typer

from decnet_core.exits import Exit
from decnet_core.settings import Settings, SettingsError
from decnet_core.text import for_terminal
from decnet_sniff.sniff import finding_lines
from decnet_sniff.sniff.capture.file_buffer import CaptureError
from decnet_sniff.sniff.capture.file_filter import FileFilter
from decnet_sniff.sniff.capture.packet_batch import Accept
from decnet_sniff.sniff.capture.pcap import batches, open_capture
from decnet_sniff.sniff.dissect import dissect
from decnet_sniff.sniff.findings import Finding
from decnet_sniff.sniff.observer import Observer
from decnet_sniff.sniff.packets import link
from decnet_sniff.sniff.settings import SniffSettings
from decnet_sniff.sniff.worker import observer_of


def register(app: typer.Typer) -> None:
    """Add `read` and `dissect` to the worker's command line."""
    app.command()(read)
    app.command()(dissect)


def read(
    file: Annotated[str, typer.Argument(help="A pcap or pcapng file, - for standard input.")],
    as_json: Annotated[bool, typer.Option("--json", help="One line of JSON per finding.")] = False,
    window: Annotated[
        int | None, typer.Option(min=0, help="Seconds in which equal findings are one; 0: report each by itself.")
    ] = None,
    counters: Annotated[bool, typer.Option("--counters", help="Show the counters at the end.")] = False,
) -> None:
    """Find in FILE what the worker finds on the wire; exit code 1 when it cannot be read completely."""
    settings = _settings()
    if window is not None:
        settings = msgspec.structs.replace(settings, window_seconds=window)
    observer = observer_of(settings)
    try:
        problem = _tell(file, observer, settings, finding_lines.as_json if as_json else finding_lines.as_text)
    except BrokenPipeError:
        _leave()
    except OSError as error:
        _leave(f"the findings cannot be written: {error.strerror}")
    _conclude(file, problem or _of_unknown_links(observer), observer if counters else None)


def _of_unknown_links(observer: Observer) -> str:
    """Return a note on packets whose link type is unknown."""
    counts = observer.counts()
    unknown = counts.get("link_type_unknown", 0)
    known = ", ".join(sorted(set(link.NAMES.values())))
    return f"{unknown:g} of {counts['packets']:g} packets have a link type other than {known}" if unknown else ""


def _tell(file: str, observer: Observer, settings: SniffSettings, show: Callable[[Finding], str]) -> str:
    """Write the findings in FILE; return what is wrong with it, "" if nothing. Raises OSError only for output."""
    if sys.stdout is None:
        raise OSError(errno.EBADF, "standard output is closed")
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a terminal may know no more than ASCII
    problem = ""
    try:
        for finding in _findings(file, observer, settings):
            sys.stdout.write(show(finding))
    except CaptureError as error:
        problem = str(error)
    for finding in observer.rest():
        sys.stdout.write(show(finding))
    sys.stdout.flush()
    return problem


def _leave(words: str = "") -> NoReturn:
    """Exit when the findings cannot be written, without Python's own message."""
    if words:
        typer.echo(words, err=True)
    if sys.stdout is not None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    raise typer.Exit(1)


def _conclude(file: str, problem: str, observer: Observer | None) -> None:
    for name, value in sorted(observer.counts().items()) if observer else ():
        typer.echo(f"{name}={value:g}", err=True)
    if problem:
        typer.echo(f"{for_terminal(file)}: {problem}", err=True)
        raise typer.Exit(1)


def _findings(file: str, observer: Observer, settings: SniffSettings) -> Iterator[Finding]:
    """Yield the findings in packets that the kernel's filter would pass; raises CaptureError."""
    filters: dict[int, Accept] = {}
    try:
        with open_capture(file) as source:
            for batch in batches(source):
                accept = filters.get(batch.link)
                if accept is None and batch.link in link.NAMES:
                    accept = filters[batch.link] = FileFilter(batch.link, settings.ignored())
                observer.take(batch, accept)
                yield from observer.due(batch.records[-1][0])
    except OSError as error:
        raise CaptureError(f"cannot be read: {error.strerror}") from error


def _settings() -> SniffSettings:
    try:
        return Settings.load().section("sniff", SniffSettings)
    except SettingsError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(Exit.STARTUP_FAILED) from error
