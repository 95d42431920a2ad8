# SPDX-License-Identifier: MIT
"""Takes requests of other workers and the operator: a UNIX socket, each packet is one (`decnet_core.deckies`)."""

import array
import asyncio
import contextlib
import logging
import os
import socket
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from decnet_core.deckies.messages import (
    LARGEST_PACKET,
    MOST_SOCKETS,
    Done,
    Expect,
    Lend,
    ListPlayed,
    PlaceFiles,
    Play,
    Refused,
    Reply,
    Request,
    Withdraw,
    decode_request,
    encode,
)
from decnet_core.exits import StartupError
from decnet_core.net.addresses import peer_address
from decnet_core.net.inherited import close_all, passed
from decnet_core.net.unix_peer import entitled, peer_uid
from decnet_decoys.assigned.assignments import AssignmentError, Assignments
from decnet_decoys.assigned.placed_files import PlacementError
from decnet_decoys.decky_context import FleetResources

log = logging.getLogger(__name__)

RECONCILERS, ORCHESTRATOR = ("reconciler", "sensor-reconciler"), "orchestrator"
_ASKED_BY: dict[type[Any], tuple[str, ...]] = {
    Play: RECONCILERS,
    Withdraw: RECONCILERS,
    Expect: (ORCHESTRATOR,),
    Lend: (ORCHESTRATOR,),
    PlaceFiles: (ORCHESTRATOR,),
}

_MOST_CLIENTS = 32
_ROOM = socket.CMSG_SPACE((MOST_SOCKETS + 3) * array.array("i").itemsize)


class HandoverServer:
    def __init__(
        self,
        path: Path,
        clients: Mapping[str, Path],
        assignments: Assignments,
        resources: FleetResources,
        spawn: Callable[..., asyncio.Task[Any]],
    ) -> None:
        """`clients` are workers, each with the directory that it owns; root and this account may do what they may."""
        self._path = path
        self._clients_of = clients
        self._assignments = assignments
        self._resources = resources
        self._spawn = spawn
        self._socket: socket.socket | None = None
        self._clients: set[asyncio.Task[Any]] = set()

    def open(self) -> None:
        """Listen; raises StartupError when that is impossible."""
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
        try:
            self._path.unlink(missing_ok=True)
            listening.bind(str(self._path))
            self._path.chmod(0o660)
            listening.listen(_MOST_CLIENTS)
        except OSError as error:
            listening.close()
            raise StartupError(f"cannot listen on {self._path}: {error.strerror or error}") from error
        self._socket = listening
        asyncio.get_running_loop().add_reader(listening, self._accept)

    async def close(self) -> None:
        """Stop listening and end what is under way; safe to call twice."""
        if self._socket is None:
            return
        asyncio.get_running_loop().remove_reader(self._socket)
        self._socket.close()
        self._socket = None
        self._path.unlink(missing_ok=True)
        clients = list(self._clients)
        for client in clients:
            client.cancel()
        await asyncio.gather(*clients, return_exceptions=True)

    def _accept(self) -> None:
        assert self._socket is not None
        with contextlib.suppress(OSError):
            client, _ = self._socket.accept()
            workers = self._workers(client)
            if len(self._clients) >= _MOST_CLIENTS or not workers:
                client.close()
                return
            client.setblocking(False)
            task = self._spawn(self._serve(client, workers), name="decoys-handover", may_end=True)
            self._clients.add(task)
            task.add_done_callback(self._clients.discard)

    def _workers(self, client: socket.socket) -> frozenset[str]:
        """Return which workers' requests the client may make."""
        uid = peer_uid(client)
        found = frozenset(name for name, directory in self._clients_of.items() if _entitled(uid, directory))
        if not found:
            log.warning("user %d wanted to hand over deckies and was turned away", uid)
        return found

    async def _serve(self, client: socket.socket, workers: frozenset[str]) -> None:
        with client, contextlib.suppress(OSError), contextlib.ExitStack() as lent:
            while (received := await _received(client)) is not None:
                request, sockets = _permitted(*received, workers)
                if isinstance(request, Lend):
                    self._lend(client, request, lent)
                    continue
                reply = await self._carried_out(request, sockets)
                await asyncio.get_running_loop().sock_sendall(client, encode(reply))

    def _lend(self, client: socket.socket, request: Lend, lent: contextlib.ExitStack) -> None:
        """Lend a socket until the stack is closed; raises OSError when the client has left."""
        try:
            sockets = self._assignments.clients(request.decky)
            one = sockets.lend(request.version)
        except (AssignmentError, OSError) as error:
            client.send(encode(Refused(str(error))))
            return
        lent.callback(sockets.give_back, one)
        socket.send_fds(client, [encode(Done())], [one.fileno()])

    async def _carried_out(self, request: Request | Refused | None, sockets: list[socket.socket]) -> Reply:
        assignments = self._assignments
        try:
            match request:
                case Refused():
                    return request
                case Play(decky, sent) if len(sent) == len(sockets):
                    given, sockets = sockets, []  # theirs from now on
                    await assignments.play(decky, given)
                case Withdraw(name):
                    await assignments.withdraw(name)
                case Expect(decky, address, port, session):
                    assignments.check_played(decky)
                    self._resources.expected.expect(decky, peer_address(address), port, session)
                case PlaceFiles(decky, files):
                    assignments.check_played(decky)
                    self._resources.placed.place(decky, files)
                case ListPlayed():
                    return Done(assignments.versions)
                case _:
                    return Refused("the request cannot be read: decoys and reconciler are of different versions")
        except (AssignmentError, PlacementError) as error:
            return Refused(str(error))
        except OSError as error:
            return Refused(f"{error.filename or 'a socket'}: {error.strerror or error}")
        finally:
            for each in sockets:
                each.close()
        return Done()


def _permitted(
    request: Request | None, sockets: list[socket.socket], workers: frozenset[str]
) -> tuple[Request | Refused | None, list[socket.socket]]:
    """Return the request if it is one of these workers', else its refusal."""
    allowed = _ASKED_BY.get(type(request))
    refused = allowed is not None and workers.isdisjoint(allowed)
    return Refused(f"only {allowed[0]} may ask for that") if allowed and refused else request, sockets


def _entitled(uid: int, directory: Path) -> bool:
    try:
        return entitled(uid, directory)
    except FileNotFoundError:  # that worker has never run here
        return uid in (0, os.geteuid())


async def _received(client: socket.socket) -> tuple[Request | None, list[socket.socket]] | None:
    """Return the next request and its sockets, None for one that cannot be read; None at the end."""
    await _readable(client)
    data, ancillary, flags, _ = client.recvmsg(LARGEST_PACKET, _ROOM, socket.MSG_CMSG_CLOEXEC)
    descriptors = passed(ancillary)
    if not data:
        close_all(descriptors)
        return None
    sockets = _sockets(descriptors)
    truncated = flags & (socket.MSG_TRUNC | socket.MSG_CTRUNC)
    request = None
    if not truncated and len(sockets) == len(descriptors):
        with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError):
            request = decode_request.decode(data)
    return request, sockets


def _sockets(descriptors: Iterable[int]) -> list[socket.socket]:
    """Return those that are sockets, and close the others."""
    found = []
    for number in descriptors:
        try:
            found.append(socket.socket(fileno=number))
        except OSError:
            os.close(number)
    return found


async def _readable(client: socket.socket) -> None:
    loop, ready = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(client, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(client)
