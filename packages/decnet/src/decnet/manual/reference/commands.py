# SPDX-License-Identifier: MIT
"""The page of the console scripts."""

from collections.abc import Iterator

from decnet.command import API_OPTIONS, OPTIONS
from decnet.manual.programs import Command, programs
from decnet_core.supervise.command import parser


def commands() -> Iterator[str]:
    """Every console script with its commands, their arguments and options."""
    yield "# Commands\n\n| option of every `decnet` command | | variable |\n|---|---|---|"
    for option, (variable, value, what) in (OPTIONS | API_OPTIONS).items():
        yield f"| `{option} {value}` | {what} | `{variable}` |"
    yield f"\nThose from `{next(iter(API_OPTIONS))}` on stand before the command's name."
    for program in programs():
        if program.name == "decnet-supervise":
            yield f"\n## decnet-supervise\n\n```text\n{parser().format_help().strip()}\n```"
        elif program.name == "decnet":
            for each in program.commands:
                yield from _script(each)
        else:
            yield from _script(program)


def _script(program: Command) -> Iterator[str]:
    yield f"\n## {program.name}\n\n{program.help}"
    yield from _parameters(program)
    for command in program.commands:
        yield f"\n### {command.name}\n\n{command.help}"
        yield from _parameters(command)


def _parameters(command: Command) -> Iterator[str]:
    if command.parameters:
        yield "\n| | default | |\n|---|---|---|"
    for one in command.parameters:
        names = ", ".join(f"`{name}`" for name in one.names)
        default = "required" if one.required else f"`{one.default}`" if one.default else ""
        yield f"| {names} | {default} | {one.help} |"
