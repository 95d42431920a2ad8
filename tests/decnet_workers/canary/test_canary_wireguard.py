# SPDX-License-Identifier: MIT
"""A WireGuard handshake names its token by the planted server key."""

from __future__ import annotations

import asyncio
import hashlib
import os
import socket
from collections.abc import Awaitable, Callable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from decnet_core.events.catalogue import CanaryHit, ServiceRequest
from decnet_workers.canary.wireguard import INITIATION_BYTES, MOST_TOKENS, PlantedKeys, server_key, slug_of_number

Start = Callable[..., Awaitable[Any]]
KEY = bytes(range(32))


def initiation(public: bytes) -> bytes:
    """Return a first message to the server with a public key, as far as its MAC depends on that (white paper 5.4.4)."""
    content = b"\1\0\0\0" + os.urandom(112)
    mac_key = hashlib.blake2s(b"mac1----" + public).digest()
    return content + hashlib.blake2s(content, digest_size=16, key=mac_key).digest() + bytes(16)


def test_each_numbered_token_is_found_by_its_key() -> None:
    keys = PlantedKeys(KEY)
    for number in (0, 1, MOST_TOKENS - 1):
        slug = slug_of_number(KEY, number)
        assert keys.token_of(initiation(server_key(KEY, slug.text))) == slug
    assert keys.token_of(initiation(os.urandom(32))) is None
    assert PlantedKeys(bytes(32)).token_of(initiation(server_key(KEY, slug_of_number(KEY, 0).text))) is None


@given(st.binary(max_size=200) | st.binary(min_size=INITIATION_BYTES - 4, max_size=INITIATION_BYTES - 4))
def test_any_other_datagram_is_no_token(data: bytes) -> None:
    assert PlantedKeys(KEY).token_of(data) is None
    assert PlantedKeys(KEY).token_of(b"\1\0\0\0" + data) is None


async def test_a_handshake_is_a_hit_and_gets_no_answer(start_canary: Start) -> None:
    canary = await start_canary(wireguard_listen="127.0.0.1:0")
    slug = slug_of_number(canary.key, 3)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setblocking(False)
        sock.connect(canary.wireguard)
        sock.send(initiation(server_key(canary.key, slug.text)))
        sock.send(b"scan")
        async with asyncio.timeout(120):
            while len(canary.events()) < 2:
                await asyncio.sleep(0.01)
        assert await _nothing(sock)
    first, second = canary.events()
    assert first.payload == CanaryHit(slug.text, "wireguard", "handshake initiation")
    assert second.payload == ServiceRequest("wireguard", "datagram", {"bytes": "4"})


async def _nothing(sock: socket.socket) -> bool:
    try:
        sock.recv(2048)
    except BlockingIOError:
        return True
    return False
