# SPDX-License-Identifier: MIT
"""What the commands of `decnet-db` share: the database, output, errors and progress."""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from sqlalchemy.exc import DBAPIError

from decnet_core.settings import Settings, SettingsError
from decnet_core.state import State, StateError, StateSettings
from decnet_core.text import json_for_terminal
from decnet_core.timing.timestamps import json_with_times
from decnet_models.database.engine import shown
from decnet_models.database.settings import database_url
from decnet_models.errors import DatabaseError, reason

T = TypeVar("T")

Url = Annotated[
    str, typer.Option(help="Database URL; default: the settings' [database] url, else the state directory's.")
]
SettingsFile = Annotated[
    Path | None, typer.Option("--settings", help="Settings file; default: /etc/decnet/decnet.toml.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]

SAY_EVERY_SECONDS = 1.0


def url_of(url: str, settings_file: Path | None, *, create: bool = False) -> str:
    """Return the URL of the database; exits with 2 when it cannot be determined."""
    if url:
        or_exit(lambda: shown(url))
        return url
    settings = or_exit(lambda: Settings.load(settings_file))
    state = State.of(or_exit(lambda: settings.section("state", StateSettings)))
    if create:
        or_exit(state.create)
    configured = or_exit(lambda: database_url(settings, state))
    or_exit(lambda: shown(configured))
    return configured


def or_exit(work: Callable[[], T]) -> T:
    """Return the result of `work`; a DatabaseError becomes a message and exit code 2."""
    try:
        return work()
    except (DatabaseError, SettingsError, StateError) as error:
        typer.echo(f"decnet-db: {error}", err=True)
    except DBAPIError as error:
        typer.echo(f"decnet-db: the database cannot be read: {reason(error)}", err=True)
    raise typer.Exit(2)


def say(values: dict[str, Any], text: str, as_json: bool) -> None:
    """Print the result: `values` as JSON or `text`."""
    typer.echo(json_for_terminal(json_with_times(values)) if as_json else text)


class Progress:
    """Shows on standard error how far long work is, about once a second: one line that is overwritten on a terminal.

    Silent for work that takes less than a second, and for JSON output without a terminal.
    """

    def __init__(self, *, silent: bool = False) -> None:
        self._terminal = sys.stderr.isatty()
        self._silent = silent and not self._terminal
        self._next = time.monotonic() + SAY_EVERY_SECONDS
        self._said = False

    def __call__(self, words: str) -> None:
        """Show `words` unless something was shown within the last second."""
        now = time.monotonic()
        if self._silent or now < self._next:
            return
        self._next, self._said = now + SAY_EVERY_SECONDS, True
        typer.echo(f"\r\x1b[K{words}" if self._terminal else words, nl=not self._terminal, err=True)

    def end(self) -> None:
        """End the terminal's line."""
        if self._said and self._terminal:
            typer.echo("\r\x1b[K", nl=False, err=True)
            self._said = False
