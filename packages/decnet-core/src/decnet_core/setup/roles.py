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
    """Return those of `jobs` that a host of this role does."""
    return [job for job in jobs if role == "all" or job.group in SENSOR_GROUPS]


def site_for(role: Role, site: Site) -> Site:
    """Return `site` as a host of this role has its groups."""
    return site if role == "all" else msgspec.structs.replace(site, bus_beside="sensor")
