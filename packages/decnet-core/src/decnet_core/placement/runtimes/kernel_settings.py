# SPDX-License-Identifier: MIT
"""The kernel's settings for the namespace of this thread, by their path below /proc/sys/net (proc(5))."""

import os
from collections.abc import Mapping
from pathlib import Path

_ROOT = "/proc/sys/net/"
_LONGEST = 4096


def others(wanted: Mapping[str, str]) -> dict[str, str]:
    """Return those of the wanted ones that have another value; raises OSError.

    Those of a directory that is not there, as of a kernel without IPv6, are left out.
    """
    return {path: value for path, value in wanted.items() if _is_other(path, value)}


def write(path: str, value: str) -> None:
    """Raises OSError."""
    Path(_ROOT + path).write_text(value)


def _is_other(path: str, value: str) -> bool:
    try:
        descriptor = os.open(_ROOT + path, os.O_RDONLY | os.O_CLOEXEC)  # a tenth of what Path takes, for each decky
    except FileNotFoundError:
        if Path(_ROOT + path).parent.exists():
            raise
        return False
    try:
        return os.read(descriptor, _LONGEST).split() != value.encode().split()
    finally:
        os.close(descriptor)
