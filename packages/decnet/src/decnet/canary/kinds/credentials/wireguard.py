# SPDX-License-Identifier: MIT
"""The configuration of a WireGuard client; the canary is its server."""

import base64
import os

from decnet.canary.kinds.kind import Bait, Kind, Token, text_file
from decnet_core.canary import SlugKind
from decnet_workers.canary.wireguard import server_key

_FILE = """[Interface]
PrivateKey = {private}
Address = 10.66.0.7/32
DNS = 10.66.0.1

[Peer]
PublicKey = {public}
AllowedIPs = 10.0.0.0/8
Endpoint = {endpoint}
PersistentKeepalive = 25
"""


def _make(token: Token) -> Bait:
    private = bytearray(os.urandom(32))  # clamped as X25519 wants it (RFC 7748 §5)
    private[0] &= 248
    private[31] = private[31] & 127 | 64
    text = _FILE.format(
        private=base64.b64encode(private).decode(),
        public=base64.b64encode(server_key(token.key, token.slug)).decode(),
        endpoint=token.wireguard,
    )
    return text_file("wg0.conf", text)


KIND = Kind(
    SlugKind.WIREGUARD,
    _make,
    trips="a WireGuard client that is started with the file: its first handshake message names the server's key",
    reveals="the address and the time",
    needs=("wireguard",),
    path="/etc/wireguard/wg0.conf",
    mode=0o600,
)
