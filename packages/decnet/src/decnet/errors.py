# SPDX-License-Identifier: MIT
"""What the operator is told when something cannot be done: one line that says what to do, never a traceback."""

from __future__ import annotations

from decnet_core.bus.interface import BusError
from decnet_core.keys import KeyFileError
from decnet_core.runtime.exits import Exit
from decnet_core.settings import SettingsError
from decnet_core.state import StateError

FAILED = 1
DEFECT = 70
"""EX_SOFTWARE of sysexits.h."""


class OperatorError(Exception):
    """The command cannot do what was asked; the message says what to do next."""

    code: int = FAILED


class RefusedError(OperatorError):
    """It cannot work here before somebody changes something: settings, state directory, database."""

    code = int(Exit.STARTUP_FAILED)


class NotFoundError(OperatorError):
    """What was asked for is not there."""


def told(error: Exception) -> tuple[str, int]:
    """Return the line for the operator and the exit code for an error that no command handled itself."""
    if isinstance(error, (SettingsError, StateError, KeyFileError)):
        return str(error), RefusedError.code
    if isinstance(error, BusError):
        return str(error), FAILED
    kind = type(error).__name__
    return f"unexpected {kind}: {error} (a defect; DECNET_DEBUG=1 shows where)", DEFECT
