# SPDX-License-Identifier: MIT
"""Errors as the operator sees them: one line that says what to do, never a traceback."""

import errno
import re
import sys

from decnet_core.bus.interface import BusError
from decnet_core.exits import Exit
from decnet_core.keys import KeyFileError
from decnet_core.settings import SettingsError
from decnet_core.setup.errors import DisputedError, SetupError
from decnet_core.state import StateError
from decnet_core.text import for_terminal

FAILED = 1
WRONG_USAGE = 2
DEFECT = 70
"""EX_SOFTWARE of sysexits.h."""


_OF_THE_PLACE = frozenset({errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT})
"""Errors of a directory or a disk, whatever the command."""


class CommandError(Exception):
    """The operator's command could not do something; the root of all its errors."""


class OperatorError(CommandError):
    """The command cannot do what was asked; the message says what to do next."""

    code: int = FAILED


class RefusedError(OperatorError):
    """It cannot work here until something is changed: settings, state directory, database."""

    code = int(Exit.STARTUP_FAILED)


class UnavailableError(RefusedError):
    """The database cannot be used now, and may be by itself later: it is locked, its disk is full, nobody answers."""


class WrongUsageError(OperatorError):
    code = WRONG_USAGE


class NotFoundError(OperatorError):
    """What was asked for does not exist."""


_PLAIN = {
    "Input should be greater than or equal to": "it must be at least",
    "Input should be less than or equal to": "it must be at most",
    "Input should be a valid integer, .*": "it must be a whole number",
    "Input should be a valid number, .*": "it must be a number",
    "Input should be a valid UUID, .*": "it must be a whole id, as lists show it with --json",
    "Value error, ": "",
}
"""What pydantic says of a value in words for programmers, and in ours."""


def interruptions() -> tuple[type[BaseException], ...]:
    """Return the errors by which the operator ends a command.

    Whoever has not loaded typer, such as the supervisor of `decnet up`, cannot have its errors.
    """
    typer = sys.modules.get("typer")
    return (KeyboardInterrupt,) if typer is None else (KeyboardInterrupt, typer.Abort)


def reported(error: Exception) -> tuple[str, int]:
    """Return the line for the operator and the exit code for an error that no command handled itself."""
    if isinstance(error, (SettingsError, StateError, KeyFileError, SetupError)):
        return str(error), RefusedError.code
    if isinstance(error, (BusError, DisputedError)):
        return str(error), FAILED
    if isinstance(error, OSError) and error.errno in _OF_THE_PLACE:
        where = for_terminal(str(error.filename or "the output or the state directory"))
        remedy = "fix that, or choose another fleet with --state DIR"
        return f"cannot use {where}: {error.strerror}; {remedy}", RefusedError.code
    if isinstance(error, OverflowError) and "SQLite" in str(error):  # whose integers have 64 bits
        return "a number that large is nobody's here; the lists show those that there are", NotFoundError.code
    if hasattr(error, "format_message"):
        return _usage(error), WRONG_USAGE
    kind = type(error).__name__
    return f"unexpected {kind}: {error} (a defect; DECNET_DEBUG=1 shows where)", DEFECT


def _usage(error: Exception) -> str:
    """Return typer's complaint in one line.

    Recognised by its attributes, not by its class, which is in typer's private copy of click.
    """
    complaint = " ".join(str(error.format_message()).split()).rstrip(".")  # type: ignore[attr-defined]  # see above
    for theirs, ours in _PLAIN.items():
        complaint = re.sub(theirs, ours, complaint)
    context = getattr(error, "ctx", None)
    return f"{complaint}; see {context.command_path if context else 'decnet'} --help"
