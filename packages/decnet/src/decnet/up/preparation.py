# SPDX-License-Identifier: MIT
"""Makes state directory, database and keys ready before the fleet starts.

What this process imports stays in memory as long as the fleet runs, for all workers are forked from it. So whatever
needs the database library, Alembic or the library that makes keys is done by a process of its own, when it is needed.
"""

import os
import stat
import subprocess
import sys

import msgspec

from decnet.cli.errors import OperatorError, RefusedError
from decnet.fleet.deployment import Deployment
from decnet.swarm.listener_identity import lacks_identity
from decnet_core.state import SUPERVISORS
from decnet_core.supervise.lock import FleetLock
from decnet_models.database.quick_look import Ends, ends_of


def prepare(deployment: Deployment) -> tuple[FleetLock, Ends | None]:
    """Create the state directory, take its lock, migrate the database; return the lock and where the logs end.

    A database that cannot be used now is no reason to leave the decoys down, which need none: then the ends are None.
    Raises RefusedError, StateError.
    """
    _refuse_that_of_units(deployment)
    deployment.state.create(SUPERVISORS)
    lock = FleetLock(deployment.state.supervisors)
    try:
        ends = None if lacks_identity(deployment.settings, deployment.state.root) else ends_of(deployment.database_url)
        return lock, ends or prepare_in_process(deployment)
    except BaseException:
        lock.release()
        raise


def prepare_in_process(deployment: Deployment) -> Ends | None:
    """Have another process do what is missing (`preparation_process`); return the ends, None without a database.

    Raises OperatorError.
    """
    done = subprocess.run(
        [sys.executable, "-c", "from decnet.up.preparation_process import main; raise SystemExit(main())"],
        env=environment(deployment),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == 0:
        return msgspec.json.decode(done.stdout, type=Ends | None)
    lines = (done.stderr or done.stdout).strip().splitlines()
    error = OperatorError(
        lines[-1].removeprefix("decnet: ") if lines else f"the fleet cannot be prepared (exit code {done.returncode})"
    )
    error.code = done.returncode
    raise error


def environment(deployment: Deployment) -> dict[str, str]:
    """Return the environment of processes for the same state directory."""
    return {**os.environ, "DECNET_STATE_DIR": str(deployment.state.root.absolute())}


def _refuse_that_of_units(deployment: Deployment) -> None:
    """Reject the units' state directory, whose accounts could not use our files; `decnet init` made `run` sticky."""
    run = deployment.state.run
    if run.is_dir() and run.stat().st_mode & stat.S_ISVTX:
        raise RefusedError(
            f"{deployment.state.root} is for the units that `decnet init` wrote; use `systemctl start decnet.target`, "
            "or another directory with --state DIR"
        )
