# SPDX-License-Identifier: MIT
"""One unit per group of workers: a supervisor that forks them from one zygote and takes their units' place.

systemd has no Conflicts= per instance of a template, and each group needs other directories and capabilities. So each
group is a whole unit of its own, named like an instance of a template: `decnet-supervise@herd.service`.

The supervisor runs as a user that may become others. Each child becomes its worker's user with exactly the capabilities
that the worker declares, before it does any of the worker's work (`supervise.fork.identity`). The directories and
addresses of such a unit can only be the union of what its workers need.
"""

from collections.abc import Mapping, Sequence

from decnet_core.runtime.worker import MIB
from decnet_core.state import SUPERVISORS
from decnet_core.supervise.groups import ALL, MEANING
from decnet_core.units.job import (
    GROUP,
    SUPERVISE_USER,
    Job,
    Site,
    network_of,
    supervisor_service,
    widest,
    writable,
)
from decnet_core.units.sandbox import sandbox, system_calls
from decnet_core.units.services import PATIENCE, RESTARTS, environment, order, result_notes
from decnet_core.units.text import Value, escaped, unit

BECOME_ANOTHER = ("CAP_KILL", "CAP_SETGID", "CAP_SETPCAP", "CAP_SETUID")
"""To become another user, to drop capabilities for good, and to signal a child that has done so."""
OWN_BYTES = 64 * MIB
"""Memory of supervisor and zygote, beside their children."""

OWN_CONTROL_GROUP = "-/sys/fs/cgroup/system.slice/%n"
"""The only writable part of the cgroup tree: each child gets a group with a limit of its own there."""


def groups_of(jobs: Sequence[Job], site: Site) -> dict[str, tuple[Job, ...]]:
    """Return the workers of each group's unit, and of `all`, in the order of the registry.

    One that captures packets is in none: it keeps a unit of its own. Where the broker is in the unit of the one other
    group, that is all.
    """
    found: dict[str, tuple[Job, ...]] = {}
    hosted = [job for job in jobs if not job.captures]
    for job in hosted:
        group = site.bus_beside if job.name == "bus" and site.bus_beside else job.group
        found[group] = (*found.get(group, ()), job)
    return found if site.bus_beside else {**found, ALL: tuple(hosted)}


def supervised_unit(group: str, groups: Mapping[str, Sequence[Job]], site: Site, apart: Sequence[Job] = ()) -> str:
    """Return the unit that runs `group`; starting it stops the units that it replaces, and vice versa.

    Of `apart` are the workers that would belong to it and have units of their own.
    """
    jobs, meaning = groups[group], MEANING.get(group, "the whole fleet" if group == ALL else "workers")
    replaces = [job.service for job in jobs]
    if group == ALL:
        replaces += [supervisor_service(name) for name in groups if name != ALL]
    body: dict[str, Value] = {
        "Description": escaped(f"DECNET group {group}: {meaning}"),
        **order(*jobs, after=replaces),  # what it replaces has stopped before it starts
        "Conflicts": tuple(replaces),
        **PATIENCE,
    }
    service = {**_service(group, jobs, site, apart), **_box(jobs, site)}
    return unit(supervisor_service(group), ("Unit", body), ("Service", service))


def _service(group: str, jobs: Sequence[Job], site: Site, apart: Sequence[Job]) -> dict[str, Value]:
    return {
        "Type": "notify",
        "NotifyAccess": "main",  # the zygote, which passes on what the supervisor, its child, says
        "ExecStart": f"{site.programs}/decnet-supervise --separate {_words(group, jobs, apart)}",
        "ExecReload": "/bin/kill -HUP $MAINPID",
        **result_notes(f"supervise@{group}", site),
        **environment(site, {name for job in jobs for name in job.secrets}),
        "User": SUPERVISE_USER,
        "Group": GROUP,
        **RESTARTS,
        "WatchdogSec": 30,
        "TimeoutStartSec": 120,
        "TimeoutStopSec": 45,  # workers stop at once, then ingest, then the bus: `[supervise] stop_seconds` each
        "Slice": "system.slice",  # an instance's own would be named after the template
        "Delegate": ("memory",),
        "MemoryMax": OWN_BYTES + sum(job.memory_budget for job in jobs),
        "MemorySwapMax": 0,
        "TasksMax": 32 + 64 * sum(job.processes for job in jobs),
        "OOMScoreAdjust": min(job.oom_score_adj for job in jobs),
    }


def _words(group: str, jobs: Sequence[Job], apart: Sequence[Job]) -> str:
    """Return the groups for the supervisor's command line, those that the workers declare, and whom to omit."""
    groups = [ALL] if group == ALL else list(dict.fromkeys(job.group for job in jobs))
    omitted = [f"--omit {job.name}" for job in apart if group == ALL or job.group in groups]
    return " ".join([*groups, *omitted])


def _box(jobs: Sequence[Job], site: Site) -> dict[str, Value]:
    declared = {capability for job in jobs for capability in job.capabilities}
    return {
        **sandbox(
            writable=(
                *sorted({folder for job in jobs for folder in writable(job, site)}),
                f"{site.state}/run/{SUPERVISORS}",
                OWN_CONTROL_GROUP,
            ),
            network=widest(network_of(job, site) for job in jobs),
            capabilities=sorted({*BECOME_ANOTHER, *declared}),
            own_ids=False,
            netlink=any(job.netlink for job in jobs),
        ),
        "SystemCallFilter": system_calls("@setuid", "capset", "setpriority"),
    }
