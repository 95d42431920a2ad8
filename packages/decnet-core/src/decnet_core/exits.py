# SPDX-License-Identifier: MIT
"""Exit codes of a worker process, and the error that a restart cannot fix."""

import enum

from decnet_core.errors import CoreError


class Exit(enum.IntEnum):
    """How a worker process ended."""

    STOPPED = 0
    CRASHED = 1
    USAGE = 2
    STARTUP_FAILED = 78
    """EX_CONFIG of sysexits.h: a supervisor must not retry in a loop."""


class StartupError(CoreError):
    """The worker cannot start here (busy port, unreadable file, wrong setting); the message says what to do."""
