# SPDX-License-Identifier: MIT
"""The messages between a supervisor and its viewer: one JSON document per packet of a SOCK_SEQPACKET pair.

The end of the supervisor's side asks the viewer to end, and that of the viewer's says that it has.
"""

import contextlib
import enum
import socket

import msgspec

from decnet_core.supervise.lifecycle import Status
from decnet_models.database.quick_look import Ends

LARGEST_PACKET = 64 * 1024
ASKED = "DECNET_UP_VIEW"
"""Names the variable with which a viewer is told what to show."""


class Show(enum.StrEnum):
    """How the fleet is shown."""

    PAGE = "page"
    PLAIN = "plain"
    JSON = "json"


class Asked(msgspec.Struct, frozen=True):
    """What a viewer is to do."""

    show: Show
    ends: Ends | None
    """After which events and notices it begins; None: after those that there are."""
    guide: bool
    """Whether it shows how to reach the deckies, too."""


class Changed(msgspec.Struct, frozen=True, tag="changed"):
    """To the viewer: the state of a worker has changed."""

    status: Status


class Said(msgspec.Struct, frozen=True, tag="said"):
    """To the viewer: a message to the operator."""

    text: str


class Shown(msgspec.Struct, frozen=True, tag="shown"):
    """To the supervisor: what is before these ends has been shown; repeated while nothing happens."""

    ends: Ends


class Unread(msgspec.Struct, frozen=True, tag="unread"):
    """To the supervisor: nobody reads the output any more."""


encode = msgspec.json.Encoder().encode
decode_order: msgspec.json.Decoder[Changed | Said] = msgspec.json.Decoder(Changed | Said)
decode_report: msgspec.json.Decoder[Shown | Unread] = msgspec.json.Decoder(Shown | Unread)


def send(channel: socket.socket, message: msgspec.Struct) -> None:
    """Send a message, unless the other side hangs or is gone."""
    with contextlib.suppress(BlockingIOError, BrokenPipeError, ConnectionResetError):
        channel.send(encode(message))


def received(channel: socket.socket) -> bytes | None:
    """Return the next packet, empty at the end of the other side; None: there is none now."""
    try:
        return channel.recv(LARGEST_PACKET)
    except BlockingIOError:
        return None
    except ConnectionResetError:
        return b""
