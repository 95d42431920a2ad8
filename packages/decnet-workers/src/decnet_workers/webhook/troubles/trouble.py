# SPDX-License-Identifier: MIT
"""A trouble of the fleet."""

import msgspec

from decnet_core.events.notices import Notice
from decnet_models.troubles.queries import Key


class Trouble(msgspec.Struct, frozen=True):
    """What is wrong, as the notice that tells it."""

    key: Key
    notice: Notice
