# SPDX-License-Identifier: MIT
"""One unit per worker, one that brings the database to this version, and the target that stands for the fleet."""

from collections.abc import Iterable, Mapping, Set

from decnet_core.exits import Exit
from decnet_core.runtime.process import NICENESS
from decnet_core.supervise.fork import secrets
from decnet_core.unit_results import path_of
from decnet_core.units.job import (
    BROKER_SERVICE,
    DATABASE_GROUP,
    DATABASE_SERVICE,
    DATABASE_USER,
    GROUP,
    KEYS_GROUP,
    SPOOL_GROUP,
    TARGET,
    Job,
    Site,
    network_of,
    supervisor_service,
    writable,
)
from decnet_core.units.sandbox import sandbox
from decnet_core.units.text import Value, escaped, unit

RESTARTS: dict[str, Value] = {
    "Restart": "on-failure",
    "RestartSec": 1,
    "RestartPreventExitStatus": int(Exit.STARTUP_FAILED),
}
"""A supervisor retries a start-up failure of a worker that has worked before (`runtime.restarts.policy`). systemd knows
only how the last process ended, not whether one before was ready, and would repeat what a wrong setting has refused for
ever: so a unit that is refused stays failed, `webhook` tells of it, and `systemctl start` tries it again."""
PATIENCE: dict[str, Value] = {"StartLimitIntervalSec": 120, "StartLimitBurst": 10}
"""A crash loop ends after ten starts in two minutes; `systemctl start` begins anew."""
EXPOSED_PATIENCE: dict[str, Value] = {"StartLimitIntervalSec": 0}
EXPOSED_RESTARTS: dict[str, Value] = {**RESTARTS, "RestartSec": 5}
"""One that attackers can reach is restarted for ever: whoever can crash it would have switched it off."""


def worker_unit(job: Job, site: Site) -> str:
    description = escaped(f"DECNET {job.name}: {job.description}")
    patience = EXPOSED_PATIENCE if job.exposed else PATIENCE
    return unit(
        job.service,
        ("Unit", {"Description": description, **order(job), **patience}),
        ("Service", {**_service(job, site), **_box(job, site)}),
    )


def order(*jobs: Job, after: Iterable[str] = ()) -> dict[str, Value]:
    """Return the ordering of a unit of these workers; only the database is required, a bus that is down is not."""
    first: list[str] = ["network.target"]
    found: dict[str, Value] = {"PartOf": TARGET}
    if all(job.name != "bus" for job in jobs):
        first += [BROKER_SERVICE, supervisor_service("bus")]
    if any(job.database for job in jobs):
        found["Requires"] = DATABASE_SERVICE
        first.append(DATABASE_SERVICE)
    return {**found, "After": tuple(dict.fromkeys((*first, *after)))}


def environment(site: Site, needed: Set[str]) -> dict[str, Value]:
    """Return where the process finds its settings; variables of the environment file override the settings file.

    Of the secrets among them it gets those that are `needed`.
    """
    found: dict[str, Value] = {
        "Environment": f"DECNET_SETTINGS={site.settings}",
        "EnvironmentFile": f"-{site.environment}",
    }
    return {**found, "UnsetEnvironment": tuple(name for name in secrets.NAMES if name not in needed)}


def _service(job: Job, site: Site) -> dict[str, Value]:
    return {
        "Type": "notify",
        "NotifyAccess": "main",
        "ExecStart": f"{site.programs}/decnet-{job.name}",
        "ExecReload": "/bin/kill -HUP $MAINPID",
        **result_notes(job.name, site),
        **environment(site, job.secrets),
        "User": job.user,
        "Group": GROUP,
        "SupplementaryGroups": (
            (DATABASE_GROUP,) * job.database + (SPOOL_GROUP,) * job.reads_spools + (KEYS_GROUP,) * bool(job.reads_keys)
        ),
        **(EXPOSED_RESTARTS if job.exposed else RESTARTS),
        "WatchdogSec": 30,
        "TimeoutStartSec": 60,
        "TimeoutStopSec": 15,
        "MemoryMax": job.memory_budget,
        "MemorySwapMax": 0,
        "TasksMax": 64 * job.processes,
        "OOMScoreAdjust": job.oom_score_adj,
        **({"Nice": NICENESS} if job.gives_way else {}),
        **({"FileDescriptorStoreMax": job.stores_sockets} if job.stores_sockets else {}),
    }


def _box(job: Job, site: Site) -> dict[str, Value]:
    return sandbox(
        writable=writable(job, site),
        network=network_of(job, site),
        capabilities=job.capabilities,
        own_ids=not job.serves_workers,  # it reads their uids
        netlink=job.netlink,
    )


def result_notes(name: str, site: Site) -> dict[str, Value]:
    """Return how a unit notes that it has failed, for `webhook` to tell (`decnet_core.unit_results`)."""
    path = path_of(f"{site.state}/run", name)
    return {
        "ExecStartPost": f"-/bin/rm -f {path}",
        "ExecStopPost": f"-/bin/sh -c 'umask 027; echo \"$$SERVICE_RESULT\" >{path}'",
    }


def database_unit(site: Site) -> str:
    """Return the unit that makes the database or migrates it, before any worker opens it."""
    service: dict[str, Value] = {
        "Type": "oneshot",
        "RemainAfterExit": True,
        "ExecStart": f"{site.programs}/decnet-db upgrade",
        **environment(site, {secrets.DATABASE_URL}),
        "User": DATABASE_USER,
        "Group": DATABASE_GROUP,
        "SupplementaryGroups": (GROUP,),
        "TimeoutStartSec": 3600,
        **sandbox(
            writable=(site.database,),
            network=site.database_network,
            capabilities=(),
            own_ids=True,
        ),
    }
    description = "DECNET database: bring it to this version"
    return unit(
        DATABASE_SERVICE,
        ("Unit", {"Description": description, "PartOf": TARGET, "After": ("network.target",)}),
        ("Service", service),
    )


def target_unit(services: Iterable[str]) -> str:
    """Return the target that starts and stops `services`."""
    body: Mapping[str, Value] = {"Description": "DECNET deception network", "Wants": tuple(services)}
    return unit(TARGET, ("Unit", body), ("Install", {"WantedBy": "multi-user.target"}))
