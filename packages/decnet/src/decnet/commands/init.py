# SPDX-License-Identifier: MIT
"""`decnet init`: sets this host up to run the fleet under systemd, and takes that away again."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from decnet.errors import OperatorError
from decnet.init import system
from decnet.init.host import Host
from decnet.init.plan import Action, Change, changes, removals
from decnet.init.wanted import jobs_of, operators, site_of, wanted
from decnet.options import Json, application
from decnet.show import documents
from decnet_core.settings import Settings
from decnet_core.units.job import TARGET, Site
from decnet_core.units.render import Hosting

app = application("This host, set up for systemd.")

_SETTINGS = Site(programs="").settings
_TO_DO = (Action.CREATE, Action.UPDATE, Action.REMOVE)


@app.command()
def init(
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change, change nothing.")] = False,
    remove: Annotated[bool, typer.Option("--remove", help="Take away what init wrote; data stay.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace also what somebody has changed since.")] = False,
    hosting: Annotated[
        Hosting, typer.Option(help="What decnet.target starts: a unit per worker, or one per group of workers.")
    ] = "units",
    prefix: Annotated[Path, typer.Option(help="Write into this root file system, for an image.")] = Path("/"),
    programs: Annotated[
        Path, typer.Option("--bin", help="Where the console scripts are, as the units shall see it.")
    ] = Path(sys.executable).parent,
    as_json: Json = False,
) -> None:
    """Write units, accounts, directories and settings for every installed worker; asks before it undoes your edits."""
    host, live = Host(prefix), prefix == Path("/")
    settings = _settings(host)
    site, jobs = site_of(settings, programs), jobs_of(settings)
    if live and not dry_run:
        system.check(programs)
    record = host.record()
    if remove:
        found = removals(host.present(record.written), record.written)
    else:
        texts = wanted(settings, site, hosting)
        present = host.present({**texts, **record.written})
        found = changes(texts, present, record.written, operators=operators(site))
    to_do = _decided(found, force=force, ask=not as_json and not dry_run and sys.stdin.isatty())
    if as_json:
        typer.echo(documents.document({"dry_run": dry_run, "files": [_row(change) for change in found]}))
    else:
        _tell(found, dry_run=dry_run)
    if dry_run:
        return
    if remove and live:
        system.stop(jobs)
    host.apply(to_do)
    if remove:
        host.forget()
    if live:
        system.reload_units() if remove else system.set_up(jobs, site)
    if not as_json:
        typer.echo(_farewell(site, live=live, remove=remove))


def _settings(host: Host) -> Settings:
    """The settings of that host, the defaults where it has none."""
    file = host.place(_SETTINGS)
    return Settings.load(file) if file.exists() else Settings({}, {}, "defaults")


def _decided(found: Sequence[Change], *, force: bool, ask: bool) -> list[Change]:
    """Return what to do; raises OperatorError when a file of the operator's is in the way and nobody may decide."""
    disputed = [change for change in found if change.action is Action.CONFLICT]
    agreed = [change for change in found if change.action in _TO_DO]
    if not disputed or force:
        return agreed + disputed
    if not ask:
        for change in disputed:
            typer.echo(change.diff, err=True)
        raise OperatorError(f"{disputed[0].path} was changed by hand; --force replaces it, --dry-run shows all")
    for change in disputed:
        typer.echo(change.diff)
        if typer.confirm(f"{'Remove' if change.after is None else 'Replace'} {change.path}?"):
            agreed.append(change)
    return agreed


def _tell(found: Sequence[Change], *, dry_run: bool) -> None:
    for change in found:
        if change.action is not Action.UNCHANGED:
            typer.echo(f"{change.action.value:<9} {change.path}")
        if dry_run and change.action in (Action.UPDATE, Action.CONFLICT):
            typer.echo(change.diff)
    if all(change.action is Action.UNCHANGED for change in found):
        typer.echo("nothing to change")


def _row(change: Change) -> dict[str, str]:
    return {"path": change.path, "action": change.action.value, "diff": change.diff}


def _farewell(site: Site, *, live: bool, remove: bool) -> str:
    if remove:
        return f"removed; what the fleet has recorded is still in {site.state}, its accounts are still there"
    if not live:
        return "written; at the first boot systemd makes accounts and directories"
    return f"ready; start it with `systemctl enable --now {TARGET}`, then `decnet status`"
