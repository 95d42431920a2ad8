# SPDX-License-Identifier: MIT
"""Opens the ports of the settings' deckies. One whose port another program has waits for it, and keeps no other back.

A port is often taken for a moment only, as at boot or while another fleet ends, so all deckies may wait at once: the
worker runs, `decnet status` says first that they wait, and the log names them.
"""

import asyncio
import logging
import socket
from collections.abc import Sequence

from decnet_core.runtime.context import Context
from decnet_decoys.decky import Decky
from decnet_decoys.endpoint import Endpoint, by_endpoint
from decnet_decoys.personas.catalog import persona
from decnet_decoys.played import PlayedDeckies
from decnet_decoys.services.listener import TakenError

log = logging.getLogger(__name__)

_AGAIN_SECONDS = 10.0
_OWN = "settings/deckies"
"""What the sockets of the settings' deckies are kept as, after the process's name: no decky is called so."""


class SettingsDeckies:
    """The deckies of the settings, as this process plays them."""

    def __init__(self, played: PlayedDeckies, ctx: Context) -> None:
        self._played = played
        self._ctx = ctx
        self._own = f"{ctx.name}/{_OWN}"
        self._waiting: list[Decky] = []
        ctx.counters.read_from(lambda: {"decoys_ports_taken": len(self._waiting)})

    async def open(self, fleet: Sequence[Decky]) -> None:
        """Open all ports, with the sockets of former processes as far as there are some.

        Raises StartupError for what waiting does not mend.
        """
        store = self._ctx.stored_sockets
        entries = [name for name in store.names if name.endswith(f"/{_OWN}")]  # of all shares: they may be divided anew
        kept = by_endpoint(sock for name in entries for sock in store.take(name))
        refusals = [refusal for decky in fleet if (refusal := self._opened(decky, kept))]
        for sock in kept.values():
            sock.close()
        if self._own in entries:
            await store.forget(self._own)
        await self._keep([decky for decky in fleet if decky not in self._waiting])
        for refusal in refusals:
            log.warning("%s; the decky will be open when the port is free, the others do not wait for it", refusal)
        if self._waiting:
            self._ctx.spawn(self._wait(), name="decoys-taken-ports", may_end=True)

    def _opened(self, decky: Decky, kept: dict[Endpoint, socket.socket]) -> TakenError | None:
        """Open a decky's ports; return what is in the way if it has to wait."""
        try:
            self._played.bind(decky, persona(decky.persona), kept)
        except TakenError as refusal:
            if decky not in self._waiting:
                self._waiting.append(decky)
            return refusal
        if decky in self._waiting:
            self._waiting.remove(decky)
        return None

    async def _wait(self) -> None:
        while self._waiting:
            await asyncio.sleep(_AGAIN_SECONDS)
            for decky in list(self._waiting):
                if self._opened(decky, {}) is None:
                    await self._keep([decky])
                    log.info("decky %s: its ports are free now, and open", decky.name)

    async def _keep(self, fleet: Sequence[Decky]) -> None:
        sockets = [sock for decky in fleet for sock in self._played.sockets(decky.name)]
        await self._ctx.stored_sockets.keep(self._own, sockets)
