# SPDX-License-Identifier: MIT
"""The commands of `decnet-ttp`: check and try rules before use, and override single ones."""

import sys
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from decnet_core.text import for_terminal, json_for_terminal
from decnet_workers.ttp import states, trial, trial_pages
from decnet_workers.ttp.attack import technique
from decnet_workers.ttp.library import SHIPPED, load
from decnet_workers.ttp.sigma.rule import About

Json = Annotated[bool, typer.Option("--json", help="One JSON document.")]


def register(app: typer.Typer) -> None:
    """Add the worker's commands to its command line."""
    app.command("check-rules")(check_rules)
    app.command("list-rules")(list_rules)
    app.command("test")(try_rules)
    for command in (states.enable, states.disable, states.cap, states.states):
        app.command()(command)


def check_rules(
    folder: Annotated[Path, typer.Argument(help="Folder with Sigma rules (*.yml).", exists=True, file_okay=False)],
    as_json: Json = False,
) -> None:
    """Report which rules of a folder would be rejected, with file and line; exit code 1 when there is one."""
    library = load([folder])
    if as_json:
        refused = [{"file": str(one.file), "line": one.line, "reason": one.reason} for one in library.refused]
        _print_json({"rules": len(library), "refused": refused})
    else:
        for refusal in library.refused:
            typer.echo(for_terminal(str(refusal), 2048))
        typer.echo(f"{len(library)} rules are good, {len(library.refused)} are rejected")
    if library.refused:
        raise typer.Exit(1)


def try_rules(
    folder: Annotated[
        Path, typer.Argument(help="Folder with rules; default: the shipped ones.", exists=True, file_okay=False)
    ] = SHIPPED,
    recorded: Annotated[
        Path | None,
        typer.Option(help="Folder with RULE.fires.jsonl and RULE.passes.jsonl; default: that of the rules."),
    ] = None,
    events: Annotated[
        Path | None,
        typer.Option(help="Show what fires on the events of this file (JSON lines) instead.", exists=True),
    ] = None,
    as_json: Json = False,
) -> None:
    """Try rules on recorded events; exit code 1 when one is rejected or does not do what it must."""
    beside = [] if folder == SHIPPED else [SHIPPED]
    if events is None:
        trial_pages.show_trials(trial.try_folder(folder, recorded or folder, beside), as_json=as_json)
    else:
        trial_pages.show_fired(load([*beside, folder]), events, as_json=as_json)


def list_rules(
    folder: Annotated[Path, typer.Argument(help="Folder with Sigma rules; default: the shipped ones.")] = SHIPPED,
    as_json: Json = False,
) -> None:
    """List rules with their level and techniques."""
    rules = sorted(load([folder]).abouts(), key=lambda about: (about.techniques, about.title))
    if as_json:
        _print_json([_described(about) for about in rules])
        return
    for about in rules:
        typer.echo(f"{about.level:<13} {', '.join(about.techniques) or '(counted)':<22} {for_terminal(about.title)}")


def _described(about: About) -> dict[str, object]:
    names = {number: known.name for number in about.techniques if (known := technique(number)) is not None}
    return {"id": str(about.id), "title": about.title, "level": about.level, "techniques": names}


def _print_json(document: object) -> None:
    sys.stdout.write(json_for_terminal(msgspec.json.encode(document)) + "\n")
