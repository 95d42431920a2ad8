# SPDX-License-Identifier: MIT
"""Rebuilds indexes for a worker and says in JSON what came of it: `python -m decnet_models.repair.child FILE`."""

import signal
import sys
from pathlib import Path

import msgspec

from decnet_models.repair.attempts import AnotherRepairError, RepairError
from decnet_models.repair.outcome import RepairOutcome
from decnet_models.repair.reindex import rebuild


def main() -> None:
    """Write a `RepairOutcome` to standard output."""
    signal.signal(signal.SIGTERM, _stop)
    try:
        done = rebuild(Path(sys.argv[1]))
        outcome = RepairOutcome(done.indexes, done.copy, done.vacuumed)
    except AnotherRepairError:
        outcome = RepairOutcome(busy=True)
    except RepairError as error:
        outcome = RepairOutcome(failure=str(error))
    except OSError as error:
        outcome = RepairOutcome(failure=str(error))
    sys.stdout.buffer.write(msgspec.json.encode(outcome))


def _stop(*_: object) -> None:
    raise SystemExit(143)


if __name__ == "__main__":
    main()
