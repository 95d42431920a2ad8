# SPDX-License-Identifier: MIT
"""`decnet config`: the settings, where each value comes from, and what is wrong with them."""

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from decnet.cli.commands import RecordedCommand, changed_outside
from decnet.cli.errors import RefusedError, WrongUsageError
from decnet.cli.options import Csv, Json, application
from decnet.configuration.editing import EditedFile, editor_command, initial_text
from decnet.configuration.values import DEFAULT, Value, problems, shapes, values
from decnet.remote.current import master
from decnet.show.tables import print_table
from decnet_core.settings import DEFAULT_FILE, Settings, suggestion
from decnet_core.text import for_terminal

app = application("The settings of this host.")


@app.command()
def show(
    section: Annotated[str | None, typer.Argument(help="Only this section.")] = None,
    changed: Annotated[bool, typer.Option("--changed", help="Only what is not the default.")] = False,
    as_json: Json = False,
    as_csv: Csv = False,
) -> None:
    """Show every setting with its value and where it comes from: file and line, a variable, or the default."""
    found = [one for one in _values(section) if not changed or one.origin != DEFAULT]
    heading = ("section", "setting", "value", "from")
    print_table(found, heading, _row, as_json=as_json, as_csv=as_csv, nothing="everything is the default")


@app.command()
def check() -> None:
    """Check all settings; exit code 78 when something is wrong with them."""
    found, file = _problems()
    for problem in found:
        typer.echo(for_terminal(problem, 1024))
    if found:
        raise RefusedError(f"{len(found)} of the settings are wrong" if len(found) > 1 else "a setting is wrong")
    typer.echo(f"{file}: all settings are good")


@app.command(cls=RecordedCommand)
def edit() -> None:
    """Open the settings file in $VISUAL or $EDITOR; it is replaced only by a version without errors.

    A file that does not exist yet begins with every setting, commented out.
    """
    file = _edited_file()
    before = file.text()
    after = before if before is not None else initial_text()
    while True:
        changed = file.edited(after, editor_command())
        if changed == after:
            typer.echo(f"{file.path}: unchanged")
            return
        found = file.problems(changed)
        if not found:
            break
        for problem in found:
            typer.echo(for_terminal(problem, 1024), err=True)
        if not (sys.stdin.isatty() and typer.confirm("Edit again?", default=True)):
            raise RefusedError(f"{file.path} is as it was")
        after = changed
    file.replace(before, changed)
    if master() is None:
        changed_outside()
    typer.echo(f"{file.path}: changed; workers read it at their next start. Where systemd runs them: `decnet init`")


def _values(section: str | None) -> Iterable[Value]:
    """Return the settings of a section, or all; raises WrongUsageError for a section that there is not."""
    known = shapes()
    if section is not None and section not in known:
        raise WrongUsageError(f"there is no section [{section}]{suggestion(section, known)}")
    if (remote := master()) is not None:
        from decnet.remote import upkeep

        found, wrong, _ = upkeep.settings(remote)
        for problem in wrong:
            raise RefusedError(problem)
        return [one for one in found if section in (None, one.section)]
    return values(Settings.load(), known if section is None else {section: known[section]})


def _problems() -> tuple[list[str], str]:
    """Return what is wrong with the settings, and how the file is called that they come from."""
    if (remote := master()) is not None:
        from decnet.remote import upkeep

        _, found, file = upkeep.settings(remote)
        return found, file or "the master has no settings file"
    return problems(Settings.load()), _file()


def _edited_file() -> EditedFile:
    if (remote := master()) is not None:
        from decnet.remote.upkeep import RemoteFile

        return RemoteFile(remote)
    return EditedFile(Path(os.environ.get("DECNET_SETTINGS") or DEFAULT_FILE))


def _row(one: Value) -> tuple[object, ...]:
    return one.section, one.name, msgspec.json.encode(one.value).decode(), one.origin


def _file() -> str:
    named = os.environ.get("DECNET_SETTINGS")
    there_is_none = f"no settings file ({DEFAULT_FILE}; `decnet config edit` makes it)"
    return named or (str(DEFAULT_FILE) if DEFAULT_FILE.exists() else there_is_none)
