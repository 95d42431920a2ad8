# SPDX-License-Identifier: MIT
"""The messages between a supervisor and its zygote: one JSON document per packet of a SOCK_SEQPACKET pair.

Descriptors travel beside the messages (SCM_RIGHTS, unix(7)): with Fork the child's output and lifeline, a pipe with the
secrets that it needs, which all later children would inherit were they in the message, and its sockets; with ForkZygote
the child's output, lifeline and its end of a pair; with Forked a pidfd, so that a signal can never reach another
process that got the same number.
"""

import msgspec

LARGEST_PACKET = 64 * 1024


class Fork(msgspec.Struct, frozen=True, tag="fork"):
    """Start worker `name`, the class at `place`; `environment` is added to the zygote's."""

    request: int
    """Repeated in the reply."""
    name: str
    place: str
    environment: dict[str, str]
    sockets: tuple[str, ...] = ()
    """Names of the last descriptors: sockets that were held for it (`net.inherited`)."""


class ForkZygote(msgspec.Struct, frozen=True, tag="fork zygote"):
    """Start a zygote that imports more, for the classes at `places`; it shares what this one has imported.

    Somebody waits for its first children: it imports what the first needs when that is to be forked, and leaves the
    rest until `Prepare`.
    """

    request: int
    """Repeated in the reply."""
    name: str
    places: tuple[str, ...]


class Prepare(msgspec.Struct, frozen=True, tag="prepare"):
    """Do what a zygote has left out that another one has forked, for the classes at `places`.

    `Preloaded` is the reply. All at once: what is prepared later writes to pages that children share by then.
    """

    places: tuple[str, ...]


class Reload(msgspec.Struct, frozen=True, tag="reload"):
    """Execute the zygote again, with the code that is installed now; its children stay."""


class Notify(msgspec.Struct, frozen=True, tag="notify"):
    """Pass `state` on to who started the zygote (sd_notify(3)), who listens to its main process only."""

    state: str


class Forked(msgspec.Struct, frozen=True, tag="forked"):
    """The reply to `Fork`; `pid` is 0 if it failed, for the reason given."""

    request: int
    pid: int
    reason: str = ""


class Exited(msgspec.Struct, frozen=True, tag="exited"):
    """A child has exited; `code` is negative for the signal that killed it."""

    pid: int
    code: int


class Preloaded(msgspec.Struct, frozen=True, tag="preloaded"):
    """The zygote has loaded what its children share, and is ready to fork."""

    pid: int
    modules: int
    seconds: float


Request = Fork | ForkZygote | Prepare | Reload | Notify
Message = Forked | Exited | Preloaded

encode = msgspec.json.Encoder().encode
decode_request: msgspec.json.Decoder[Request] = msgspec.json.Decoder(Request)
decode_message: msgspec.json.Decoder[Message] = msgspec.json.Decoder(Message)
