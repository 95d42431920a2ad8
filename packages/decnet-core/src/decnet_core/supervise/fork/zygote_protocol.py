# SPDX-License-Identifier: MIT
"""What a supervisor and its zygote say to each other: one JSON message per packet of a SOCK_SEQPACKET pair.

Descriptors travel beside the messages (SCM_RIGHTS, unix(7)): with Fork the child's output and lifeline, with Forked
a pidfd, so that a signal can never reach another process that got the same number.
"""

from __future__ import annotations

import msgspec

LARGEST_PACKET = 64 * 1024


class Fork(msgspec.Struct, frozen=True, tag="fork"):
    """Start worker `name`, the class at `place`; `environment` is added to the zygote's."""

    order: int
    name: str
    place: str
    environment: dict[str, str]


class Reload(msgspec.Struct, frozen=True, tag="reload"):
    """Execute the zygote anew, with the code that is installed now; its children stay."""


class Forked(msgspec.Struct, frozen=True, tag="forked"):
    """The answer to `Fork`; `pid` is 0 when it failed, for the reason given."""

    order: int
    pid: int
    reason: str = ""


class Exited(msgspec.Struct, frozen=True, tag="exited"):
    """A child has ended; `code` is negative for the signal that killed it."""

    pid: int
    code: int


class Warm(msgspec.Struct, frozen=True, tag="warm"):
    """The zygote holds what its group shares and is ready to fork."""

    pid: int
    modules: int
    seconds: float


Order = Fork | Reload
Answer = Forked | Exited | Warm

encode = msgspec.json.Encoder().encode
decode_order: msgspec.json.Decoder[Order] = msgspec.json.Decoder(Order)
decode_answer: msgspec.json.Decoder[Answer] = msgspec.json.Decoder(Answer)
