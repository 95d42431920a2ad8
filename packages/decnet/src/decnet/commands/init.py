# SPDX-License-Identifier: MIT
"""`decnet init`: sets this host up to run the fleet under systemd, and removes that again."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from decnet.cli.commands import RecordedCommand, changed_outside
from decnet.cli.options import Json, application
from decnet.installation.master import MASTER
from decnet_core.setup.roles import Role
from decnet_core.setup.steps import InstallOptions, remove, set_up
from decnet_core.units.render import Hosting

app = application("Set this host up for systemd.")


@app.command(cls=RecordedCommand)
def init(
    *,
    role: Annotated[
        Role | None, typer.Option(help="Role of this host: everything installed, or only a sensor's workers.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change, change nothing.")] = False,
    remove_it: Annotated[bool, typer.Option("--remove", help="Remove what init wrote; data stay.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Also replace files that were edited since.")] = False,
    hosting: Annotated[
        Hosting | None, typer.Option(help="What decnet.target starts: a unit per worker, or one per group of workers.")
    ] = None,
    prefix: Annotated[Path, typer.Option(help="Write into this root file system, for an image.")] = Path("/"),
    programs: Annotated[
        Path, typer.Option("--bin", help="Directory of the console scripts, as seen by the units.")
    ] = Path(sys.executable).parent,
    as_json: Json = False,
) -> None:
    """Write units, accounts, directories and settings for every installed worker; asks before it undoes your edits."""
    options = InstallOptions(
        prefix=prefix, programs=programs, role=role, hosting=hosting, dry_run=dry_run, force=force, as_json=as_json
    )
    if remove_it:
        remove(options)
    else:
        set_up(options, MASTER)
    if not dry_run and prefix == Path("/"):
        changed_outside()
