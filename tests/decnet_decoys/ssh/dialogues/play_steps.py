# SPDX-License-Identifier: MIT
"""Steps of a dialogue that are more than a payload."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.decnet_decoys.ssh.dialogues.raw_client import COMPRESSION, KEX, RawClient, kexinit, request, string
from tests.decnet_decoys.ssh.dialogues.transcript import shown

HEAR: Literal["hear"] = "hear"
"""A step: the client waits until the server says nothing more."""
KEYS_SECONDS = 3.0
"""More than a server that changes the keys takes for it."""
ClearStep: TypeAlias = "bytes | Literal['hear']"
"""What a client sends without keys, or HEAR."""
Step: TypeAlias = "bytes | Literal['hear'] | Callable[[RawClient], Awaitable[list[str]] | None]"
"""A payload, HEAR, or what sends something else and may return what it heard."""


@dataclass(frozen=True)
class Dialogue:
    """A dialogue with keys: what is offered, whether there is a login, and what is sent then."""

    steps: Sequence[Step]
    login: bool = False
    kex: bytes = KEX
    compression: bytes = COMPRESSION

    def offer(self) -> bytes:
        return kexinit(kex=self.kex, compression=(self.compression, self.compression))


class Bare:
    """What stands for a packet: encrypted, with its MAC, but neither checked nor padded."""

    def __init__(self, clear: bytes) -> None:
        self._clear = clear

    def __call__(self, client: RawClient) -> None:
        client.send_bare(self._clear)


def broken_mac(payload: bytes) -> Step:
    """Return what sends a packet with a wrong MAC."""
    return lambda client: client.send(payload, mac_of=b"something else")


def signed(key: Ed25519PrivateKey, blob: bytes, *, user: bytes = b"root", data: bytes = b"") -> Step:
    """Return what logs in by a key (RFC 4252 §7); with `data`, the signature is of that."""
    asked = request(user, b"publickey", b"\1" + string(b"ssh-ed25519") + string(blob))

    def step(client: RawClient) -> None:
        signature = key.sign(data or string(client.session) + asked)
        client.send(asked + string(string(b"ssh-ed25519") + string(signature)))

    return step


def new_keys(*meanwhile: bytes) -> Step:
    """Return what changes the keys, sending those payloads after its offer."""

    async def step(client: RawClient) -> list[str]:
        client.passed.clear()
        said = "new keys"
        try:
            async with asyncio.timeout(KEYS_SECONDS):
                await client.exchange_keys_again(*meanwhile)
        except (ConnectionError, TimeoutError):
            said = "no new keys"
        return [*map(shown, client.passed), said]

    return step


def uncompressed(payload: bytes) -> Step:
    """Return what sends a payload as if there were no compression."""
    return lambda client: client.send_uncompressed(payload)


def logs_in(user: bytes = b"", after: bytes = b"", flag: bytes = b"\0") -> Step:
    """Return what sends the right password, for that user if one is named, with `after` behind it."""

    def step(client: RawClient) -> None:
        client.send(request(user or client.user, b"password", flag + string(client.password) + after))

    return step


def proves(*more: bytes, reply: bool = True) -> Step:
    """Return what asks for a proof of the host key that was used, and of others."""

    def step(client: RawClient) -> None:
        keys = b"".join(map(string, (client.host_key, *more)))
        client.send(b"\x50" + string(b"hostkeys-prove-00@openssh.com") + bytes([reply]) + keys)

    return step
