# SPDX-License-Identifier: MIT
"""Sets a host up and takes that away again, showing each step; what the operator's commands for it do."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from decnet_core.runtime import worker_registry
from decnet_core.settings import Settings, environment_in
from decnet_core.setup import system
from decnet_core.setup.errors import DisputedError, SetupError
from decnet_core.setup.host import Host
from decnet_core.setup.plan import Action, Change, changes, removals
from decnet_core.setup.roles import SENSOR_GROUPS, Role
from decnet_core.setup.wanted import Database, jobs_of, known, operators, site_of, wanted
from decnet_core.units.job import TARGET, Site, supervisor_service
from decnet_core.units.render import Hosting

_TO_DO = (Action.CREATE, Action.UPDATE, Action.REMOVE)


class Wishes(msgspec.Struct, frozen=True, kw_only=True):
    """How the operator wants it."""

    prefix: Path = Path("/")
    """The root file system to write into."""
    programs: Path = Path(sys.executable).parent
    """Where the console scripts are, as the units shall see it."""
    role: Role | None = None
    """What the host is for; None: what it was for, else everything that is installed."""
    hosting: Hosting | None = None
    """What the target starts; None: groups on a sensor, else units."""
    dry_run: bool = False
    force: bool = False
    as_json: bool = False

    @property
    def live(self) -> bool:
        """Whether it is this host, which runs, and not a root file system for another."""
        return self.prefix == Path("/")


class Master(msgspec.Struct, frozen=True):
    """What a host with everything has beside its workers."""

    database: Callable[[Settings, str], Database]
    """Returns where the database is, from the settings and the state directory."""
    begin: Callable[[Settings, Path], None]
    """Makes in the state directory what must be there before the first start."""


def set_up(wishes: Wishes, master: Master | None = None) -> None:
    """Write units, accounts, directories and settings; raises SetupError, DisputedError, SettingsError."""
    if wishes.live and not wishes.dry_run:
        system.check(wishes.programs)
    host = Host(wishes.prefix)
    record = host.record()
    role = _role(wishes, record.role, written=bool(record.written), is_master=master is not None)
    decided = known(host.place(Site(programs="").state))
    settings = _settings(host, decided)
    state = site_of(settings, wishes.programs).state
    database = master.database(settings, state) if master is not None and role == "all" else None
    site = site_of(settings, wishes.programs, role, database)
    hosting = wishes.hosting or ("groups" if role == "sensor" else "units")
    texts = wanted(settings, site, hosting, role=role, database=database, decided=decided)
    present = host.present({**texts, **record.written})
    found = changes(texts, present, record.written, operators=operators(site))
    if not _carried_out(host, wishes, found, role=role):
        return
    _tell_off(wishes, settings, role)
    if not wishes.live:
        _say(wishes, "written; at the first boot systemd makes accounts and directories")
        return
    system.set_up(jobs_of(settings, role), site)
    if master is not None and role == "all":
        master.begin(settings, Path(site.state))
    look = "decnet status" if role == "all" else f"systemctl status {supervisor_service('sensor')}"
    _say(wishes, f"ready; start it with `systemctl enable --now {TARGET}`, then `{look}`")


def remove(wishes: Wishes) -> None:
    """Take away what was written; needs no settings: what has to go, or to stop, is in the record."""
    host = Host(wishes.prefix)
    record = host.record()
    if wishes.live and not wishes.dry_run:
        system.check_root()
    found = removals(host.present(record.written), record.written, operators=operators(Site(programs="")))
    if not _carried_out(host, wishes, found, stop=record.written if wishes.live else ()):
        return
    host.forget()
    if wishes.live:
        system.reload_units()
    _say(wishes, "removed; what the fleet has recorded is still there, and so are its accounts")


def _role(wishes: Wishes, before: Role | None, *, written: bool, is_master: bool) -> Role:
    """Return what the host is for; nobody makes a sensor of a master by mistake, for that removes its units."""
    role = wishes.role or before or ("all" if is_master else "sensor")
    was = before or ("all" if written else role)
    if was == "all" and role == "sensor" and not wishes.force:
        raise SetupError("this host is a master; --force makes it a sensor, which removes the master's units")
    return role


def _settings(host: Host, decided: Mapping[str, Mapping[str, Any]]) -> Settings:
    """The settings of that host, as its units read them; what was decided where it has none."""
    place = Site(programs="")
    file = host.place(place.settings)
    environ = environment_in(host.present([place.environment]).get(place.environment, ""))
    return Settings.load(file, environ) if file.exists() else Settings(decided, environ, place.environment)


def _carried_out(
    host: Host, wishes: Wishes, found: Sequence[Change], *, stop: Iterable[str] = (), role: Role | None = None
) -> bool:
    """Show the changes and make them, after the units in `stop` have stopped; False when that was not wanted."""
    if wishes.as_json:
        files = [{"path": each.path, "action": each.action.value, "diff": each.diff} for each in found]
        document = msgspec.json.encode({"dry_run": wishes.dry_run, "files": files})
        _write(msgspec.json.format(document, indent=2).decode())
    else:
        _tell(found, dry_run=wishes.dry_run, force=wishes.force)
    if wishes.dry_run:
        return False
    decided = _decided(found, force=wishes.force, ask=not wishes.as_json and sys.stdin.isatty())
    system.stop(stop)
    host.apply(decided, role)
    return True


def _decided(found: Sequence[Change], *, force: bool, ask: bool) -> list[Change]:
    """Return what to do; raises DisputedError when a file of the operator's is in the way and nobody may decide."""
    disputed = [change for change in found if change.action is Action.CONFLICT]
    agreed = [change for change in found if change.action in _TO_DO]
    if force:
        return agreed + disputed
    if disputed and not ask:
        for change in disputed:
            sys.stderr.write(f"{change.diff}\n")
        raise DisputedError(f"{disputed[0].path} was changed by hand; --force replaces it, --dry-run shows all")
    for change in disputed:
        _write(change.diff)
        answer = input(f"{'Remove' if change.after is None else 'Replace'} {change.path}? [y/N] ")
        if answer.strip().lower() in ("y", "yes"):
            agreed.append(change)
    return agreed


def _tell(found: Sequence[Change], *, dry_run: bool, force: bool) -> None:
    for change in found:
        if change.action is not Action.UNCHANGED:
            _write(f"{change.action.value:<9} {change.path}")
        if (dry_run and change.action is Action.UPDATE) or ((dry_run or force) and change.action is Action.CONFLICT):
            _write(change.diff)
    if all(change.action is Action.UNCHANGED for change in found):
        _write("nothing to change")


def _tell_off(wishes: Wishes, settings: Settings, role: Role) -> None:
    """Say which workers of this role wait for a setting."""
    if role == "all":
        return  # `decnet status` tells
    waiting = {
        name: key
        for name, key in worker_registry.off(settings).items()
        if worker_registry.load(name).group in SENSOR_GROUPS
    }
    for name, key in waiting.items():
        file = Site(programs="").settings
        _say(wishes, f"off: {name}, until you set {key} below [{name}] in {file} and run this again")


def _say(wishes: Wishes, words: str) -> None:
    if not wishes.as_json:
        _write(words)


def _write(words: str) -> None:
    sys.stdout.write(f"{words}\n")
