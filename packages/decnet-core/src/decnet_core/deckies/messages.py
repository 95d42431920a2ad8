# SPDX-License-Identifier: MIT
"""Requests of `reconciler`, `orchestrator` and the operator to `decoys`.

A request is a JSON document, and a packet of a SOCK_SEQPACKET connection.

The sockets of a decky travel beside Play (SCM_RIGHTS, unix(7)). One request, one reply; both sides are our own.
"""

from typing import Annotated, Literal

import msgspec

from decnet_core.deckies.assignment import AssignedDecky

LARGEST_PACKET = 128 * 1024
"""Bytes; the kernel takes about 200 KiB by default (net.core.wmem_default)."""
MOST_SOCKETS = 250
"""Of one decky; the kernel passes at most 253 descriptors with a message (SCM_MAX_FD)."""


CLIENT_MARK = 0xDEC1
"""SO_MARK of the sockets of `clients`, which the packet filter lets pass: only CAP_NET_ADMIN can set it."""


class Play(msgspec.Struct, frozen=True, tag="play"):
    """Play this decky, instead of one of the same name."""

    decky: AssignedDecky
    sent: tuple[int, ...]
    """Which of its `endpoints` the descriptors are bound to, by index; those of the others it has already."""


class Withdraw(msgspec.Struct, frozen=True, tag="withdraw"):
    """Close the decky's ports and end its connections; one that is not played is no error."""

    name: str


class ListPlayed(msgspec.Struct, frozen=True, tag="list"):
    """Tell which deckies are played."""


class Expect(msgspec.Struct, frozen=True, tag="expect"):
    """Take the next connection to this decky from this address and port for synthetic.

    It must come within seconds; the port is bound by whoever asks.
    """

    decky: str
    address: str
    port: Annotated[int, msgspec.Meta(ge=1, le=65535)]
    session: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    """What its events carry as their session."""


class Lend(msgspec.Struct, frozen=True, tag="lend"):
    """Lend a socket that connects from this decky, of which the reply has a descriptor, while the connection lasts."""

    decky: str
    version: Literal[4, 6]
    """Of IP."""


class PlacedFile(msgspec.Struct, frozen=True):
    """A file on a decky's machine; of an owner whom the machine does not know it is root's."""

    path: Annotated[str, msgspec.Meta(min_length=2, max_length=1024, pattern=r"^/[^\x00-\x1f]*$")]
    content: bytes
    owner: str
    mode: Annotated[int, msgspec.Meta(ge=0, le=0o7777)]
    mtime: int
    """Unix time, in seconds."""
    token: Annotated[str, msgspec.Meta(max_length=64)] = ""
    """The canary token in it: reading it is an event; empty: it is no bait."""


class PlaceFiles(msgspec.Struct, frozen=True, tag="place"):
    """Put these files on the decky's machine, instead of those of the same paths."""

    decky: str
    files: tuple[PlacedFile, ...]


class Done(msgspec.Struct, frozen=True, tag="done"):
    """The request was carried out; `played` are names and versions, asked for by ListPlayed."""

    played: dict[str, int] = {}


class Refused(msgspec.Struct, frozen=True, tag="refused"):
    """The request was not carried out, for this reason; nothing has changed."""

    reason: str


Request = Play | Withdraw | ListPlayed | Expect | Lend | PlaceFiles
Reply = Done | Refused

encode = msgspec.json.Encoder().encode
decode_request: msgspec.json.Decoder[Request] = msgspec.json.Decoder(Request)
decode_reply: msgspec.json.Decoder[Reply] = msgspec.json.Decoder(Reply)
