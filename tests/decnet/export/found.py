# SPDX-License-Identifier: MIT
"""What the tests of exports find in the database."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID


class Found(NamedTuple):
    """The groups of the attackers whose findings are exported."""

    identity: UUID
    campaign: UUID
