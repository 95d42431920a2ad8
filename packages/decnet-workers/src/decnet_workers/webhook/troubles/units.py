# SPDX-License-Identifier: MIT
"""Workers that are units of systemd and have ended unasked: each unit notes how it ended (`decnet_core.units`)."""

from collections.abc import Iterator
from pathlib import Path

from decnet_core.events.notices import WorkerDown
from decnet_core.text import for_column
from decnet_core.unit_results import results
from decnet_workers.webhook.troubles.trouble import Trouble


def units_down(run: Path, now: int) -> Iterator[Trouble]:
    """Yield a trouble for each unit that has failed and has not become ready since."""
    for worker, result in results(run).items():
        if worker != "webhook":
            yield Trouble(("worker.down", worker), WorkerDown(now, worker, "failed", for_column(result, 1024)))
