# SPDX-License-Identifier: MIT
"""The accounts of the fleet (sysusers.d(5)): one per worker, none of which can log in or owns anything else."""

from collections.abc import Sequence

from decnet_core.units.job import (
    DATABASE_GROUP,
    DATABASE_USER,
    GROUP,
    KEYS_GROUP,
    SPOOL_GROUP,
    SUPERVISE_USER,
    Job,
    Site,
)


def sysusers(jobs: Sequence[Job], site: Site) -> str:
    """Return the sysusers.d file; `decnet` is every account's primary group."""
    users = [(job.user, f"DECNET {job.name}") for job in jobs]
    users += [(SUPERVISE_USER, "DECNET supervisor")]
    lines = [
        "# Written by init: groups first, then one account per worker.",
        f"g {GROUP} -",
        *(f'u {name} -:{GROUP} "{what}" {site.state}' for name, what in users),
        f"g {SPOOL_GROUP} -",
        *(f"m {job.user} {SPOOL_GROUP}" for job in jobs if job.reads_spools),
        *_of_the_keys(jobs),
        *_of_the_database(jobs, site),
    ]
    return "\n".join(lines) + "\n"


def _of_the_keys(jobs: Sequence[Job]) -> list[str]:
    """Return who may read keys of others, if anybody does."""
    readers = [job.user for job in jobs if job.reads_keys]
    return [f"g {KEYS_GROUP} -", *(f"m {user} {KEYS_GROUP}" for user in readers)] if readers else []


def _of_the_database(jobs: Sequence[Job], site: Site) -> list[str]:
    """Return who may open the database, where there is one: a sensor host has none."""
    openers = [job for job in jobs if job.database]
    if not openers:
        return []
    return [
        f"g {DATABASE_GROUP} -",
        f'u {DATABASE_USER} -:{DATABASE_GROUP} "DECNET database" {site.state}',
        *(f"m {job.user} {DATABASE_GROUP}" for job in openers),
        f"m {DATABASE_USER} {GROUP}",
    ]
