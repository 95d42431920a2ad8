# SPDX-License-Identifier: MIT
"""Takes over the verdicts of others, in the order in which they change, into the attackers' rows and scores."""

import time

from sqlalchemy import Engine

from decnet_models.attackers.scoring.verdicts import apply
from decnet_models.database.engine import reading, writing
from decnet_models.intel.verdicts import changes_after
from decnet_models.progress.queries import advance_cursor, cursor_of

VERDICTS = "profiler.verdicts"
"""The cursor over the changes of verdicts."""
_AT_ONCE = 500


def follow_verdicts(engine: Engine) -> bool:
    """Take over the next changes with the cursor; return whether there may be more.

    An attacker without a row yet gets its verdict with the row (`rescoring`). Another instance that was faster has done
    the same.
    """
    with reading(engine) as connection:
        start = cursor_of(connection, VERDICTS)
        changes = changes_after(connection, start, _AT_ONCE)
    if not changes:
        return False
    with writing(engine) as connection:
        if advance_cursor(connection, VERDICTS, start, changes[-1][0], now_ns=time.time_ns()):
            apply(connection, {indicator: verdict for _, indicator, verdict in changes})
    return len(changes) == _AT_ONCE
