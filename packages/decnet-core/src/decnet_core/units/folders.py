# SPDX-License-Identifier: MIT
"""The directories of the fleet (tmpfiles.d(5)), and who may do what in them.

Several accounts use the same files, and each runs with UMask=0077. So nothing is shared by accident: what is shared is
given its mode by the code that makes it, and each directory says here who may make anything in it.

- All workers have the primary group `decnet`. It may look into the state directory and open the bus socket. Nobody but
  root may make anything in the state directory itself.
- Captured passwords are in spools, so only a worker that reads them is in group `decnet-spool`; set-group-ID gives
  segments that group. What such a reader has acknowledged the writer deletes, so it says so in a directory of its own.
- `run` and `keys` are root's. Each account has a directory of its own in `run`, or any of them could take the bus
  socket's name while the broker restarts, or hold another's lock; `run` is sticky only to differ from that of
  `decnet up`. `init` makes the keys, for a worker that could add one would know what another account comes to use.
- The database is a directory because SQLite keeps files beside its own. Group `decnet-db` and set-group-ID give those
  files the right group, and SQLite gives them the mode of the database; so that file exists, empty, with mode 0660
  before the first worker opens it. What attackers talk to is not in that group.
- The environment file, which may hold secrets, is root's alone: systemd reads it and gives the variables to the units.
- A key belongs to the one worker that uses it; group `decnet-keys` reads those with which the operator's commands
  work too, for the worker that does what they do. So does what is below `swarm`, certificates with their keys. The
  operator's commands make files there as root, maybe before the account is there: then they are given to it here.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence, Set
from pathlib import PurePosixPath

from decnet_core.state import NAMESPACES, SUPERVISORS
from decnet_core.unit_results import FOLDER
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


def tmpfiles(jobs: Sequence[Job], site: Site) -> str:
    """Return the tmpfiles.d file; every path it names stays when the fleet stops."""
    return "\n".join(dict.fromkeys(["# Written by init.", *_shared(jobs, site), *_own(jobs, site)])) + "\n"


def _shared(jobs: Sequence[Job], site: Site) -> Iterator[str]:
    settings = PurePosixPath(site.settings)
    yield f"d {settings.parent} 0750 root {GROUP}"
    yield f"z {site.settings} 0640 root {GROUP}"
    yield f"z {site.environment} 0600 root root"
    yield f"d {site.state} 0750 root {GROUP}"
    yield f"d {site.state}/run 1750 root {GROUP}"
    yield f"d {site.state}/run/{SUPERVISORS} 0750 {SUPERVISE_USER} {GROUP}"
    yield f"d {site.state}/run/{FOLDER} 1770 root {GROUP}"
    yield f"d {site.state}/spool 0750 root {GROUP}"
    yield f"d {site.state}/keys 0750 root {GROUP}"
    if any(job.database for job in jobs):
        yield f"d {site.database} 2770 {DATABASE_USER} {DATABASE_GROUP}"
        yield f"f {site.database_file} 0660 {DATABASE_USER} {DATABASE_GROUP}"
    # what `State.create` would make, were it missing; no worker may
    taken = {folder for job in jobs for folder in job.writes}
    for folder in ("artifacts", "positions"):
        if folder not in taken:
            yield f"d {site.state}/{folder} 0750 root {GROUP}"


def _own(jobs: Sequence[Job], site: Site) -> Iterator[str]:
    shared = Counter(folder for job in jobs for folder in job.writes)
    for job in jobs:
        yield f"d {site.state}/run/{job.name} {'0750' if job.serves_workers else '0700'} {job.user} {GROUP}"
        for spool in job.spools:
            yield f"d {site.state}/spool/{spool} 2750 {job.user} {SPOOL_GROUP}"
        yield from _written(job, site, {folder for folder, writers in shared.items() if writers > 1})
        if job.makes_namespaces:
            yield f"d {NAMESPACES} 0755 {job.user} {GROUP}"
        for key in job.keys:
            mode, group = access_to_key(key, jobs)
            yield f"z {site.state}/keys/{key} {mode} {job.user} {group}"


def access_to_key(key: str, jobs: Iterable[Job]) -> tuple[str, str]:
    """Return mode and group of a key: its owner's alone, unless somebody else reads it."""
    shared = any(key in job.reads_keys for job in jobs)
    return ("0640", KEYS_GROUP) if shared else ("0600", GROUP)


def _written(job: Job, site: Site, shared: Set[str]) -> Iterator[str]:
    """The worker's folders; those above one of them, which are not its own, are root's, as those that several use."""
    for folder in job.writes:
        if folder in ("spool", "keys"):
            continue
        if folder in shared:
            yield f"d {site.state}/{folder} 1770 root {GROUP}"
            continue
        parts = PurePosixPath(folder).parts
        for depth in range(1, len(parts)):
            above = "/".join(parts[:depth])
            if above not in ("spool", "keys"):
                yield f"d {site.state}/{above} 0750 root {GROUP}"
        mode = "0700" if parts[0] in ("keys", "swarm") else "0750"
        yield f"d {site.state}/{folder} {mode} {job.user} {GROUP}"
        if parts[0] == "swarm":
            yield f"Z {site.state}/{folder} ~0700 {job.user} {GROUP}"
