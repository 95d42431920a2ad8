# SPDX-License-Identifier: MIT
"""How an attempt went."""

import msgspec


class Reply(msgspec.Struct):
    """The receiver's response. The status is None where the transport has none."""

    status: int | None
    retry_after: str | None = None
    answer: bytes = b""
    """The beginning of the body, complete when the exchange is: from the receiver, so it is shown and never trusted."""

    @property
    def is_success(self) -> bool:
        return self.status is None or 200 <= self.status < 300


class Failed(msgspec.Struct, frozen=True):
    """No success, and why: in our words, because a receiver's must not be logged."""

    reason: str
    answer: bytes = b""
    """What the receiver said."""
    rejected: bool = False
    """Whether it refused this message for good, while it takes others."""
