# SPDX-License-Identifier: MIT
"""Lines that workers of a remote master put aside."""

from collections.abc import Sequence
from typing import Any

from decnet.quarantine.lines import Kept, Retried, refuse_no_id
from decnet.remote.client import Remote
from decnet.remote.converting import ns_of, struct_of
from decnet_core.spool.quarantine import QuarantinedLine


def kept(remote: Remote, limit: int, *, everything: bool) -> tuple[list[Kept], int]:
    """Return lines, newest first; without any also how many there are whose events are in the log by now."""
    rows = remote.listed("/quarantine", limit, everything=everything, whole=True)
    hidden = 0 if rows or everything else len(remote.listed("/quarantine", 100_000, everything=True))
    return [_kept(row, stored=row["stored"]) for row in rows], hidden


def line(remote: Remote, name: str) -> Kept:
    """Return one line, whole; raises NotFoundError, WrongUsageError."""
    refuse_no_id(name)
    return _kept(remote.get(f"/quarantine/{name}"))


def retry(remote: Remote, ids: Sequence[str] | None) -> Retried:
    """Store these events, or (None) all that ingest put aside, once more."""
    asked = {} if ids is None else {"ids": list(ids)}
    return struct_of(remote.send("POST", "/quarantine/retry", asked), Retried)


def _kept(row: dict[str, Any], *, stored: bool | None = None) -> Kept:
    whole = QuarantinedLine(row["reason"], row["source"], row["line"], ns_of(row["at"]), row["exact"])
    return Kept(row["id"], row["worker"], whole, stored)
