# SPDX-License-Identifier: MIT
"""What `decnet-ttp test` prints."""

import sys
from collections.abc import Iterable
from pathlib import Path

import msgspec
import typer

from decnet_core.text import for_terminal, json_for_terminal
from decnet_workers.ttp.library import Library, Refusal
from decnet_workers.ttp.trial import Trial, fired, read_events

_WIDTH = 2048


def show_trials(trials: list[Trial], *, as_json: bool) -> None:
    """Print what became of each file of rules; exit code 1 when a rule does not do what it must."""
    mistakes = [mistake for trial in trials for mistake in trial.mistakes]
    if as_json:
        _print_json(
            [{"file": str(trial.file), "events": trial.events, "mistakes": _plain(trial.mistakes)} for trial in trials]
        )
    else:
        for trial in trials:
            outcome = "FAILED" if trial.mistakes else "good" if trial.events else "no recorded events"
            typer.echo(for_terminal(f"{trial.file.name:<40} {trial.events:>5} events  {outcome}", _WIDTH))
        _print_mistakes(mistakes)
        untried = sum(trial.events == 0 for trial in trials)
        typer.echo(f"{len(trials)} files of rules, {untried} without recorded events, {len(mistakes)} mistakes")
    if mistakes:
        raise typer.Exit(1)


def show_fired(library: Library, file: Path, *, as_json: bool) -> None:
    """Print which rules fire on the events of a file; exit code 1 when a line or a rule is wrong."""
    lines, wrong = read_events(file)
    mistakes = [*library.refused, *wrong]
    found = list(fired(library, lines))
    if as_json:
        tags = [
            {"line": line.number, "event": tag.event_id, "rule": tag.rule_id, "title": tag.title, "level": tag.level,
             "technique": tag.technique}
            for line, tag in found
        ]  # fmt: skip
        _print_json({"events": len(lines), "fired": tags, "mistakes": _plain(mistakes)})
    else:
        for line, tag in found:
            action = line.event.payload.summary()
            text = f"{file.name}:{line.number}: {tag.level} {tag.technique} {tag.title}: {action}"
            typer.echo(for_terminal(text, _WIDTH))
        _print_mistakes(mistakes)
        typer.echo(f"{len(found)} findings in {len(lines)} events, {len(mistakes)} mistakes")
    if mistakes:
        raise typer.Exit(1)


def _print_mistakes(mistakes: Iterable[Refusal]) -> None:
    for mistake in mistakes:
        typer.echo(for_terminal(str(mistake), _WIDTH))


def _plain(mistakes: Iterable[Refusal]) -> list[dict[str, object]]:
    return [{"file": str(one.file), "line": one.line, "reason": one.reason} for one in mistakes]


def _print_json(document: object) -> None:
    sys.stdout.write(json_for_terminal(msgspec.json.encode(document)) + "\n")
