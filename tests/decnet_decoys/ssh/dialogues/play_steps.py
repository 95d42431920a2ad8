# SPDX-License-Identifier: MIT
"""Steps of a dialogue that are more than a payload."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.decnet_decoys.ssh.dialogues.raw_client import RawClient, request, string

Step: TypeAlias = "bytes | Callable[[RawClient], None]"
"""A payload, or what sends something else."""


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
