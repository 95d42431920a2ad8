# SPDX-License-Identifier: MIT
"""The checksum of a backup, in a file beside it that `sha256sum --check` reads as well.

SQLite checks the form of its pages, not their content, and a zip does not cover its own headers: a flipped bit in a
password or a time would be restored as it is.
"""

import hashlib
from pathlib import Path

from decnet_core.durable import replace_file
from decnet_models.errors import DatabaseError


def checksum_file(backup: Path) -> Path:
    return backup.with_name(f"{backup.name}.sha256")


def write_checksum(content: Path, backup: Path) -> None:
    """Write the checksum of `content`, which is to become `backup`; raises OSError."""
    replace_file(checksum_file(backup), f"{_digest(content)}  {backup.name}\n".encode(), mode=0o600)


def verify(backup: Path) -> None:
    """Raise DatabaseError unless `backup` is as it was written."""
    beside = checksum_file(backup)
    try:
        expected = beside.read_text(encoding="utf-8", errors="replace").partition(" ")[0]
    except FileNotFoundError:
        raise DatabaseError(
            f"{backup} has no checksum beside it: bring {beside.name}, too, or restore with --unverified"
        ) from None
    except OSError as error:
        raise DatabaseError(f"cannot read {beside}: {error.strerror}") from error
    if _digest(backup) != expected:
        raise DatabaseError(f"{backup} is damaged: it is not what its checksum in {beside.name} was made of")


def _digest(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
