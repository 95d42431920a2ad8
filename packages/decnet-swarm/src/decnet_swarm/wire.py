# SPDX-License-Identifier: MIT
"""The control messages between forwarder and listener: the protocol that ALPN names `decnet-swarm/1`.

Both directions are octet-counted frames. A frame that begins with `<` is an event (`message`); one that begins with `{`
is one of these.

    forwarder                                   listener
    Hello                                 ->
                                          <-    Welcome: what is stored of each of your spools
    event event ... Mark (spool, place)   ->
    event event ... Mark                  ->
                                          <-    Stored (so many marks)
    CaughtUp                              ->
                                          <-    Assign: a part of the deckies that you are to play
    Deckies: how they stand               ->

A `Mark` ends a batch of lines of one spool and says where the spool continues after them. The listener writes a batch
only when it has its mark, and says `Stored` when events and place are safe. So after any cut the next `Welcome` tells
exactly from where to continue, and neither side needs to remember single events. `check` is the forwarder's own
fingerprint of what stands before the place: a spool that was restored or recreated has the place but not the check.
`Assign` comes to who said in its Hello which assignment it has, when there is a newer one (`assignments`).
`CaughtUp` says that all there was has been sent: nothing of it will be sent again but what follows the last `Stored`.
Either side says something, `Ping` or `Stored`, at least every KEEPALIVE_SECONDS.
"""

from typing import Annotated

import msgspec

from decnet_core.deckies.orders import Standings

ALPN = "decnet-swarm/1"
KEEPALIVE_SECONDS = 20.0
SILENCE_SECONDS = 65.0
"""A peer that was silent for three keep-alives is gone."""
BATCH_EVENTS = 1024
BATCH_BYTES = 256 << 10
"""A batch ends with the event that passes this; so it holds less than this and one longest message."""
MAX_SPOOLS = 64
"""Spools of one sensor: it has one for each worker."""
SPOOL_NAME = r"^[a-z0-9][a-z0-9_.-]{0,63}$"

Count = Annotated[int, msgspec.Meta(ge=0, le=2**62)]
SpoolName = Annotated[str, msgspec.Meta(pattern=SPOOL_NAME)]
Check = Annotated[str, msgspec.Meta(max_length=64)]


class _Control(msgspec.Struct, frozen=True, tag_field="say", omit_defaults=True):
    """What all share: the tag field; fields of a later version are ignored."""


class SpoolPosition(msgspec.Struct, frozen=True):
    """How far one spool is stored: its position and the forwarder's check of it."""

    segment: Count
    offset: Count
    check: Check = ""


class Hello(_Control, frozen=True, tag="hello"):
    """The first message of a connection."""

    version: Annotated[str, msgspec.Meta(max_length=64)] = ""
    assigned: Count | None = None
    """The version of the assignment that it keeps, 0 for none; None: it takes no assignments."""


class Welcome(_Control, frozen=True, tag="welcome"):
    """The reply: positions of the known spools, and the window of unacknowledged bytes."""

    window_bytes: Annotated[int, msgspec.Meta(ge=1)]
    spools: dict[SpoolName, SpoolPosition] = {}


class Mark(_Control, frozen=True, tag="mark"):
    """The events since the last mark are the lines of `spool` up to this place."""

    spool: SpoolName
    segment: Count
    offset: Count
    check: Check = ""

    @property
    def place(self) -> SpoolPosition:
        """The place alone."""
        return SpoolPosition(self.segment, self.offset, self.check)


class CaughtUp(_Control, frozen=True, tag="caught-up"):
    """Everything in the spools was sent on this connection, or stored before it."""


class Stored(_Control, frozen=True, tag="stored"):
    """All batches up to the `marks`-th mark of this connection survive the death of the machine."""

    marks: Count


class Deckies(_Control, frozen=True, tag="deckies"):
    """How the sensor's deckies stand."""

    standings: Standings


class Assign(_Control, frozen=True, tag="assign"):
    """A part of a signed assignment."""

    version: Count
    part: Annotated[int, msgspec.Meta(ge=0, le=255)]
    parts: Annotated[int, msgspec.Meta(ge=1, le=256)]
    content: bytes


class Ping(_Control, frozen=True, tag="ping"):
    """Keep-alive."""


class Farewell(_Control, frozen=True, tag="farewell"):
    """The listener ends the connection; the reason."""

    reason: Annotated[str, msgspec.Meta(max_length=512)]
    revoked: bool = False
    """Whether the sensor is no member of the fleet any more."""


FromForwarder = Hello | Mark | CaughtUp | Deckies | Ping
FromListener = Welcome | Stored | Assign | Ping | Farewell

_encoder = msgspec.json.Encoder()
_from_forwarder: msgspec.json.Decoder[FromForwarder] = msgspec.json.Decoder(FromForwarder)
_from_listener: msgspec.json.Decoder[FromListener] = msgspec.json.Decoder(FromListener)


def encode(control: FromForwarder | FromListener) -> bytes:
    return _encoder.encode(control)


def from_forwarder(content: bytes) -> FromForwarder | None:
    """Return a forwarder's message; None when it is not of this protocol."""
    try:
        return _from_forwarder.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def from_listener(content: bytes) -> FromListener | None:
    """Return a listener's message; None when it is not of this protocol."""
    try:
        return _from_listener.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
