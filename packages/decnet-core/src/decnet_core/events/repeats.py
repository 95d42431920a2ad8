# SPDX-License-Identifier: MIT
"""What an event says of the others that it stands for, when one source repeated itself and they were folded into it."""

from typing import Annotated, TypeAlias

import msgspec

Value: TypeAlias = str | dict[str, str] | None
Count = Annotated[int, msgspec.Meta(ge=1, le=2**53)]


class Sample(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One of the different values that the folded events had."""

    values: dict[str, Value]
    """The sampled fields of the payload, as JSON; long texts are cut."""
    count: Count = 1
    """How many of the events had them."""


class Repeats(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Totals of the events that were folded into one; its own time, address and payload are those of the first."""

    count: Count
    """Events, the first included."""
    last_ts: Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
    """Time of the last, in nanoseconds since the Unix epoch."""
    bytes: Annotated[int, msgspec.Meta(ge=0)]
    """What they would have taken in the log one by one."""
    distinct: Count
    """How many different values the sampled fields had; more than `samples` when there were too many to keep."""
    samples: tuple[Sample, ...] = ()
