# SPDX-License-Identifier: MIT
"""The role of a host: everything installed, or a sensor's workers."""

from collections.abc import Iterable
from typing import Literal

import msgspec

from decnet_core.units.job import Job, Site

Role = Literal["all", "sensor"]

SENSOR_GROUPS = ("bus", "sensor")
"""Groups of the workers that a sensor host runs; one unit has both, for a supervisor costs more than a broker."""


def jobs_for(role: Role, jobs: Iterable[Job]) -> list[Job]:
    """Return those of `jobs` that a host of this role does; a sensor plays deckies if its master may give it some."""
    known = list(jobs)
    plays = any(job.name == "sensor-reconciler" for job in known)
    groups = (*SENSOR_GROUPS, "decoys") if plays else SENSOR_GROUPS
    return [job for job in known if role == "all" or job.group in groups]


def site_for(role: Role, site: Site) -> Site:
    """Return `site` as a host of this role has its groups."""
    return site if role == "all" else msgspec.structs.replace(site, bus_beside="sensor")
