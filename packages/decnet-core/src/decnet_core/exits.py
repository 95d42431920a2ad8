# SPDX-License-Identifier: MIT
"""Exit codes of a worker process, and the error that a restart cannot fix."""

import enum

from decnet_core.errors import CoreError


class Exit(enum.IntEnum):
    """How a worker process ended."""

    STOPPED = 0
    CRASHED = 1
    USAGE = 2
    RESTART = 75
    """EX_TEMPFAIL of sysexits.h: the operator ordered a restart. To systemd a failure: it starts it again."""
    STARTUP_FAILED = 78
    """EX_CONFIG of sysexits.h: a supervisor must not retry in a loop."""


class RestartOrdered(CoreError):
    """A worker has stopped because the operator ordered its restart: whoever hosts it starts it again at once."""


class StartupError(CoreError):
    """The worker cannot start here (busy port, unreadable file, wrong setting); the message says what to do."""
