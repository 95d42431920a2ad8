# SPDX-License-Identifier: MIT
"""The page of the operator's command, read from what parses it."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from enum import Enum
from typing import Any

import typer.main

from decnet.command import COMMANDS, OPTIONS


def commands() -> Iterator[str]:
    """Every command with its arguments and options."""
    yield "# Commands\n\n| option of every command | | variable |\n|---|---|---|"
    for option, (variable, value, what) in OPTIONS.items():
        yield f"| `{option} {value}` | {what} | `{variable}` |"
    for command in COMMANDS:
        yield f"\n## decnet {command.name}\n\n{command.summary}"
        parsed: Any = typer.main.get_command(importlib.import_module(f"decnet.commands.{command.name}").app)
        within: dict[str, Any] = getattr(parsed, "commands", {})
        if not within:
            yield from _parameters(parsed)
        for name, part in within.items():
            yield f"\n### decnet {command.name} {name}\n\n{_plain(part.help)}"
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
