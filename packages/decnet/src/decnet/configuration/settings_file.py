# SPDX-License-Identifier: MIT
"""The settings file: read, and replaced in one step by another text, if it is still the one that was read."""

import os
from pathlib import Path

from decnet.cli.errors import RefusedError
from decnet_core.durable import replace_file

_NEW_MODE = 0o640
"""As `decnet init` writes it: what is in it is for the fleet."""


class SettingsFile:
    """The file that settings are read from, which need not exist."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def text(self) -> str | None:
        """Return what it holds, None if it does not exist; raises RefusedError if it cannot be read."""
        try:
            return self.path.read_text(encoding="utf-8-sig")
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise RefusedError(f"{self.path} cannot be read: {error}") from error

    def replace(self, before: str | None, after: str) -> None:
        """Put `after` in its place with the mode and owner that it has; raises RefusedError if it is not `before`."""
        if self.text() != before:
            raise RefusedError(f"somebody else has changed {self.path} meanwhile; it is as they left it")
        try:
            known = self.path.stat() if before is not None else None
            replace_file(self.path, after.encode(), known.st_mode & 0o777 if known else _NEW_MODE)
            if known is not None and (known.st_uid, known.st_gid) != (os.geteuid(), os.getegid()):
                os.chown(self.path, known.st_uid, known.st_gid)
        except OSError as error:
            raise RefusedError(f"cannot write {self.path}: {error.strerror}") from error
