# SPDX-License-Identifier: MIT
"""The page of the console scripts, read from what parses their command lines."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from enum import Enum
from typing import Any

import typer.main

from decnet.command import COMMANDS, OPTIONS
from decnet_core.runtime import worker_registry
from decnet_core.runtime.command import build
from decnet_core.supervise.command import parser
from decnet_models.command import app as database


def commands() -> Iterator[str]:
    """Every console script with its commands, their arguments and options."""
    yield "# Commands\n\n| option of every `decnet` command | | variable |\n|---|---|---|"
    for option, (variable, value, what) in OPTIONS.items():
        yield f"| `{option} {value}` | {what} | `{variable}` |"
    for command in COMMANDS:
        app = importlib.import_module(command.module).app
        yield from _script(f"decnet {command.name}", command.summary, app)
    yield from _script("decnet-db", "The fleet's database.", database)
    yield f"\n## decnet-supervise\n\n```text\n{parser().format_help().strip()}\n```"
    for name in worker_registry.names():
        worker = worker_registry.load(name)
        yield from _script(f"decnet-{name}", f"{worker.description()}.", build(worker))


def _script(name: str, summary: str, app: typer.Typer) -> Iterator[str]:
    yield f"\n## {name}\n\n{_plain(summary)}"
    parsed: Any = typer.main.get_command(app)
    yield from _parameters(parsed)
    for command, part in getattr(parsed, "commands", {}).items():
        yield f"\n### {name} {command}\n\n{_plain(part.help)}"
        yield from _parameters(part)


def _parameters(command: Any) -> Iterator[str]:
    if command.params:
        yield "\n| | default | |\n|---|---|---|"
    for parameter in command.params:
        is_option = parameter.opts[0].startswith("-")
        name = ", ".join(f"`{each}`" for each in parameter.opts) if is_option else f"`{parameter.name.upper()}`"
        yield f"| {name} | {_default(parameter)} | {_plain(parameter.help)} |"


def _default(parameter: Any) -> str:
    value = parameter.default.value if isinstance(parameter.default, Enum) else parameter.default
    if parameter.required:
        return "required"
    here = parameter.name == "programs"  # where this very interpreter is, on whatever machine
    return "" if value in (None, False, "") or here else f"`{'yes' if value is True else value}`"


def _plain(text: str | None) -> str:
    return " ".join((text or "").split())
