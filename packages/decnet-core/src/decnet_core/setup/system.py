# SPDX-License-Identifier: MIT
"""Applies changed files on a running host: accounts, directories, keys, a reload of systemd."""

import grp
import os
import pwd
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from decnet_core.keys import read_or_create
from decnet_core.setup.errors import SetupError
from decnet_core.units.folders import access_to_key
from decnet_core.units.job import TARGET, Job, Site
from decnet_core.units.render import SYSUSERS, TMPFILES, UNITS

_HIDDEN = ("/home", "/root", "/run", "/tmp", "/var/tmp")  # noqa: S108  # names, not used as such
"""Directories hidden from the fleet's services (ProtectHome=, PrivateTmp=)."""


def check(programs: Path) -> None:
    """Raise SetupError unless this is a host that can run the fleet from `programs`."""
    check_root()
    for place in {programs, Path(sys.base_prefix)}:
        hidden = next((each for each in _HIDDEN if place.is_relative_to(each)), None)
        if hidden:
            raise SetupError(
                f"{place} is below {hidden}, which services do not see; install DECNET in /opt/decnet, "
                "e.g. with /usr/bin/python3 -m venv /opt/decnet"
            )
    missing = [
        program for program in ("systemd-sysusers", "systemd-tmpfiles", "systemctl") if not shutil.which(program)
    ]
    if missing:
        raise SetupError(f"there is no {missing[0]} here; `decnet up` needs no systemd")


def check_root() -> None:
    """Raise SetupError unless this is root."""
    if os.geteuid() != 0:
        raise SetupError("only root can change this host; try --dry-run, or --prefix DIR for another root")


def set_up(jobs: Sequence[Job], site: Site) -> None:
    """Make accounts, directories and keys, and reload systemd's units; raises SetupError."""
    _run("systemd-sysusers", SYSUSERS)
    _run("systemd-tmpfiles", "--create", TMPFILES)
    for job in jobs:
        for key in job.keys:
            _make_key(Path(site.state) / "keys" / key, job.user, *access_to_key(key, jobs))
    reload_units()


def stop(paths: Iterable[str]) -> None:
    """Stop the units among the files at `paths`, and disable their target."""
    names = [path.rpartition("/")[2] for path in paths if path.startswith(UNITS)]
    if names and booted():
        _run("systemctl", "disable", "--quiet", "--now", TARGET)
        _run("systemctl", "stop", *names)


def reload_units() -> None:
    """Have systemd reload its units, if it runs this host."""
    if booted():
        _run("systemctl", "daemon-reload")


def booted() -> bool:
    """Return whether systemd runs this host (sd_booted(3))."""
    return Path("/run/systemd/system").is_dir()


def _make_key(path: Path, user: str, mode: str, group: str) -> None:
    """Make the key now: one that an operator's command made first would belong to root."""
    read_or_create(path)
    account, readers = pwd.getpwnam(user), grp.getgrnam(group)
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_nlink != 1:
            raise SetupError(f"{path} is a link: remove it, and find out who created it")
        os.fchown(descriptor, account.pw_uid, readers.gr_gid)
        os.fchmod(descriptor, int(mode, 8))
    finally:
        os.close(descriptor)


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines()
        raise SetupError(f"{' '.join(command[:2])} failed: {lines[-1] if lines else f'exit code {done.returncode}'}")
