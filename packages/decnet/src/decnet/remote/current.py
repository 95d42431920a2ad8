# SPDX-License-Identifier: MIT
"""The master that a command works on: this host's own, or the one that `--api` names."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from decnet.remote.commands import API

if TYPE_CHECKING:
    from decnet.remote.client import Remote


def master() -> Remote | None:
    """Return the remote master, None for the fleet of this host; raises WrongUsageError."""
    if not os.environ.get(API):
        return None
    from decnet.remote.client import Remote  # with its HTTP and TLS only where it is used

    return Remote.of_environment()
