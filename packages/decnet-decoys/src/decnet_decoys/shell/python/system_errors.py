# SPDX-License-Identifier: MIT
"""Errors of system calls as exceptions of a Python program."""

from __future__ import annotations

from typing import Any

from decnet_decoys.shell.machine.fs_errors import FileSystemError

_NUMBERS = {
    "No such file or directory": 2, "Permission denied": 13, "Not a directory": 20, "Is a directory": 21,
    "File exists": 17, "Directory not empty": 39, "No space left on device": 28, "Operation not permitted": 1,
    "File name too long": 36, "Too many levels of symbolic links": 40,
}  # fmt: skip


def os_error(error: FileSystemError | str, path: Any) -> OSError:
    """Return what Python makes of a system call's error."""
    return (
        OSError(_NUMBERS.get(str(error), 5), str(error), path)
        if path
        else OSError(_NUMBERS.get(str(error), 5), str(error))
    )
