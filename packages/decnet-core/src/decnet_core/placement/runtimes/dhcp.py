# SPDX-License-Identifier: MIT
"""Asks the DHCP servers of an interface's network for addresses, for many deckies at once.

It is done from the interface itself, in the name of each decky's MAC address, before the decky is there: servers are
asked to answer by broadcast, and an answer to one MAC address alone is heard as well.
"""

import ctypes
import secrets
import socket
import struct
import time
from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address

import msgspec

from decnet_core.placement.runtimes.dhcp_message import DISCOVER, REQUEST, DhcpReply, answer, frame

WAIT_SECONDS = 10.0
"""Until there is no server: some look for four seconds whether an address is in use before they offer it."""
_SEND_AGAIN_SECONDS = (1.0, 2.0, 4.0)
_KEEP_TRIES = 2
"""How often is asked for the address that a client had, before it is asked for any."""
_MOST_FRAMES = 100_000
_SOL_PACKET, _MEMBERSHIP, _PROMISCUOUS = 263, 1, 1
_ATTACH_FILTER = 26
_FILTER = (  # classic BPF: IPv4, UDP, no fragment, to the client's port
    (0x28, 0, 0, 12),
    (0x15, 0, 8, 0x0800),
    (0x30, 0, 0, 23),
    (0x15, 0, 6, 17),
    (0x28, 0, 0, 20),
    (0x45, 4, 0, 0x1FFF),
    (0xB1, 0, 0, 14),
    (0x48, 0, 0, 16),
    (0x15, 0, 1, 68),
    (0x06, 0, 0, 0xFFFF),
    (0x06, 0, 0, 0),
)


class Client(msgspec.Struct, frozen=True):
    """Who asks; `address` is the one that it had."""

    mac: str
    host_name: str
    address: IPv4Address | None = None


class _Dialogue:
    """What one client sends, and when next."""

    def __init__(self, client: Client, now: float) -> None:
        self._client = client
        self._offer: DhcpReply | None = None
        self._keeps = client.address is not None
        self._tries = 0
        self.number = secrets.randbits(32)
        self.due = now

    def next(self, now: float) -> bytes:
        """Return what is to be sent now."""
        if self._tries == _KEEP_TRIES:
            self._keeps = False
        self.due = now + _SEND_AGAIN_SECONDS[min(self._tries, len(_SEND_AGAIN_SECONDS) - 1)]
        self._tries += 1
        mac = bytes.fromhex(self._client.mac.replace(":", ""))
        if self._offer is not None and self._offer.address is not None:
            address, server = self._offer.address.ip, self._offer.server
            return frame(REQUEST, self.number, mac, self._client.host_name, address=address, server=server)
        kind = REQUEST if self._keeps else DISCOVER
        return frame(kind, self.number, mac, self._client.host_name, address=self._client.address)

    def hear(self, said: DhcpReply, now: float) -> bool:
        """Take an answer to this client; return whether it is a lease."""
        if said.kind == "offer" and self._offer is None and not self._keeps:
            self._offer, self._tries, self.due = said, 0, now
        elif said.kind == "nak":
            self._offer, self._keeps, self._tries, self.due = None, False, _KEEP_TRIES + 1, now
        return said.kind == "ack" and (self._keeps or self._offer is not None)


def leases(interface: str, clients: Sequence[Client], wait_seconds: float = WAIT_SECONDS) -> dict[str, DhcpReply]:
    """Return the leases by MAC address, of those who got one within the time; raises OSError."""
    found: dict[str, DhcpReply] = {}
    begin = time.monotonic()
    open_ = {client.mac: _Dialogue(client, begin) for client in clients}
    with _socket(interface) as sock:
        for _ in range(_MOST_FRAMES):
            now = time.monotonic()
            if not open_ or now >= begin + wait_seconds:
                break
            for dialogue in open_.values():
                if dialogue.due <= now:
                    sock.send(dialogue.next(now))
            until = min([begin + wait_seconds, *(one.due for one in open_.values())])
            for mac, said in _heard(sock, until, open_):
                if open_[mac].hear(said, time.monotonic()):
                    found[mac] = said
                    del open_[mac]
    return found


def _heard(sock: socket.socket, until: float, open_: dict[str, _Dialogue]) -> Iterator[tuple[str, DhcpReply]]:
    """Yield the next answer to one of the clients, if one comes in time."""
    sock.settimeout(max(0.001, until - time.monotonic()))
    try:
        said = answer(sock.recv(2048))
    except TimeoutError:
        return
    if said is not None:
        yield from ((mac, said) for mac, one in list(open_.items()) if one.number == said.number)


def _socket(interface: str) -> socket.socket:
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW | socket.SOCK_CLOEXEC)
    try:
        code = b"".join(struct.pack("HBBI", *one) for one in _FILTER)
        kept = ctypes.create_string_buffer(code, len(code))
        program = struct.pack("HL", len(_FILTER), ctypes.addressof(kept))
        sock.setsockopt(socket.SOL_SOCKET, _ATTACH_FILTER, program)
        sock.bind((interface, 0x0800))
        member = struct.pack("iHH8s", socket.if_nametoindex(interface), _PROMISCUOUS, 0, b"")
        sock.setsockopt(_SOL_PACKET, _MEMBERSHIP, member)
    except OSError:
        sock.close()
        raise
    return sock
