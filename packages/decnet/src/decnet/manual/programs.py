# SPDX-License-Identifier: MIT
"""Every console script with its commands, arguments and options, read from what parses its command line."""

import argparse
import importlib
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import msgspec
import typer.main

from decnet.command import API_OPTIONS, COMMANDS, OPTIONS
from decnet_core.runtime import worker_registry
from decnet_core.runtime.command import build
from decnet_core.setup.command import parser as setup_parser
from decnet_core.supervise.command import parser
from decnet_models.command import app as database


class Parameter(msgspec.Struct, frozen=True):
    """An option, or an argument; its `names` are then one, in capitals."""

    names: tuple[str, ...]
    help: str
    default: str = ""
    required: bool = False
    takes_value: bool = True
    choices: tuple[str, ...] = ()
    path: bool = False
    """Whether its value is a file or a directory."""

    @property
    def is_option(self) -> bool:
        return self.names[0].startswith("-")


class Command(msgspec.Struct, frozen=True):
    """A command, with those below it."""

    name: str
    """With all that is before it: `decnet decky add`."""
    help: str
    parameters: tuple[Parameter, ...] = ()
    commands: tuple["Command", ...] = ()


COMMON = tuple(
    Parameter((option,), what, path=True) for option, (_, _, what) in OPTIONS.items()
)  # of every `decnet` command, before or after its name


def operator() -> Command:
    """Return `decnet` with all its commands."""
    found = [_parsed(f"decnet {one.name}", one.summary, _app(one.module)) for one in COMMANDS]
    version = Parameter(("--version",), "Show the version.", takes_value=False)
    before = (Parameter((option,), what, path=kind == "FILE") for option, (_, kind, what) in API_OPTIONS.items())
    return Command("decnet", "DECNET, the deception network.", (*COMMON, *before, version), tuple(found))


def programs() -> Iterator[Command]:
    """Yield every console script."""
    yield operator()
    yield _parsed("decnet-db", "The fleet's database: upgrade, check, backup.", database)
    yield supervisor()
    for name in worker_registry.names():
        worker = worker_registry.load(name)
        yield _parsed(f"decnet-{name}", f"{worker.description()}.", build(worker))


def supervisor() -> Command:
    """Return `decnet-supervise`, the only one that argparse reads."""
    init = _read_by_argparse("decnet-supervise init", setup_parser())
    return _read_by_argparse("decnet-supervise", parser(), init)


def _read_by_argparse(name: str, said: argparse.ArgumentParser, *below: Command) -> Command:
    found = tuple(
        Parameter(
            tuple(action.option_strings) or (action.dest.upper(),),
            _plain(action.help),
            takes_value=action.nargs != 0,
            choices=tuple(map(str, action.choices or ())),
            path=action.dest in ("settings", "state"),
        )
        for action in said._actions  # argparse has no other list of them
        if "--help" not in action.option_strings
    )
    return Command(name, _plain(said.description), found, below)


def _app(module: str) -> typer.Typer:
    app: typer.Typer = importlib.import_module(module).app
    return app


def _parsed(name: str, summary: str, app: typer.Typer) -> Command:
    return _command(name, summary, typer.main.get_command(app))


def _command(name: str, summary: str | None, parsed: Any) -> Command:
    below = getattr(parsed, "commands", {}).items()
    return Command(
        name,
        _plain(summary),
        tuple(_parameter(each) for each in parsed.params),
        tuple(_command(f"{name} {word}", part.help, part) for word, part in below),
    )


def _parameter(parameter: Any) -> Parameter:
    is_option = parameter.opts[0].startswith("-")
    kind = parameter.type_descriptor.annotation
    return Parameter(
        tuple(parameter.opts) if is_option else (parameter.name.upper(),),
        _plain(parameter.help),
        _default(parameter),
        bool(parameter.required),
        takes_value=not getattr(parameter, "is_flag", False),
        choices=_choices(kind),
        path=kind is Path,
    )


def _choices(kind: Any) -> tuple[str, ...]:
    if get_origin(kind) is Literal:
        return tuple(map(str, get_args(kind)))
    return tuple(str(each.value) for each in kind) if isinstance(kind, type) and issubclass(kind, Enum) else ()


def _default(parameter: Any) -> str:
    value = parameter.default.value if isinstance(parameter.default, Enum) else parameter.default
    here = parameter.name == "programs"  # where this very interpreter is, on whatever machine
    return "" if parameter.required or value in (None, False, "") or here else str("yes" if value is True else value)


def _plain(text: str | None) -> str:
    return " ".join((text or "").split())
