# SPDX-License-Identifier: MIT
"""The UDP socket at which WireGuard handshakes are noticed; nothing is ever answered."""

import asyncio
import time
from typing import Any

from decnet_core.events.catalogue import CanaryHit, ServiceRequest
from decnet_core.net.addresses import source_of
from decnet_workers.canary.connection import endpoint
from decnet_workers.canary.receiver import Receiver
from decnet_workers.canary.wireguard import PlantedKeys


class WireGuardDatagrams(asyncio.DatagramProtocol):
    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver
        self._keys = PlantedKeys(receiver.key)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._local = endpoint(transport.get_extra_info("sockname"))

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        receiver, peer = self._receiver, endpoint(addr)
        receiver.came += 1
        if not receiver.rates.allows(source_of(peer[0]), time.monotonic()):
            receiver.counters.add("rate_limited")
            return
        slug = self._keys.token_of(data)
        seen = (
            ServiceRequest("wireguard", "datagram", {"bytes": str(len(data))})
            if slug is None
            else CanaryHit(slug.text, "wireguard", "handshake initiation")
        )
        receiver.emit(seen, src=peer, dst=self._local)
