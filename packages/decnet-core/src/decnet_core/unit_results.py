# SPDX-License-Identifier: MIT
"""How the units of workers ended, where systemd is their supervisor and nobody of ours is there to know it.

A unit writes its $SERVICE_RESULT into a file when it has stopped (ExecStopPost=), and removes that when it is ready
(ExecStartPost=): what is left says which workers have failed and do not run.
"""

from pathlib import Path

FOLDER = "units"
"""In the directory `run`."""
_LONGEST = 100
_FINE = frozenset({"", "success"})


def path_of(run: str, worker: str) -> str:
    """Return where a unit writes how it ended."""
    return f"{run}/{FOLDER}/{worker}"


def results(run: Path) -> dict[str, str]:
    """Return in which way each worker's unit has failed, as systemd.exec(5) names it ($SERVICE_RESULT)."""
    found: dict[str, str] = {}
    for path in sorted((run / FOLDER).glob("*")):
        if "." in path.name:  # what a worker says itself: `decnet_models.following.fault_notes`
            continue
        try:
            result = path.read_text("ascii", "replace").strip()[:_LONGEST]
        except OSError:
            continue
        if result not in _FINE:
            found[path.name] = result
    return found
