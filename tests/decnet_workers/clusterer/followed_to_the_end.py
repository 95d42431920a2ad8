# SPDX-License-Identifier: MIT
"""Follows a log with both clusterers to its end, in a process that a test kills: `python -m ... URL`."""

import sys

from tests.decnet_workers.clusterer.scenes import Follower

from decnet_models.database.engine import open_engine
from decnet_workers.campaign_clusterer import worker as campaigns


def follow(url: str, batch: int) -> None:
    """Follow the log to its end, in batches of so many events."""
    engine = open_engine(url)
    Follower(engine, batch).run()
    campaigns.prepared(engine)
    while (report := campaigns.step(engine)).identities or report.more:
        pass
    engine.dispose()


if __name__ == "__main__":
    sys.stdout.write("begins\n")
    sys.stdout.flush()
    follow(sys.argv[1], int(sys.argv[2]))
