# SPDX-License-Identifier: MIT
"""The two captures of the sniff benchmark: packets made from a seed, the same each time."""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator
from pathlib import Path

START = 1_700_000_000 * 10**9
LINUX = bytes.fromhex("020405b40402080a00000001000000000103030a")
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16


def write(path: Path, packets: Iterator[bytes]) -> int:
    """Write a pcap file, packets 20 µs apart; return how many."""
    count = 0
    with path.open("wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262144, 1))
        for count, packet in enumerate(packets, 1):
            moment = START + count * 20_000
            file.write(struct.pack("<IIII", moment // 10**9, moment % 10**9, len(packet), len(packet)) + packet)
    return count


class Ends:
    """Makes the frames of one connection."""

    def __init__(self, number: int, port: int) -> None:
        self.six = number % 4 == 0
        host = struct.pack(">I", 0x0A000001 + number % 20_000)
        prefix = bytes.fromhex("20010db8") + bytes(8)
        self.client, self.server = (prefix + host, prefix + b"\xff\0\0\1") if self.six else (host, b"\xc0\0\2\1")
        self.ports = 1024 + number % 60_000, port
        self.numbers = [1000 + number, 5_000_000 + number]

    def frame(self, protocol: int, upper: bytes, *, back: bool = False) -> bytes:
        """A frame with an upper layer from the client, or back."""
        source, destination = (self.server, self.client) if back else (self.client, self.server)
        if self.six:
            head = b"\x86\xdd" + struct.pack(">IHBB", 6 << 28, len(upper), protocol, 64)
        else:
            head = b"\x08\x00" + struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(upper), 1, 0x4000, 64, protocol, 0)
        return b"\2" * 12 + head + source + destination + upper

    def segment(self, flags: int, payload: bytes = b"", *, back: bool = False, options: bytes = b"") -> bytes:
        """A segment; the numbers go on."""
        mine, other = (1, 0) if back else (0, 1)
        ports = self.ports[::-1] if back else self.ports
        head = struct.pack(
            ">HHIIBBHHH", *ports, self.numbers[mine], self.numbers[other] if flags & ACK else 0,
            (5 + len(options) // 4) << 4, flags, 64240, 0, 0,
        )  # fmt: skip
        self.numbers[mine] += len(payload) + bool(flags & (SYN | FIN))
        return self.frame(6, head + options + payload, back=back)


def opening(ends: Ends) -> Iterator[bytes]:
    """The three packets that open a connection."""
    yield ends.segment(SYN, options=LINUX)
    yield ends.segment(SYN | ACK, back=True, options=LINUX)
    yield ends.segment(ACK)


def closing(ends: Ends) -> Iterator[bytes]:
    """The three that end it."""
    yield ends.segment(FIN | ACK)
    yield ends.segment(FIN | ACK, back=True)
    yield ends.segment(ACK)


def bulk(flows: int) -> Iterator[bytes]:
    """Downloads: a handshake, then 400 packets."""
    dice = random.Random(1)
    for first in range(0, flows, 50):
        group = [Ends(number, 443) for number in range(first, min(first + 50, flows))]
        for ends in group:
            yield from opening(ends)
            yield ends.segment(ACK | PSH, client_hello(dice))
            yield ends.segment(ACK | PSH, server_hello(dice), back=True)
        for _ in range(200):
            for ends in group:
                yield ends.segment(ACK, b"\x17\x03\x03\x04\x00" + bytes(1000), back=True)
                yield ends.segment(ACK)
        for ends in group:
            yield from closing(ends)


def busy(flows: int) -> Iterator[bytes]:
    """Connections that say hello and go, and a scan."""
    dice = random.Random(2)
    for number in range(flows):
        kind = number % 8
        ends = Ends(number, (443, 22, 80)[(kind > 4) + (kind > 5)])
        if kind == 7:
            yield from (
                Ends(number // 64, 1 + number * 4 % 60_000 + more).segment(SYN, options=LINUX[:4]) for more in range(4)
            )
            continue
        yield from opening(ends)
        asked, answered = said(kind, dice)
        yield from (ends.segment(ACK | PSH, part) for part in asked)
        yield ends.segment(ACK | PSH, answered, back=True)
        yield from closing(ends)


def said(kind: int, dice: random.Random) -> tuple[list[bytes], bytes]:
    """What both sides of a connection say first."""
    if kind < 5:
        hello = client_hello(dice, post_quantum=kind == 4)
        return [hello[at : at + 1400] for at in range(0, len(hello), 1400)], server_hello(dice)
    if kind == 5:
        return [b"SSH-2.0-Go\r\n", kexinit(dice)], b"SSH-2.0-OpenSSH_9.2p1\r\n" + kexinit(dice)
    request = b"GET /%d HTTP/1.1\r\nHost: a\r\nUser-Agent: bench/%d\r\n\r\n" % (
        dice.randrange(9999),
        dice.randrange(50),
    )
    return [request], b"HTTP/1.1 200 OK\r\n\r\n"


def vector(content: bytes, size: int = 2) -> bytes:
    """A length and what it counts."""
    return len(content).to_bytes(size, "big") + content


def extension(kind: int, content: bytes) -> bytes:
    """One extension of a hello."""
    return kind.to_bytes(2, "big") + vector(content)


def client_hello(dice: random.Random, *, post_quantum: bool = False) -> bytes:
    """A ClientHello of one of 40 programs."""
    ciphers = b"".join(struct.pack(">H", 0xC000 + n) for n in range(10 + dice.randrange(40)))
    extensions = [
        extension(0, vector(b"\0" + vector(b"host%d.example" % dice.randrange(20)))),
        extension(10, vector(b"\0\x1d\0\x17\0\x18")),
        extension(11, b"\1\0"),
        extension(13, vector(b"\4\3\10\4\4\1\5\3")),
        extension(16, vector(b"\2h2\x08http/1.1")),
        extension(43, b"\4\3\4\3\3"),
        extension(
            51,
            vector(
                b"\x11\xec" + vector(dice.randbytes(1216)) if post_quantum else b"\0\x1d" + vector(dice.randbytes(32))
            ),
        ),
        extension(21, bytes(300)),
    ]
    body = (
        b"\3\3"
        + dice.randbytes(32)
        + vector(dice.randbytes(32), 1)
        + vector(ciphers)
        + b"\1\0"
        + vector(b"".join(extensions))
    )
    return b"\x16\3\1" + vector(b"\1" + vector(body, 3))


def server_hello(dice: random.Random) -> bytes:
    """What answers it, in TLS 1.3."""
    extensions = extension(43, b"\3\4") + extension(51, b"\0\x1d" + vector(dice.randbytes(32)))
    body = b"\3\3" + dice.randbytes(32) + vector(dice.randbytes(32), 1) + b"\x13\2\0" + vector(extensions)
    return b"\x16\3\3" + vector(b"\2" + vector(body, 3)) + b"\x17\3\3\4\0" + bytes(800)


def kexinit(dice: random.Random) -> bytes:
    """An SSH KEXINIT."""
    names = b"curve25519-sha256,aes256-gcm@openssh.com,hmac-sha2-256,none,x%d" % dice.randrange(10)
    payload = b"\x14" + dice.randbytes(16) + vector(names, 4) * 8 + bytes(8) + bytes(5)
    return vector(b"\4" + payload + bytes(4), 4)
