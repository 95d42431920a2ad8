# SPDX-License-Identifier: MIT
"""Sets a host up or removes that again, showing each step; the implementation of the operator's commands."""

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from textwrap import indent
from typing import Any
from urllib.parse import urlsplit

import msgspec

from decnet_core.runtime import worker_registry
from decnet_core.settings import Settings, environment_in
from decnet_core.setup import system
from decnet_core.setup.errors import DisputedError, SetupError
from decnet_core.setup.host import Host
from decnet_core.setup.host_files import Database, chosen_settings, files_of, jobs_of, operator_files, site_of
from decnet_core.setup.plan import Action, FileChange, changes, removals
from decnet_core.setup.roles import SENSOR_GROUPS, Role
from decnet_core.setup.settings_text import with_setting
from decnet_core.supervise.fork import secrets
from decnet_core.text import json_for_terminal
from decnet_core.units.job import TARGET, Site, supervisor_service
from decnet_core.units.render import Hosting

_TO_DO = (Action.CREATE, Action.UPDATE, Action.REMOVE)


class InstallOptions(msgspec.Struct, frozen=True, kw_only=True):
    prefix: Path = Path("/")
    """The root file system to write into."""
    programs: Path = Path(sys.executable).parent
    """Directory of the console scripts, as seen by the units."""
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


class Plan(msgspec.Struct, frozen=True):
    """What a host of these settings should have, and what has to be changed for that."""

    role: Role
    settings: Settings
    site: Site
    changes: list[FileChange]

    @property
    def pending(self) -> list[FileChange]:
        """Those that would be made, or that need the operator's consent."""
        return [change for change in self.changes if change.action in (*_TO_DO, Action.CONFLICT)]


def plan(options: InstallOptions, master: Master | None = None) -> Plan:
    """Compare the host with what it should have; raises SetupError, SettingsError."""
    host = Host(options.prefix)
    record = host.record()
    role = _role(options, record.role, written=bool(record.written), is_master=master is not None)
    chosen = chosen_settings(host.place(Site(programs="").state))
    settings = _settings(host, chosen)
    _refuse_secrets(settings)
    state = site_of(settings, options.programs).state
    database = master.database(settings, state) if master is not None and role == "all" else None
    site = site_of(settings, options.programs, role, database)
    hosting = options.hosting or ("groups" if role == "sensor" else "units")
    texts = files_of(settings, site, hosting, role=role, database=database, chosen=chosen)
    present = host.present({**texts, **record.written})
    planned = changes(texts, present, record.written, operators=operator_files(site))
    if database is not None and not settings.given("database", "url"):
        planned = [_naming_database(change, site) for change in planned]
    return Plan(role, settings, site, planned)


def set_up(options: InstallOptions, master: Master | None = None) -> None:
    """Write units, accounts, directories and settings; raises SetupError, DisputedError, SettingsError."""
    if options.live and not options.dry_run:
        system.check(options.programs)
    planned = plan(options, master)
    role, settings, site = planned.role, planned.settings, planned.site
    if not _apply(Host(options.prefix), options, planned.changes, role=role):
        return
    _list_workers_off(options, settings, role)
    if not options.live:
        _print(options, "written; systemd creates accounts and directories at the first boot")
        return
    system.set_up(jobs_of(settings, role), site)
    if master is not None and role == "all":
        master.begin(settings, Path(site.state))
    look = "decnet status" if role == "all" else f"systemctl status {supervisor_service('sensor')}"
    _print(options, f"ready; start it with `systemctl enable --now {TARGET}`, then `{look}`")


def remove(options: InstallOptions) -> None:
    """Take away what was written; needs no settings: what has to go, or to stop, is in the record."""
    host = Host(options.prefix)
    record = host.record()
    if options.live and not options.dry_run:
        system.check_root()
    mine = operator_files(Site(programs=""))
    planned = removals(host.present(record.written), record.written, operators=mine, force=options.force)
    if not _apply(host, options, planned, stop=record.written if options.live else ()):
        return
    host.forget()
    if options.live:
        system.reload_units()
    for change in planned:
        if change.action is Action.KEEP:
            _print(options, f"{change.path} stays, for you have edited it; delete it if you do not need it")
    _print(options, "removed; recorded data and accounts are still there")


def _role(options: InstallOptions, before: Role | None, *, written: bool, is_master: bool) -> Role:
    """Return what the host is for; turning a master into a sensor needs `force`, for that removes its units."""
    role = options.role or before or ("all" if is_master else "sensor")
    was = before or ("all" if written else role)
    if was == "all" and role == "sensor" and not options.force:
        raise SetupError("this host is a master; --force makes it a sensor, which removes the master's units")
    return role


def _settings(host: Host, chosen: Mapping[str, Mapping[str, Any]]) -> Settings:
    """Return the settings of that host as its units will read them, `chosen` if it has no file yet."""
    place = Site(programs="")
    file = host.place(place.settings)
    environ = environment_in(host.present([place.environment]).get(place.environment, ""))
    return Settings.load(file, environ) if file.exists() else Settings(chosen, environ, place.environment)


def _naming_database(change: FileChange, site: Site) -> FileChange:
    """Have settings that the operator wrote before the first init say where the units' database is."""
    if change.path != site.settings or change.before is None:
        return change
    after = with_setting(change.before, "database", "url", f"sqlite:///{site.database_file}")
    return FileChange(change.path, Action.UPDATE, change.before, after, change.private, added_to=True)


def _refuse_secrets(settings: Settings) -> None:
    """Raise SetupError for a secret in the settings file, which all workers read; the environment file is root's."""
    site = Site(programs="")
    for name in secrets.NAMES:
        section, _, key = name.removeprefix("DECNET_").lower().partition("_")
        value = settings.in_file(section, key)
        if value and (name != secrets.DATABASE_URL or urlsplit(str(value)).password):
            raise SetupError(
                f"{site.settings} can be read by every worker, and [{section}] {key} in it is a secret: "
                f"write {name}=... into {site.environment} instead"
            )


def _apply(
    host: Host,
    options: InstallOptions,
    planned: Sequence[FileChange],
    *,
    stop: Iterable[str] = (),
    role: Role | None = None,
) -> bool:
    """Show the changes and, unless this is a dry run, make them after stopping the units in `stop`."""
    if options.as_json:
        files = [{"path": each.path, "action": each.action.value, "diff": each.diff} for each in planned]
        document = msgspec.json.encode({"dry_run": options.dry_run, "files": files})
        _write(json_for_terminal(msgspec.json.format(document, indent=2)))
    else:
        _print_changes(planned, dry_run=options.dry_run, force=options.force)
    if options.dry_run:
        return False
    resolved = _resolved(planned, force=options.force, ask=not options.as_json and sys.stdin.isatty())
    system.stop(stop)
    host.apply(resolved, role)
    return True


def _resolved(planned: Sequence[FileChange], *, force: bool, ask: bool) -> list[FileChange]:
    """Return what to do; raises DisputedError if a changed file is in the way and nobody is there to ask."""
    disputed = [change for change in planned if change.action is Action.CONFLICT]
    agreed = [change for change in planned if change.action in (*_TO_DO, Action.UNCHANGED)]
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


def _print_changes(planned: Sequence[FileChange], *, dry_run: bool, force: bool) -> None:
    for change in planned:
        if change.action is not Action.UNCHANGED:
            _write(f"{change.action.value:<9} {change.path}")
        if dry_run and change.action is Action.CREATE:
            _write(indent(change.after or "", "    "))
        if (dry_run and change.action is Action.UPDATE) or ((dry_run or force) and change.action is Action.CONFLICT):
            _write(change.diff)
    if all(change.action is Action.UNCHANGED for change in planned):
        _write("nothing to change")


def _list_workers_off(options: InstallOptions, settings: Settings, role: Role) -> None:
    if role == "all":
        return  # `decnet status` shows them
    waiting = {
        name: key
        for name, key in worker_registry.off(settings).items()
        if worker_registry.load(name).group in SENSOR_GROUPS
    }
    for name, key in waiting.items():
        file = Site(programs="").settings
        _print(options, f"off: {name}, until you set {key} below [{name}] in {file} and run this again")


def _print(options: InstallOptions, text: str) -> None:
    if not options.as_json:
        _write(text)


def _write(text: str) -> None:
    sys.stdout.write(f"{text}\n")
