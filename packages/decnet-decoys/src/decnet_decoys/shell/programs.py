# SPDX-License-Identifier: MIT
"""Which commands there are, where each claims to lie, and on which kind of system."""

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from decnet_decoys.shell.call import Handler

ALL = ("debian", "busybox")
_BUILTIN_NAMES = """
. : [ alias bg bind break builtin caller cd command compgen complete compopt continue declare dirs disown echo
enable eval exec exit export false fc fg getopts hash help history jobs kill let local logout mapfile popd
printf pushd pwd read readarray readonly return set shift shopt source suspend test times trap true type typeset
ulimit umask unalias unset wait
"""
BUILTINS = tuple(_BUILTIN_NAMES.split())
"""The commands that bash itself has (bash(1), Shell Builtin Commands), in the order in which `enable` lists them."""


class Program(NamedTuple):
    """A command's function and its folder; none means that the shell itself has it."""

    handler: Handler
    folder: str
    families: tuple[str, ...]


_programs: dict[str, Program] = {}


def command(*names: str, folder: str = "/usr/bin", families: tuple[str, ...] = ALL) -> Callable[[Handler], Handler]:
    """Register the decorated function as these commands."""

    def register(handler: Handler) -> Handler:
        for name in names:
            _programs[name] = Program(handler, folder, families)
        return handler

    return register


def programs() -> dict[str, Program]:
    """Return all commands by name; the first call imports every module of the folders below `commands`."""
    if not _programs:
        for module in sorted((Path(__file__).parent / "commands").glob("*/[a-z]*.py")):
            importlib.import_module(f"{__package__}.commands.{module.parent.name}.{module.stem}")
    return _programs
