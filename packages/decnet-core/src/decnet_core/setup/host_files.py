# SPDX-License-Identifier: MIT
"""The files that a host should have: the units of its workers, made from its settings, and the settings file itself.

The core cannot know whether there is a database, and where (law 3): a caller that has one passes a `Database`.
"""

import ipaddress
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from decnet_core.bus.address import parse
from decnet_core.bus.settings import BusSettings
from decnet_core.runtime import worker_registry
from decnet_core.runtime.settings import RuntimeSettings
from decnet_core.runtime.worker import Worker
from decnet_core.settings import Settings
from decnet_core.setup.roles import SENSOR_GROUPS, Role, jobs_for, site_for
from decnet_core.setup.settings_text import environment_text, settings_text
from decnet_core.spool.settings import SpoolSettings
from decnet_core.state import StateSettings
from decnet_core.supervise.settings import SuperviseSettings
from decnet_core.units.job import Job, Network, Site, job_of, widest
from decnet_core.units.render import Hosting, files

SECTIONS: dict[str, type[msgspec.Struct]] = {
    "state": StateSettings,
    "bus": BusSettings,
    "spool": SpoolSettings,
    "runtime": RuntimeSettings,
    "supervise": SuperviseSettings,
}
"""The Struct of every section that all hosts have."""


class Database(msgspec.Struct, frozen=True):
    """The fleet's database, as far as units and settings must know it."""

    section: type[msgspec.Struct]
    """The Struct of section `[database]`."""
    file: str
    """Of SQLite; empty for a database server."""
    host: str = ""
    """Of a database server; empty, or the path of a socket, when it is here."""


def jobs_of(settings: Settings, role: Role = "all") -> list[Job]:
    """Return what every installed worker needs with `settings`, but for those that are off; raises SettingsError."""
    workers = [worker_registry.load(name) for name in worker_registry.wanted(settings)]
    embedded = settings.section("bus", BusSettings).embedded
    jobs = [
        job_of(worker, settings.section(worker.name, worker.Settings))
        for worker in workers
        if worker.name != "bus" or embedded
    ]
    return jobs_for(role, jobs)


def site_of(settings: Settings, programs: Path, role: Role = "all", database: Database | None = None) -> Site:
    """Return where the fleet of `settings` is, with its console scripts in `programs`; raises SettingsError."""
    bus = settings.section("bus", BusSettings)
    state = settings.section("state", StateSettings).dir or Site(programs="").state
    file = database.file if database is not None else ""
    site = Site(
        programs=str(programs),
        state=state,
        database_file=file or f"{state}/database/decnet.db",
        bus_network=widest(_reach(server.host) for server in (parse(bus.url) if bus.url else ())),
        broker_network="loopback" if bus.tcp else "none",
        database_network=_reach(database.host) if database is not None and not file else "none",
    )
    return site_for(role, site)


def files_of(
    settings: Settings,
    site: Site,
    hosting: Hosting,
    *,
    role: Role = "all",
    database: Database | None = None,
    chosen: Mapping[str, Mapping[str, Any]] = {},  # read only
) -> dict[str, str]:
    """Return the text of every file by its path; `chosen` is what `chosen_settings` returned. Raises SettingsError."""
    sections = dict(SECTIONS) if database is None else {**SECTIONS, "database": database.section}
    values = dict(chosen)
    values["state"] = {"dir": site.state, **chosen.get("state", {})}
    if database is not None:
        values["database"] = {"url": f"sqlite:///{site.database_file}"}
    return {
        site.settings: settings_text(sections_of(sections, role), values),
        site.environment: environment_text(),
        **files(jobs_of(settings, role), site, hosting),
    }


def chosen_settings(state: Path) -> dict[str, dict[str, Any]]:
    """Return the settings that follow from what is in the state directory, by section; they are written out."""
    chosen: dict[str, dict[str, Any]] = {}
    for name in worker_registry.names():
        for section, values in worker_registry.load(name).known(state).items():
            chosen.setdefault(section, {}).update(values)
    return chosen


def operator_files(site: Site) -> tuple[str, ...]:
    """Return the files that belong to the operator as soon as they exist."""
    return site.settings, site.environment


def _reach(host: str) -> Network:
    """Return the network that connecting to `host` needs; a path is that of a UNIX socket."""
    if not host or host.startswith("/"):
        return "none"
    try:
        return "loopback" if ipaddress.ip_address(host).is_loopback else "any"
    except ValueError:
        return "loopback" if host == "localhost" else "any"


def sections_of(common: Mapping[str, type[msgspec.Struct]], role: Role) -> dict[str, type[msgspec.Struct]]:
    """Return every section that this host's settings may have, also those of workers that are off."""
    workers: list[type[Worker[Any]]] = [worker_registry.load(name) for name in worker_registry.names()]
    own = {
        worker.name: worker.Settings
        for worker in workers
        if worker.name not in common and (role == "all" or worker.group in SENSOR_GROUPS)
    }
    return {**common, **own}
