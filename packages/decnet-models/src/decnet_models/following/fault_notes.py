# SPDX-License-Identifier: MIT
"""Notes of workers whom the database refuses, as when a grant was revoked; `webhook`, whom it does not, tells of them.

A note lies beside those of units (`decnet_core.unit_results`), where every worker may write: `<worker>.database`. It is
removed when the database answers that worker again, and when the worker starts. Damage of a file has a note of its own
(`repair.attempts`).
"""

import contextlib
from pathlib import Path

import msgspec

from decnet_core.bus.subjects import NOTICE, NoticeWritten
from decnet_core.durable import replace_file
from decnet_core.runtime.context import Context
from decnet_core.unit_results import FOLDER

KIND = "database.unhealthy"
_SUFFIX = ".database"
_MODE = 0o640
_LONGEST = 1024


def note(ctx: Context, reason: str) -> None:
    """Say why the database refuses this worker."""
    path = _path(ctx)
    with contextlib.suppress(OSError):  # the log and the counters say it, too
        path.parent.mkdir(mode=0o770, exist_ok=True)
        replace_file(path, reason.encode("utf-8", "replace")[:_LONGEST], mode=_MODE, synced=False)
    nudge(ctx)


def withdraw(ctx: Context) -> None:
    """Remove the note, if there is one."""
    with contextlib.suppress(OSError):
        _path(ctx).unlink()
        nudge(ctx)


def nudge(ctx: Context) -> None:
    """Have `webhook` look at the fleet's troubles, also when it is parked."""
    ctx.bus.publish(NOTICE.of(KIND), msgspec.json.encode(NoticeWritten(0)))


def notes(run: Path) -> dict[str, str]:
    """Return why the database refuses workers, by their names."""
    found: dict[str, str] = {}
    for path in sorted((run / FOLDER).glob(f"*{_SUFFIX}")):
        with contextlib.suppress(OSError):
            found[path.name.removesuffix(_SUFFIX)] = path.read_bytes()[:_LONGEST].decode("utf-8", "replace")
    return found


def _path(ctx: Context) -> Path:
    return ctx.state.run / FOLDER / f"{ctx.name}{_SUFFIX}"
