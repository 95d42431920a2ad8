# SPDX-License-Identifier: MIT
"""Tells at once when the fleet of this host cannot open deckies of a runtime, and what to do."""

import os
import stat

from decnet.deckies.plan import Plan
from decnet.fleet.deployment import Deployment
from decnet_core.placement.allowed import UNPRIVILEGED
from decnet_core.placement.settings import ReconcilerSettings


def excluded(deployment: Deployment, made: Plan) -> str | None:
    """Return what to do so that the deckies of a plan are opened, None when nothing need be done."""
    wanted: set[str] = {
        step.decky.runtime for step in made.steps if step.kind != "remove" and step.decky.sensor is None
    }
    named = deployment.settings.section("reconciler", ReconcilerSettings).runtimes
    if named:
        return _until_named(wanted - {*named}, "")
    lacking = wanted - {*UNPRIVILEGED}
    if _is_of_units(deployment):
        return _until_named(lacking, "; then run `decnet init` again, which gives the unit the capabilities")
    if lacking and _owner(deployment) != 0:
        return f"not opened without root: {', '.join(sorted(lacking))}; run `decnet up` as root"
    return None


def _until_named(lacking: set[str], then: str) -> str | None:
    listed = ", ".join(sorted(lacking))
    return f"not opened until [reconciler] runtimes has them as well: {listed}{then}" if lacking else None


def _is_of_units(deployment: Deployment) -> bool:
    """Whether `decnet init` made the state directory: then `run` is sticky."""
    run = deployment.state.run
    return run.is_dir() and bool(run.stat().st_mode & stat.S_ISVTX)


def _owner(deployment: Deployment) -> int:
    """Return the user whose fleet this is: who made its state directory, or will."""
    root = deployment.state.root
    return root.stat().st_uid if root.is_dir() else os.geteuid()
