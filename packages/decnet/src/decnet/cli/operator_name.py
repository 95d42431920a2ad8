# SPDX-License-Identifier: MIT
"""Who runs the command."""

import contextlib
import os
import pwd


def operator() -> str:
    """Return the name of the person who runs the command, also behind sudo."""
    with contextlib.suppress(KeyError):
        return os.environ.get("SUDO_USER") or pwd.getpwuid(os.getuid()).pw_name
    return str(os.getuid())
