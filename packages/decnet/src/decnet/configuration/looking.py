# SPDX-License-Identifier: MIT
"""Looks at the settings in a child process: to know them it loads the code of all workers, which is not to stay."""

import subprocess
import sys
from typing import Any, TypeVar

import msgspec

from decnet.cli.errors import OperatorError
from decnet_core.settings import Settings

T = TypeVar("T")
_SECONDS = 60.0


class Setting(msgspec.Struct, frozen=True):
    """A setting as it is; secrets are hidden."""

    section: str
    name: str
    value: Any
    default: Any
    origin: str
    """A file with its line, a variable of the environment, or `default`."""
    meaning: str


class Looked(msgspec.Struct, frozen=True):
    """All settings, and what is wrong with them; with anything wrong in a section it has no settings here."""

    settings: tuple[Setting, ...]
    problems: tuple[str, ...]


class Difference(msgspec.Struct, frozen=True):
    """A setting that another text would change; secrets are hidden."""

    section: str
    name: str
    before: Any
    after: Any


class Compared(msgspec.Struct, frozen=True):
    """What another text of the settings file would change, and what is wrong with it."""

    differences: tuple[Difference, ...]
    problems: tuple[str, ...]


class Question(msgspec.Struct, frozen=True):
    """What the child is asked: `text` is another text of the file, None: nothing is compared."""

    document: dict[str, Any]
    environ: dict[str, str]
    source: str
    text: str | None = None


def look(settings: Settings) -> Looked:
    """Return all settings with where each comes from; raises OperatorError."""
    return _asked(settings, None, Looked)


def compare(settings: Settings, text: str) -> Compared:
    """Return what the settings file would change if it held `text`; raises OperatorError."""
    return _asked(settings, text, Compared)


def _asked(settings: Settings, text: str | None, answer: type[T]) -> T:
    question = msgspec.json.encode({**settings.plain(), "text": text})
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "decnet.configuration.child"],
            input=question,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise OperatorError(f"the settings cannot be looked at: {error}") from error
    if done.returncode:
        last = done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
        raise OperatorError(f"the settings cannot be looked at: {last[:300]}")
    return msgspec.json.decode(done.stdout, type=answer)
