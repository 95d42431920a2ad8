# SPDX-License-Identifier: MIT
"""The process of a job: makes a backup or checks the database, and writes how far it is and how it ended."""

import sys
import time
from pathlib import Path
from typing import Any

import msgspec

from decnet.database.jobs import Job, Order, write
from decnet_models.errors import DatabaseError, reason

_EVERY_SECONDS = 0.5


def main() -> None:
    """Do what the order on standard input says."""
    order = msgspec.json.decode(sys.stdin.buffer.read(), type=Order)
    file = Path(order.file)
    job = msgspec.json.decode(file.with_name(f"{file.name}.job.json").read_bytes(), type=Job)
    told = 0.0

    def say(words: str) -> None:
        nonlocal told
        if time.monotonic() - told >= _EVERY_SECONDS:
            told = time.monotonic()
            write(file, msgspec.structs.replace(job, progress=words))

    try:
        result = _backup(order, file, say) if order.kind == "backup" else _check(order, say)
    except Exception as error:
        ended = {"state": "failed", "error": str(error) if isinstance(error, DatabaseError) else reason(error)}
    else:
        ended = {"state": "done", "result": result}
    write(file, msgspec.structs.replace(job, ended_at=time.time_ns(), **ended))


def _backup(order: Order, file: Path, say: Any) -> Any:
    from decnet_models.maintenance.backup import backup

    made = backup(order.url, file, say)
    return {"revision": made.revision, "bytes": made.bytes}


def _check(order: Order, say: Any) -> Any:
    from decnet_models.maintenance.integrity import examine, words
    from decnet_models.migrations.check import check

    found = examine(order.url, say)
    differences = [] if found.damages else check(order.url)
    return {"words": [*words(found), *differences], "remarks": found.remarks, "damages": len(found.damages)}


if __name__ == "__main__":
    main()
