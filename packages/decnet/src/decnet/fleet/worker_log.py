# SPDX-License-Identifier: MIT
"""The end of a worker's log: the files that `decnet up` keeps, or the journal of its systemd unit.

Under `decnet up` a worker's output is in `log/NAME.log` of the state directory, in files of bounded size; with
`--host tasks` all workers log to `log/fleet.log`, where each line names its worker.
"""

import re
import subprocess
from collections import deque
from collections.abc import Iterator
from pathlib import Path

import msgspec

from decnet.cli.errors import NotFoundError, OperatorError
from decnet.fleet.deployment import Deployment
from decnet_core.runtime import worker_registry
from decnet_core.supervise.status_file import read_status_files
from decnet_core.text import for_terminal

MOST_LINES = 5000
_MOST_BYTES = 1 << 20
"""Of a file, from its end: a line has at most 8 KiB."""
_JOURNAL_SECONDS = 10.0
_LINE_LIMIT = 8192
_FIELDS = re.compile(r'(\w+)=("(?:[^"\\]|\\.)*"|\S*)')
_TASKS = "fleet"


class LogLine(msgspec.Struct, frozen=True):
    """One line; `at` is the local time as it was logged, empty where the line has none."""

    at: str
    level: str
    logger: str
    message: str


class LogTail(msgspec.Struct, frozen=True):
    """The newest lines of a worker's log, oldest first, and where they are from."""

    worker: str
    source: str
    lines: tuple[LogLine, ...]


def log_tail(deployment: Deployment, worker: str, lines: int) -> LogTail:
    """Return the newest lines of a worker, of the supervisor (`fleet`), of the zygotes (`zygote`); OperatorError."""
    if worker not in (*worker_registry.names(), _TASKS, "zygote"):
        raise NotFoundError(f"there is no worker {worker!r}; decnet status shows them")
    wanted = min(lines, MOST_LINES)
    if (source := _file_of(deployment, worker)) is not None:
        found = _newest_of(source, worker if source.stem == _TASKS != worker else "", wanted)
        return LogTail(worker, str(source), tuple(found))
    unit = f"decnet-{worker}.service"
    return LogTail(worker, f"journal of {unit}", tuple(map(parsed, _journal(unit, wanted))))


def parsed(line: str) -> LogLine:
    """Return a line of a log by its fields: those of `decnet_core.runtime.logs`, as text or as JSON."""
    fields: dict[str, str] = {}
    if line.startswith("{"):
        try:
            fields = msgspec.json.decode(line, type=dict[str, str])
        except msgspec.DecodeError:
            fields = {}
    elif line.startswith("ts="):
        fields = {name: _unquoted(value) for name, value in _FIELDS.findall(line)}
    if "msg" not in fields:
        return LogLine("", "", "", for_terminal(line, _LINE_LIMIT))
    at, level, logger, message = (for_terminal(fields.get(name, ""), _LINE_LIMIT) for name in _SHOWN)
    return LogLine(at, level, logger, message)


_SHOWN = ("ts", "level", "logger", "msg")


def _file_of(deployment: Deployment, worker: str) -> Path | None:
    folder = deployment.state.root / "log"
    own, shared = folder / f"{worker}.log", folder / f"{_TASKS}.log"
    as_tasks = any(report.hosting == "tasks" for report in read_status_files(deployment.state.supervisors))
    if not as_tasks and own.exists():
        return own
    return shared if as_tasks and shared.exists() else None


def _newest_of(file: Path, worker: str, wanted: int) -> list[LogLine]:
    """Return the newest lines of the file and the one before it, only those of `worker` unless that is empty."""
    found: deque[LogLine] = deque(maxlen=wanted)
    mark = f" worker={worker} "
    try:
        for part in (file.with_name(f"{file.name}.1"), file):
            found.extend(parsed(line) for line in _end_of(part) if not worker or mark in line)
    except OSError as error:
        raise OperatorError(f"cannot read {file}: {error.strerror}") from error
    return list(found)


def _end_of(file: Path) -> Iterator[str]:
    if not file.exists():
        return
    with file.open("rb") as opened:
        size = opened.seek(0, 2)
        start = max(0, size - _MOST_BYTES)
        opened.seek(start)
        lines = opened.read(_MOST_BYTES).decode("utf-8", "backslashreplace").splitlines()
    yield from lines[1:] if start else lines


def _journal(unit: str, wanted: int) -> list[str]:
    command = ["journalctl", "--unit", unit, "--lines", str(wanted), "--output", "cat", "--no-pager", "--quiet"]
    try:
        done = subprocess.run(  # the name of a worker that is installed
            command, capture_output=True, timeout=_JOURNAL_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise OperatorError(_NO_LOG.format(unit=unit, why=error)) from error
    if done.returncode:
        why = done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
        raise OperatorError(_NO_LOG.format(unit=unit, why=for_terminal(why)))
    return done.stdout.decode("utf-8", "backslashreplace").splitlines()


_NO_LOG = (
    "there is no log file of it, and the journal of {unit} cannot be read ({why}); "
    "its reader has to be in the group systemd-journal"
)


def _unquoted(value: str) -> str:
    return value[1:-1].replace('\\"', '"').replace("\\\\", "\\") if value.startswith('"') else value
