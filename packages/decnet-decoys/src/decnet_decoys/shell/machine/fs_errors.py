# SPDX-License-Identifier: MIT
"""Errors of a decoy's file system, in the words of strerror(3): what the attacker sees, not errors of ours."""

from decnet_decoys.errors import DecoysError

NOT_FOUND = "No such file or directory"
NOT_DIRECTORY = "Not a directory"
IS_DIRECTORY = "Is a directory"
DENIED = "Permission denied"
EXISTS = "File exists"
NOT_EMPTY = "Directory not empty"
NO_SPACE = "No space left on device"
TOO_LONG = "File name too long"
BUSY = "Device or resource busy"
NOT_PERMITTED = "Operation not permitted"
LOOP = "Too many levels of symbolic links"


class FileSystemError(DecoysError):
    """An operation was refused; the message is one of those above, or another of strerror's."""
