# SPDX-License-Identifier: MIT
"""A small `decoys`: is handed deckies, and answers each client with the name and version of one."""

from __future__ import annotations

import selectors
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from decnet_core.deckies.assignment import Transport
from decnet_core.deckies.messages import (
    LARGEST_PACKET,
    Done,
    Expect,
    Lend,
    ListPlayed,
    PlaceFiles,
    Play,
    Refused,
    Reply,
    decode_request,
    encode,
)

Endpoint = tuple[str, Transport, int]


class Player:
    """A thread that serves until it is closed; `refused` maps names of deckies to reasons."""

    def __init__(self, path: Path) -> None:
        self.refused: dict[str, str] = {}
        self.requests: list[str] = []
        self._deckies: dict[str, tuple[int, dict[Endpoint, socket.socket]]] = {}
        self._selector = selectors.DefaultSelector()
        self._stop, self._stopped = socket.socketpair()
        self._server = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        self._server.bind(str(path))
        self._server.listen()
        self._selector.register(self._server, selectors.EVENT_READ, self._accept)
        self._selector.register(self._stopped, selectors.EVENT_READ, None)
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def close(self) -> None:
        """End, as a kill would: all its sockets are closed."""
        self._stop.close()
        self._thread.join()
        for key in list(self._selector.get_map().values()):
            key.fileobj.close()  # type: ignore[union-attr]
        self._selector.close()
        for _, sockets in self._deckies.values():
            for sock in sockets.values():
                sock.close()

    def _run(self) -> None:
        while True:
            for key, _ in self._selector.select():
                if key.data is None:
                    return
                key.data(key.fileobj)

    def _accept(self, server: socket.socket) -> None:
        self._selector.register(server.accept()[0], selectors.EVENT_READ, self._request)

    def _request(self, connection: socket.socket) -> None:
        packet, descriptors, _, _ = socket.recv_fds(connection, LARGEST_PACKET, 250)
        if not packet:
            self._selector.unregister(connection)
            connection.close()
            return
        connection.send(encode(self._reply(packet, [socket.socket(fileno=number) for number in descriptors])))

    def _reply(self, packet: bytes, sockets: list[socket.socket]) -> Reply:
        request = decode_request.decode(packet)
        if isinstance(request, ListPlayed):
            return Done({name: version for name, (version, _) in self._deckies.items()})
        if isinstance(request, Expect | Lend | PlaceFiles):
            return Refused("no connections of the fleet are expected here")
        name = request.decky.name if isinstance(request, Play) else request.name
        self.requests.append(f"{type(request).__name__.lower()} {name}")
        if isinstance(request, Play) and name in self.refused:
            for sock in sockets:
                sock.close()
            return Refused(self.refused[name])
        before = self._deckies.pop(name, (0, {}))[1]
        for sock in before.values():
            if sock.type == socket.SOCK_STREAM:
                self._selector.unregister(sock)
        if isinstance(request, Play):
            fresh = dict(zip(request.sent, sockets, strict=True))
            endpoints = [(address, service.transport, service.port) for address, service in request.decky.endpoints()]
            endpoints += [(address, "tcp", port) for address, port in request.decky.data_endpoints()]
            for at in [at for at in fresh if at >= len(endpoints)]:  # those of clients
                fresh.pop(at).close()
            now = {one: fresh[at] if at in fresh else before.pop(one) for at, one in enumerate(endpoints)}
            self._deckies[name] = (request.decky.version, now)
            self._serve(
                f"{name} {request.decky.version}".encode(), list(now.values())[: len(request.decky.endpoints())]
            )
        for sock in before.values():
            sock.close()
        return Done()

    def _serve(self, greeting: bytes, sockets: list[socket.socket]) -> None:
        def greet(listener: socket.socket) -> None:
            with listener.accept()[0] as client:
                client.sendall(greeting)

        for sock in sockets:
            if sock.type == socket.SOCK_STREAM:
                self._selector.register(sock, selectors.EVENT_READ, greet)


@contextmanager
def player(path: Path) -> Iterator[Player]:
    running = Player(path)
    try:
        yield running
    finally:
        running.close()
