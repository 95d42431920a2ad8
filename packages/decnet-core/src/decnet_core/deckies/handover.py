# SPDX-License-Identifier: MIT
"""The client of one process of `decoys`: hands it deckies with their sockets. Blocking, for a worker's thread."""

from __future__ import annotations

import array
import contextlib
import socket
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal, TypeVar

import msgspec

from decnet_core.deckies.assignment import AssignedDecky
from decnet_core.deckies.messages import (
    LARGEST_PACKET,
    MOST_SOCKETS,
    Done,
    Expect,
    Lend,
    ListPlayed,
    PlacedFile,
    PlaceFiles,
    Play,
    Refused,
    Request,
    Withdraw,
    decode_reply,
    encode,
)
from decnet_core.errors import CoreError
from decnet_core.net.inherited import passed
from decnet_core.net.unix_peer import entitled, peer_uid
from decnet_core.state import State

T = TypeVar("T")

_ROOM = socket.CMSG_SPACE(array.array("i").itemsize)
REPLY_SECONDS = 30.0
"""`decoys` opens a decky within milliseconds; one that is silent for this long hangs, or is stopped."""


class HandoverError(CoreError):
    """The request was refused, or nobody answers; the message says why."""


def handover_socket(state: State, share: str) -> Path:
    """Return where a process of `decoys` listens; `share` is its name (`decoys`, `decoys.2`)."""
    return state.run_of("decoys") / f"{share}.sock"


def handover_sockets(state: State) -> list[Path]:
    """Return where the processes of `decoys` listen, the first one's first; one that has ended may be among them."""
    return sorted(state.run_of("decoys").glob("decoys*.sock"), key=lambda path: (len(path.name), path.name))


class HandoverClient:
    """One connection; a context manager."""

    def __init__(self, path: Path) -> None:
        """Connect; raises HandoverError when nobody listens there, or one who is not entitled to."""
        self._path = path
        self._descriptors: list[int] = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET | socket.SOCK_CLOEXEC)
        self._socket.settimeout(REPLY_SECONDS)
        try:
            self._socket.connect(str(path))
            uid = peer_uid(self._socket)
            trusted = entitled(uid, path.parent)
        except OSError as error:
            self.close()
            raise HandoverError(f"decoys cannot be reached at {path}: {error.strerror}") from error
        if not trusted:
            self.close()
            raise HandoverError(f"user {uid} listens at {path}, who is not the owner of the directory: not connected")

    def __enter__(self) -> HandoverClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._socket.close()

    def play(self, decky: AssignedDecky, sockets: Sequence[socket.socket | None]) -> None:
        """Have the decky played, instead of one of its name; its ports are served when this returns.

        `sockets` are those of `decky.endpoints()` and then of `decky.data_endpoints()`, which are bound, and those of
        `decky.clients`; they may be closed afterwards. None stands for the one that `decoys` has already: that port is
        never closed. Raises HandoverError.
        """
        sent = {index: each.fileno() for index, each in enumerate(sockets) if each is not None}
        if len(sent) > MOST_SOCKETS:
            raise HandoverError(f"{len(sent)} sockets are too many for one decky: at most {MOST_SOCKETS}")
        self._ask(Play(decky, tuple(sent)), list(sent.values()))

    def withdraw(self, name: str) -> None:
        """Have the decky's ports closed and its connections ended. Raises HandoverError."""
        self._ask(Withdraw(name))

    def played(self) -> dict[str, int]:
        """Return names and versions of the deckies that were handed over and are played. Raises HandoverError."""
        return self._ask(ListPlayed()).played

    def expect(self, decky: str, source: tuple[str, int], session: str) -> None:
        """Have the next connection to a decky from `source`, which the caller has bound, taken for synthetic.

        Its events carry `session`. Raises HandoverError, also when another process plays the decky.
        """
        self._ask(Expect(decky, *source, session))

    def lend(self, decky: str, version: Literal[4, 6]) -> int:
        """Return the descriptor of a socket that connects from the decky, not bound yet and the caller's to close.

        It is lent until this connection is closed, which ends its own, too. Raises HandoverError, also when another
        process plays the decky or all are lent.
        """
        self._ask(Lend(decky, version))
        if not self._descriptors:
            raise HandoverError("no socket came")
        return self._descriptors.pop()

    def place(self, decky: str, files: Sequence[PlacedFile]) -> None:
        """Have files put on a decky's machine; all of a request must fit into LARGEST_PACKET. Raises HandoverError."""
        self._ask(PlaceFiles(decky, tuple(files)))

    def _ask(self, request: Request, descriptors: Sequence[int] = ()) -> Done:
        packet = encode(request)
        if len(packet) > LARGEST_PACKET:
            raise HandoverError(f"its description has {len(packet)} bytes: at most {LARGEST_PACKET} can be handed over")
        reply: Done | Refused = Refused("it closed the connection")
        try:
            socket.send_fds(self._socket, [packet], list(descriptors))
            answer, ancillary, _, _ = self._socket.recvmsg(LARGEST_PACKET, _ROOM, socket.MSG_CMSG_CLOEXEC)
            self._descriptors += passed(ancillary)
        except OSError as error:
            raise HandoverError(f"no answer from decoys at {self._path}: {error.strerror or 'timed out'}") from error
        if answer:
            with contextlib.suppress(msgspec.DecodeError):
                reply = decode_reply.decode(answer)
        if isinstance(reply, Refused):
            raise HandoverError(reply.reason)
        return reply


def first_of(state: State, ask: Callable[[Path], T]) -> T:
    """Return what `ask` does of the first process of decoys, given by its socket, that does not refuse.

    Raises HandoverError when all do.
    """
    reason = "decoys does not run here"
    for path in handover_sockets(state):
        try:
            return ask(path)
        except HandoverError as error:
            reason = str(error)
    raise HandoverError(reason)


def ask_one_of(state: State, request: Callable[[HandoverClient], None]) -> None:
    """Make a request of the first process of decoys that does not refuse it; raises HandoverError when all do."""

    def ask(path: Path) -> None:
        with HandoverClient(path) as client:
            request(client)

    first_of(state, ask)
