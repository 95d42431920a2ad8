# SPDX-License-Identifier: MIT
"""All files that systemd reads for a fleet, by their paths: the registry's workers in, text out."""

from collections.abc import Sequence
from typing import Literal

from decnet_core.supervise.groups import ALL
from decnet_core.units.accounts import sysusers
from decnet_core.units.folders import tmpfiles
from decnet_core.units.job import DATABASE_SERVICE, TARGET, Job, Site, supervisor_service
from decnet_core.units.services import database_unit, target_unit, worker_unit
from decnet_core.units.supervised import groups_of, supervised_unit

UNITS = "/etc/systemd/system"
SYSUSERS = "/etc/sysusers.d/decnet.conf"
TMPFILES = "/etc/tmpfiles.d/decnet.conf"

Hosting = Literal["units", "groups"]


def files(jobs: Sequence[Job], site: Site, hosting: Hosting = "units") -> dict[str, str]:
    """Return the text of every file by its path; `hosting` is what the target starts."""
    groups, apart = groups_of(jobs, site), [job for job in jobs if job.captures]
    found = {job.service: worker_unit(job, site) for job in jobs}
    found |= {supervisor_service(group): supervised_unit(group, groups, site, apart) for group in groups}
    if any(job.database for job in jobs):
        found[DATABASE_SERVICE] = database_unit(site)
    wanted = [supervisor_service(group) for group in groups if group != ALL] + [job.service for job in apart]
    found[TARGET] = target_unit([job.service for job in jobs] if hosting == "units" else wanted)
    return {
        SYSUSERS: sysusers(jobs, site),
        TMPFILES: tmpfiles(jobs, site),
        **{f"{UNITS}/{name}": text for name, text in found.items()},
    }
