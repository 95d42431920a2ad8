# SPDX-License-Identifier: MIT
"""What is left to do after another version of the programs was installed, in the order in which it is to be done."""

import asyncio
import time
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution, version
from pathlib import Path

import msgspec
from sqlalchemy.exc import DBAPIError

from decnet.configuration.values import problems
from decnet.fleet.bus_access import processes_of, query_all_health, reachable_bus
from decnet.fleet.deployment import Deployment
from decnet.installation.master import MASTER
from decnet_core.bus.subjects import Health
from decnet_core.runtime import worker_registry
from decnet_core.setup.errors import SetupError
from decnet_core.setup.host import RECORD
from decnet_core.setup.steps import InstallOptions, plan
from decnet_models.database.engine import open_engine, reading, sqlite_file
from decnet_models.database.schema import current_revision, serves
from decnet_models.errors import DatabaseError, reason
from decnet_models.migrations.chain import newest_revision

_DISTRIBUTIONS = tuple(f"decnet{part}" for part in ("", "-core", "-models", "-decoys", "-sniff", "-swarm", "-workers"))
_BESIDE = "decnet-web"
"""A distribution that needs ours, and that is not everywhere."""


class UpgradeStep(msgspec.Struct, frozen=True):
    """One thing that has to be done."""

    what: str
    command: str
    """What does it; empty: nothing that could be typed."""


def steps(deployment: Deployment) -> Iterator[UpgradeStep]:
    """Yield what has to be done."""
    yield from _versions()
    for problem in problems(deployment.settings):
        yield UpgradeStep(problem, "decnet config edit")
    units = _units_are_ours()
    yield from _database(deployment, units=units)
    if units:
        yield from _units()
    yield from _running(deployment, units=units)


def _versions() -> Iterator[UpgradeStep]:
    wanted = version("decnet")
    for name in _installed():
        if version(name) != wanted:
            yield UpgradeStep(
                f"{name} is {version(name)}, but decnet is {wanted}", "install fleet.txt of one wheelhouse"
            )


def _installed() -> tuple[str, ...]:
    try:
        version(_BESIDE)
    except PackageNotFoundError:
        return _DISTRIBUTIONS
    return (*_DISTRIBUTIONS, _BESIDE)


def _database(deployment: Deployment, *, units: bool) -> Iterator[UpgradeStep]:
    file = sqlite_file(deployment.database_url)
    if file is not None and not Path(file).exists():
        return
    engine = open_engine(deployment.database_url, read_only=True)
    try:
        with reading(engine) as connection:
            has = current_revision(connection)
            needs = newest_revision()
            if has is not None and has > needs and not serves(connection, has):
                yield UpgradeStep(
                    f"the database is at {has}, of a newer version than this one's {needs}", "decnet-db restore"
                )
            elif has != needs:
                yield UpgradeStep(
                    f"a copy of the database, before it goes from {has or 'nothing'} to {needs}",
                    "decnet-db backup FILE",
                )
                # With units, decnet-db.service does it when the target starts, with its own account.
                yield UpgradeStep("its migration", "systemctl restart decnet.target" if units else "decnet-db upgrade")
    except (DBAPIError, DatabaseError) as error:
        yield UpgradeStep(f"the database cannot be read: {reason(error)}", "decnet-db check")
    finally:
        engine.dispose()


def _units_are_ours() -> bool:
    return Path(RECORD).exists()


def _units() -> Iterator[UpgradeStep]:
    try:
        pending = plan(InstallOptions(), MASTER).pending
    except SetupError as error:
        yield UpgradeStep(str(error), "")
        return
    if pending:
        some = ", ".join(change.path for change in pending[:3]) + (", ..." if len(pending) > 3 else "")
        yield UpgradeStep(
            f"{len(pending)} files of this host differ from what this version writes: {some}", "decnet init"
        )


def _running(deployment: Deployment, *, units: bool) -> Iterator[UpgradeStep]:
    installed = _installed_at()
    old = sorted(
        name
        for name, health in asyncio.run(_health(deployment)).items()
        if health.pid and time.time() - health.uptime_seconds < installed
    )
    if old:
        command = "systemctl restart decnet.target" if units else "Ctrl-C where `decnet up` runs, and start it again"
        yield UpgradeStep(f"still running what was installed before: {', '.join(old)}", command)


def _installed_at() -> float:
    """Return when the programs were installed, in seconds since the Unix epoch."""
    names = _installed()
    files = (Path(str(distribution(name).locate_file(""))) for name in names)
    found = (
        path.stat().st_mtime
        for name, folder in zip(names, files, strict=True)
        for path in folder.glob(f"{name.replace('-', '_')}-*.dist-info/RECORD")
    )
    return max(found, default=0.0)


async def _health(deployment: Deployment) -> dict[str, Health]:
    async with reachable_bus(deployment, "decnet-upgrade") as bus:
        if bus is None:
            return {}
        names = processes_of(deployment.settings, worker_registry.wanted(deployment.settings))
        answers = await query_all_health(bus, names)
    return {name: health for name, health in answers.items() if health is not None}
