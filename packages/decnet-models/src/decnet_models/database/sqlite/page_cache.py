# SPDX-License-Identifier: MIT
"""A larger page cache for SQLite while it writes many rows.

A batch of thousands of events changes more pages than SQLite's 2 MiB hold. Then it writes them into the log in the
middle of the transaction, reads them again for the next row, writes them again, and computes the log's checksums anew.
With 8 MiB a backlog takes a tenth less processor time; with 4 it takes as much as with 2.

A batch of some dozen events, as they come under a steady load, needs less: with 1 MiB batches of 50 and of 1,000 take
as much processor time as with 2, with half of that batches of 50 take some hundredths more. Without that limit the one
large batch of a minute, after a pause, leaves each worker 2 to 6 MiB of free heap.

Between transactions the cache is small again: another process's commit makes all of it useless anyway.
"""

from contextlib import AbstractContextManager, nullcontext
from typing import Final

from sqlalchemy import Connection

from decnet_models.database.sqlite.pragma import pragma

WRITING_KIB: Final = 8 << 10
"""While a transaction writes; of that, a transaction takes what the pages need that it touches."""
OTHERWISE_KIB: Final = 1000
"""Half of SQLite's own default, which a connection that only reads keeps."""


MANY_ROWS: Final = 2000
"""From so many on a transaction gets the larger cache."""


def cache_for(connection: Connection, rows: int) -> AbstractContextManager[None]:
    """Have the connection keep more pages in the body if that writes many rows.

    Begun before a transaction, ended after it.
    """
    if rows < MANY_ROWS:
        return nullcontext()
    return pragma(connection, "cache_size", -WRITING_KIB, -OTHERWISE_KIB)
