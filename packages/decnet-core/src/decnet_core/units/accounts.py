# SPDX-License-Identifier: MIT
"""The accounts of the fleet (sysusers.d(5)): one per worker, none of which can log in or owns anything else."""

from __future__ import annotations

from collections.abc import Sequence

from decnet_core.units.job import DATABASE_GROUP, DATABASE_USER, GROUP, SUPERVISE_USER, Job, Site


def sysusers(jobs: Sequence[Job], site: Site) -> str:
    """Return the sysusers.d file; `decnet` is every account's primary group."""
    users = [(job.user, f"DECNET {job.name}") for job in jobs]
    users += [(SUPERVISE_USER, "DECNET supervisor")]
    lines = [
        "# Written by `decnet init`: groups first, then one account per worker.",
        f"g {GROUP} -",
        f"g {DATABASE_GROUP} -",
        f'u {DATABASE_USER} -:{DATABASE_GROUP} "DECNET database" {site.state}',
        *(f'u {name} -:{GROUP} "{what}" {site.state}' for name, what in users),
        *(f"m {job.user} {DATABASE_GROUP}" for job in jobs if job.database),
        f"m {DATABASE_USER} {GROUP}",
    ]
    return "\n".join(lines) + "\n"
