# SPDX-License-Identifier: MIT
"""Section `[mutate]`."""

from typing import Annotated

import msgspec


class MutateSettings(msgspec.Struct, frozen=True):
    """Section `[mutate]`; how a decky may change says its policy, which `decnet decky policy` sets."""

    quiet_seconds: Annotated[float, msgspec.Meta(ge=60, le=86400)] = 900.0
    """A decky that anybody has touched within this time is not changed. Keep it longer than `[decoys.limits]
    idle_seconds`: then nobody is connected any more either."""
    poll_seconds: Annotated[float, msgspec.Meta(gt=0, le=3600)] = 60.0
    """How long a lost nudge can delay the first date of a new policy."""
