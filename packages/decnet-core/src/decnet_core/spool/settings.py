# SPDX-License-Identifier: MIT
"""Section `[spool]`: how durable, how large, and what to hold in memory while a disk is full."""

from typing import Annotated, Literal

import msgspec

from decnet_core.events.codec import MAX_LINE_BYTES

MIB = 1 << 20


class FoldingSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Table `[spool.folding]`: from when on repeats of one source are counted in one event, not written one by one."""

    burst_bytes: Annotated[int, msgspec.Meta(ge=0)] = 512 << 10
    """Events that one source may leave on one decky, by kind, before they are folded; each counts 1 KiB at least."""
    bytes_per_second: Annotated[int, msgspec.Meta(ge=1)] = 2048
    """How much of that comes back every second."""
    window_seconds: Annotated[float, msgspec.Meta(ge=0.1, le=60)] = 5.0
    """Repeats within this time become one event; it is written at its end."""


class SpoolSettings(msgspec.Struct, frozen=True):
    """Section `[spool]`, the same for every worker that has a spool."""

    fsync: Literal["always", "batch", "off"] = "batch"
    """`always`: before `append` returns; `batch`: every `batch_ms`; `off`: whenever the kernel likes."""
    batch_ms: Annotated[int, msgspec.Meta(ge=1, le=60_000)] = 50
    """At most this much is lost when the power fails, in milliseconds."""
    segment_bytes: Annotated[int, msgspec.Meta(ge=4096, le=1 << 32)] = 8 * MIB
    """A segment is closed before it exceeds this."""
    quota_bytes: Annotated[int, msgspec.Meta(ge=3 * 4096)] = 1024 * MIB
    """All segments of one worker, at most a tenth of the file system; above it the oldest go, acknowledged ones first,
    and what is lost is counted."""
    backlog_events: Annotated[int, msgspec.Meta(ge=0)] = 10_000
    """Events held in memory while the disk refuses them; above it the oldest are lost and counted."""
    backlog_bytes: Annotated[int, msgspec.Meta(ge=0)] = 8 * MIB
    """The same limit in bytes."""
    folding: FoldingSettings = FoldingSettings()
    """From when on repeats of one source become one event."""

    def __post_init__(self) -> None:
        """Refuse a quota that could not hold one full segment beside the one being written."""
        if self.quota_bytes < 2 * self.segment_bytes:
            raise ValueError(f"quota_bytes must be at least twice segment_bytes ({2 * self.segment_bytes})")
        if self.backlog_bytes and self.backlog_bytes < MAX_LINE_BYTES:
            raise ValueError(f"backlog_bytes must be 0 or hold one event ({MAX_LINE_BYTES})")
