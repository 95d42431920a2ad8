# SPDX-License-Identifier: MIT
"""The processes of `decoys` as one: each decky is played by one of them, the one that plays fewest."""

from __future__ import annotations

import contextlib
import socket
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from decnet_core.deckies.assignment import AssignedDecky
from decnet_core.deckies.handover import HandoverClient, HandoverError


class DecoysProcesses:
    """A connection to each; they are made again when they break."""

    def __init__(self, sockets: Callable[[], list[Path]]) -> None:
        """`sockets` returns where they listen."""
        self._sockets = sockets
        self._clients: dict[Path, HandoverClient] = {}
        self._players: dict[str, list[Path]] = {}

    def played(self) -> dict[str, int]:
        """Return names and versions of what is played; of what several play the lowest. Raises HandoverError."""
        found: dict[str, int] = {}
        self._players.clear()
        paths = self._sockets()
        for path in set(self._clients) - set(paths):
            self._clients.pop(path).close()
        reached = [path for path in paths if self._ask(path, found)]
        if not reached:
            raise HandoverError("decoys does not run")
        return found

    def play(self, decky: AssignedDecky, sockets: Sequence[socket.socket | None]) -> None:
        """Have the decky played, by who plays it already; raises HandoverError."""
        counts = Counter(dict.fromkeys(self._sockets(), 0))
        counts.update(path for players in self._players.values() for path in players if path in counts)
        if not counts:
            raise HandoverError("decoys does not run")
        players = self._players.get(decky.name) or counts
        path = min(players, key=lambda one: (counts[one], str(one)))
        with self._client(path) as client:
            client.play(decky, sockets)
        self._players[decky.name] = [path]

    def withdraw(self, name: str) -> None:
        """Have the decky's ports closed by all that play it; raises HandoverError."""
        for path in self._players.pop(name, []):
            with self._client(path) as client:
                client.withdraw(name)

    def close(self) -> None:
        for client in self._clients.values():
            client.close()
        self._clients.clear()

    def _ask(self, path: Path, found: dict[str, int]) -> bool:
        """Add what the process plays; False when it cannot be reached, not even by a new connection."""
        for _ in range(1 + (path in self._clients)):
            with contextlib.suppress(HandoverError), self._client(path) as client:
                for name, version in client.played().items():
                    found[name] = min(version, found.get(name, version))
                    self._players.setdefault(name, []).append(path)
                return True
        return False

    @contextlib.contextmanager
    def _client(self, path: Path) -> Iterator[HandoverClient]:
        """Yield the connection to a process, made if there is none; after an error it is made anew."""
        if path not in self._clients:
            self._clients[path] = HandoverClient(path)
        try:
            yield self._clients[path]
        except HandoverError:
            self._clients.pop(path).close()
            raise
