# SPDX-License-Identifier: MIT
"""`decnet init`: sets this host up to run the fleet under systemd, and takes that away again."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from decnet.errors import OperatorError
from decnet.init import system
from decnet.init.host import Host
from decnet.init.plan import Action, Change, changes, removals
from decnet.init.wanted import environment_in, jobs_of, operators, site_of, wanted
from decnet.options import Json, application
from decnet.show import documents
from decnet_core.settings import Settings
from decnet_core.units.job import TARGET, Site
from decnet_core.units.render import Hosting

app = application("This host, set up for systemd.")

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
    host = Host(prefix)
    wishes = Wishes(dry_run=dry_run, force=force, as_json=as_json, live=prefix == Path("/"))
    if remove:
        _remove(host, wishes)
    else:
        _write(host, wishes, hosting, programs)


class Wishes(NamedTuple):
    """How the operator wants it."""

    dry_run: bool
    force: bool
    as_json: bool
    live: bool
    """It is this host, which runs, and not a root file system for another."""


def _write(host: Host, wishes: Wishes, hosting: Hosting, programs: Path) -> None:
    if wishes.live and not wishes.dry_run:
        system.check(programs)
    settings = _settings(host)
    site, jobs = site_of(settings, programs), jobs_of(settings)
    texts, record = wanted(settings, site, hosting), host.record()
    present = host.present({**texts, **record.written})
    if not _carried_out(host, wishes, changes(texts, present, record.written, operators=operators(site))):
        return
    if wishes.live:
        system.set_up(jobs, site)
        _say(wishes, f"ready; start it with `systemctl enable --now {TARGET}`, then `decnet status`")
    else:
        _say(wishes, "written; at the first boot systemd makes accounts and directories")


def _remove(host: Host, wishes: Wishes) -> None:
    """Needs no settings: what has to go, or to stop, is in the record."""
    record = host.record()
    if wishes.live and not wishes.dry_run:
        system.check_root()
    found = removals(host.present(record.written), record.written)
    if not _carried_out(host, wishes, found, stop=record.written if wishes.live else ()):
        return
    host.forget()
    if wishes.live:
        system.reload_units()
    _say(wishes, "removed; what the fleet has recorded is still there, and so are its accounts")


def _carried_out(host: Host, wishes: Wishes, found: Sequence[Change], stop: Iterable[str] = ()) -> bool:
    """Show the changes and make them, after the units in `stop` have stopped; False when that was not wanted."""
    if wishes.as_json:
        files = [_row(change) for change in found]
        typer.echo(documents.document({"dry_run": wishes.dry_run, "files": files}))
    else:
        _tell(found, dry_run=wishes.dry_run)
    if wishes.dry_run:
        return False
    decided = _decided(found, force=wishes.force, ask=not wishes.as_json and sys.stdin.isatty())
    system.stop(stop)
    host.apply(decided)
    return True


def _settings(host: Host) -> Settings:
    """The settings of that host, as its units read them; the defaults where it has none."""
    place = Site(programs="")
    file = host.place(place.settings)
    environ = environment_in(host.present([place.environment]).get(place.environment, ""))
    return Settings.load(file, environ) if file.exists() else Settings({}, environ, place.environment)


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


def _say(wishes: Wishes, words: str) -> None:
    if not wishes.as_json:
        typer.echo(words)
