# SPDX-License-Identifier: MIT
"""Which files a host should have: the units of the installed workers, as its settings make them, and the settings."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy.engine import make_url

from decnet.init.settings_text import environment_text, settings_text
from decnet.up.known_sections import SHARED
from decnet_core import registry
from decnet_core.bus.address import parse
from decnet_core.bus.settings import BusSettings
from decnet_core.runtime.settings import RuntimeSettings
from decnet_core.settings import Settings
from decnet_core.spool.settings import SpoolSettings
from decnet_core.state import StateSettings
from decnet_core.supervise.settings import SuperviseSettings
from decnet_core.units.job import Job, Network, Site, job_of, widest
from decnet_core.units.render import Hosting, files
from decnet_models.engine import DatabaseSettings, sqlite_file

SHAPES: dict[str, type[msgspec.Struct]] = {
    "state": StateSettings,
    "bus": BusSettings,
    "spool": SpoolSettings,
    "runtime": RuntimeSettings,
    "database": DatabaseSettings,
    "supervise": SuperviseSettings,
}
"""The Struct of every shared section."""


def jobs_of(settings: Settings) -> list[Job]:
    """Return what every installed worker needs with `settings`, but for those that are off; raises SettingsError."""
    workers = [registry.load(name) for name in registry.wanted(settings)]
    embedded = settings.section("bus", BusSettings).embedded
    return [
        job_of(worker, settings.section(worker.name, worker.Settings))
        for worker in workers
        if worker.name != "bus" or embedded
    ]


def site_of(settings: Settings, programs: Path) -> Site:
    """Return where the fleet of `settings` is, with its console scripts in `programs`; raises SettingsError."""
    bus = settings.section("bus", BusSettings)
    state = settings.section("state", StateSettings).dir or Site(programs="").state
    url = settings.section("database", DatabaseSettings).url or f"sqlite:///{state}/database/decnet.db"
    file = sqlite_file(url)
    return Site(
        programs=str(programs),
        state=state,
        database_file=str(file or f"{state}/database/decnet.db"),
        bus_network=widest(_reach(server.host) for server in (parse(bus.url) if bus.url else ())),
        broker_network="loopback" if bus.tcp else "none",
        database_network="none" if file else _reach(make_url(url).host or ""),
    )


def wanted(settings: Settings, site: Site, hosting: Hosting) -> dict[str, str]:
    """Return the text of every file by its path; raises SettingsError."""
    return {
        site.settings: settings_text(_sections(), _chosen(site)),
        site.environment: environment_text(),
        **files(jobs_of(settings), site, hosting),
    }


def environment_in(text: str) -> dict[str, str]:
    """Return the variables of an environment file as systemd.exec(5) reads it, but for lines that go on in the next."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        name, is_one, value = line.strip().partition("=")
        if is_one and not name.startswith(("#", ";")):
            found[name.strip()] = value.strip().strip("\"'")
    return found


def operators(site: Site) -> tuple[str, ...]:
    """Return the files that are the operator's from the moment they are made."""
    return site.settings, site.environment


def _reach(host: str) -> Network:
    """Return what it takes to speak with `host`; a path is that of a UNIX socket."""
    if not host or host.startswith("/"):
        return "none"
    try:
        return "loopback" if ipaddress.ip_address(host).is_loopback else "any"
    except ValueError:
        return "loopback" if host == "localhost" else "any"


def _sections() -> dict[str, type[msgspec.Struct]]:
    own = {name: registry.load(name).Settings for name in registry.names()}
    return {**{name: SHAPES[name] for name in SHARED}, **{name: own[name] for name in own if name not in SHAPES}}


def _chosen(site: Site) -> Mapping[str, Mapping[str, Any]]:
    """What a fleet of several accounts needs set: the default directory is each user's own."""
    return {"state": {"dir": site.state}, "database": {"url": f"sqlite:///{site.database_file}"}}
