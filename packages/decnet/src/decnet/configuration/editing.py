# SPDX-License-Identifier: MIT
"""Editing the settings file: on a copy beside it, which replaces it only when it is right.

Workers may start at any time, and one that finds a setting that is wrong does not.
"""

import os
import shlex
import shutil
import subprocess
import tempfile
import tomllib
from pathlib import Path

from decnet.cli.errors import OperatorError
from decnet.configuration.settings_file import SettingsFile
from decnet.configuration.values import problems, shapes
from decnet_core.settings import Settings
from decnet_core.setup.settings_text import settings_text

_EDITORS = ("sensible-editor", "nano", "vi")


class EditedFile(SettingsFile):
    """The settings file, as the operator edits it."""

    def edited(self, text: str, editor: list[str]) -> str:
        """Return `text` as the operator left it; raises OperatorError when the editor fails."""
        with tempfile.TemporaryDirectory(prefix="decnet-config-") as folder:
            copy = Path(folder) / self.path.name
            copy.write_text(text, encoding="utf-8")
            try:
                code = subprocess.run([*editor, str(copy)], check=False).returncode
            except OSError as error:
                raise OperatorError(f"cannot run the editor {editor[0]}: {error.strerror}; set EDITOR") from error
            if code:
                raise OperatorError(f"the editor ended with {code}; {self.path} is as it was")
            return copy.read_text(encoding="utf-8", errors="replace")

    def problems(self, text: str) -> list[str]:
        """Return what would be wrong with the settings if the file held `text`."""
        try:
            document = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            return [f"{self.path}: {error}"]
        return problems(Settings(document, os.environ, str(self.path)))


def editor_command() -> list[str]:
    """Return the operator's editor: $VISUAL, $EDITOR, else the first that is installed; raises OperatorError."""
    named = os.environ.get("VISUAL") or os.environ.get("EDITOR")
    found = shlex.split(named) if named else [name for name in _EDITORS if shutil.which(name)][:1]
    if not found:
        raise OperatorError("there is no editor here; name one with EDITOR=...")
    return found


def initial_text() -> str:
    """Return a file with every setting, commented out."""
    return settings_text(shapes(), {})
