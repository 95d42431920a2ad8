# SPDX-License-Identifier: MIT
"""Has asyncssh compute a server's part of a key exchange in steps, when it is the client's turn (`key_exchanges`).

asyncssh does it all while it handles the client's packet, but waits for a handler that is a coroutine: so its handler
of the packet that begins the computation is replaced by one.
"""

import sys
from collections.abc import Coroutine
from typing import Any

from decnet_core.net.addresses import source_of
from decnet_decoys.processor import scheduler
from decnet_decoys.ssh.engine import asyncssh
from decnet_decoys.ssh.key_exchanges import KeyExchanges, Steps

_ATTRIBUTE = "_decnet_key_exchanges"
_kex: Any = sys.modules["asyncssh.kex_dh"]
_compute_at_once = _kex._KexDHBase._process_init


def order(connection: Any, exchanges: KeyExchanges, address: str) -> None:
    """Have the key exchanges of a connection from `address` wait for their turn."""
    setattr(connection, _ATTRIBUTE, (exchanges, source_of(address)))


def _process_init(kex: Any, kind: int, number: int, packet: Any) -> Coroutine[Any, Any, None] | None:
    """Handle the client's public value."""
    ordered = getattr(kex._conn, _ATTRIBUTE, None)
    if ordered is None:
        _compute_at_once(kex, kind, number, packet)
        return None
    kex._parse_client_key(packet)
    packet.check_end()
    return _reply(kex, *ordered)


async def _reply(kex: Any, exchanges: KeyExchanges, source: str) -> None:
    connection = kex._conn
    account = scheduler.ACCOUNT.get()
    key = connection.get_server_host_key()
    found = await exchanges.computed(_steps(kex, key), account, source)
    if found is None:
        connection.abort()
    elif connection._transport is not None:
        secret, digest, signature = found
        kex._send_reply(key.public_data, signature)
        connection.send_newkeys(secret, digest)


def _steps(kex: Any, key: Any) -> Steps[tuple[bytes, bytes, bytes]]:
    """Compute the shared secret, the exchange hash and its signature (RFC 4253 §8)."""
    if kex._p:
        if not 1 <= kex._e < kex._p:
            raise asyncssh.ProtocolError("Kex DH e out of range")
        kex._dh = _kex.DH(kex._g, kex._p)
        kex._f = kex._dh.get_public()
        yield
        secret = _kex.MPInt(kex._dh.get_shared(kex._e))
    else:
        secret = kex._compute_server_shared()
    yield
    digest = kex._compute_hash(key.public_data, secret)
    return secret, digest, key.sign(digest)


def _replace_handlers() -> None:
    for kind in vars(_kex).values():
        handlers: Any = getattr(kind, "_packet_handlers", {})
        for number, handler in list(handlers.items()):
            if handler is _compute_at_once:
                handlers[number] = _process_init


_replace_handlers()
