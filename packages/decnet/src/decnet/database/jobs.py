# SPDX-License-Identifier: MIT
"""Jobs: long work on the database in a process of its own, whose state is a file, so that anybody may ask for it.

Who ordered a job need not wait: an `api` with nothing to do is parked, and its process ends. A job whose process is
gone without having said how it ended has failed.
"""

import contextlib
import re
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, Literal, TypeAlias

import msgspec

from decnet.cli.errors import NotFoundError, OperatorError
from decnet.fleet.deployment import Deployment
from decnet_core.durable import replace_file
from decnet_models.maintenance.checksum import checksum_file

Kind: TypeAlias = Literal["backup", "check"]

MOST_BACKUPS = 5
"""That are kept; each is as large as the database."""
_NAME = re.compile(r"decnet-\d{8}T\d{6}Z\.(db|zip)")
_STATE = ".job.json"
_CHECK = "check"
_MODE = 0o600


class Job(msgspec.Struct, frozen=True):
    """A backup or a check; times in ns since the Unix epoch."""

    kind: Kind
    name: str
    state: Literal["running", "done", "failed"]
    started_at: int
    ended_at: int | None = None
    progress: str = ""
    """How far it is, in words."""
    result: Any = None
    """Of a backup its file's size and revision; of a check what is damaged."""
    error: str | None = None
    pid: int = 0
    ticks: int = 0
    """When its process started (proc(5), starttime), for a number is given again."""


class Order(msgspec.Struct, frozen=True):
    """What the process is to do; it comes by standard input, because a URL may have a password."""

    kind: Kind
    url: str
    file: str
    """Of a backup the file to write; of a check only its name counts."""


def folder_of(deployment: Deployment) -> Path:
    """Return the folder of the jobs' files, which are their owner's alone."""
    return deployment.state.run_of("api") / "database"


def begin_backup(deployment: Deployment) -> Job:
    """Start a backup; raises OperatorError while one runs, or when there are enough."""
    kept = backups(deployment)
    if any(one.state == "running" for one in kept):
        raise OperatorError("a backup is running already")
    if len(kept) >= MOST_BACKUPS:
        raise OperatorError(f"there are {len(kept)} backups here already: download and remove one first")
    ending = "db" if deployment.database_url.startswith("sqlite") else "zip"
    name = time.strftime(f"decnet-%Y%m%dT%H%M%SZ.{ending}", time.gmtime())
    return _begin(deployment, "backup", name)


def begin_check(deployment: Deployment) -> Job:
    """Start a check of the whole database; raises OperatorError while one runs."""
    before = last_check(deployment)
    if before is not None and before.state == "running":
        raise OperatorError("a check is running already")
    return _begin(deployment, "check", _CHECK)


def backups(deployment: Deployment) -> list[Job]:
    """Return the backups, newest first."""
    folder = folder_of(deployment)
    found = (_read(file) for file in folder.glob(f"decnet-*{_STATE}")) if folder.is_dir() else ()
    return sorted((one for one in found if one is not None), key=lambda one: one.name, reverse=True)


def last_check(deployment: Deployment) -> Job | None:
    """Return the last check, None: there was none."""
    return _read(folder_of(deployment) / f"{_CHECK}{_STATE}")


def backup_file(deployment: Deployment, name: str) -> Path:
    """Return the file of a backup that is done; raises NotFoundError, OperatorError."""
    one = _named(deployment, name)
    if one.state != "done":
        raise OperatorError(f"the backup {name} is {one.state}")
    return folder_of(deployment) / name


def remove_backup(deployment: Deployment, name: str) -> None:
    """Remove a backup that does not run; raises NotFoundError, OperatorError."""
    if _named(deployment, name).state == "running":
        raise OperatorError(f"the backup {name} is running")
    file = folder_of(deployment) / name
    for each in (file, checksum_file(file), file.with_name(f"{name}.partial"), file.with_name(f"{name}{_STATE}")):
        each.unlink(missing_ok=True)


def write(file: Path, job: Job) -> None:
    """Write the state of a job beside its file."""
    replace_file(file.with_name(f"{file.name}{_STATE}"), msgspec.json.encode(job), _MODE, synced=False)


def _begin(deployment: Deployment, kind: Kind, name: str) -> Job:
    folder = folder_of(deployment)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        child = subprocess.Popen(
            [sys.executable, "-P", "-m", "decnet.database.child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        raise OperatorError(f"cannot start a {kind}: {error.strerror}") from error
    threading.Thread(target=child.wait, name=f"{kind} {child.pid}", daemon=True).start()  # so that no zombie stays
    made = Job(kind, name, "running", time.time_ns(), pid=child.pid, ticks=_ticks(child.pid))
    write(folder / name, made)
    assert child.stdin is not None
    with contextlib.suppress(BrokenPipeError), child.stdin:
        child.stdin.write(msgspec.json.encode(Order(kind, deployment.database_url, str(folder / name))))
    return made


def _named(deployment: Deployment, name: str) -> Job:
    found = _read(folder_of(deployment) / f"{name}{_STATE}") if _NAME.fullmatch(name) else None
    if found is None:
        raise NotFoundError(f"there is no backup {name!r}")
    return found


def _read(file: Path) -> Job | None:
    try:
        job = msgspec.json.decode(file.read_bytes(), type=Job)
    except (OSError, msgspec.DecodeError):
        return None
    if job.state == "running" and not _lives(job):
        return msgspec.structs.replace(job, state="failed", error="its process has ended before it was done")
    return job


def _lives(job: Job) -> bool:
    return _ticks(job.pid) == job.ticks != 0


def _ticks(pid: int) -> int:
    """Return when a process started, in ticks since the host did; 0 when there is none, or only its remains."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return 0 if fields[0] == "Z" else int(fields[19])
