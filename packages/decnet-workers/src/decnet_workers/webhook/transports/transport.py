# SPDX-License-Identifier: MIT
"""What the queue of an endpoint needs of a transport."""

from collections.abc import Sequence
from typing import Protocol

from decnet_models.webhooks.queries import Delivery
from decnet_workers.webhook.outcome import Failed, Reply


class Transport(Protocol):
    """Sends to one endpoint."""

    @property
    def window(self) -> int:
        """How many deliveries may be sent now."""

    async def send(self, deliveries: Sequence[Delivery]) -> list[Reply | Failed]:
        """Send deliveries, at most `window`, and return the outcomes of as many of them, from the first, as are known.

        There is at least one outcome; Failed is the only one. Those without one are to be sent again.
        """

    def close(self) -> None:
        """End the connection at once; a later `send` opens another."""
