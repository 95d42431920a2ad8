# SPDX-License-Identifier: MIT
"""A short-lived child that sends a raw SYN and waits for its SYN+ACK: `python -m decnet_sniff.probe.stack_child`.

It inherits its two sockets, already open, and needs no privilege of its own: `stack_socket` opens them in the worker,
which never reads from either. It writes the headers that it captured to standard output and exits.

The packets are built here, not with scapy: a SYN and one filter are less than a page, scapy takes half a second and 60
MB to load, and its licence (GPL-2.0) is not ours.
"""

import select
import socket
import struct
import sys
import time

MSS = 1460
_TRIES = 2
_SYN, _ACK = 0x02, 0x10
_OPTIONS = struct.pack("!BBHBBBBIIBBBB", 2, 4, MSS, 4, 2, 8, 10, 1, 0, 1, 3, 3, 7)
"""MSS, SACK permitted, timestamp, NOP, window scale 7: what Linux offers, so that the answer shows all that the peer
supports."""
_WINDOW = 64240


def checksum(data: bytes) -> int:
    """Return the Internet checksum (RFC 1071) of an even number of bytes."""
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def syn(source: bytes, destination: bytes, source_port: int, port: int, sequence: int) -> bytes:
    """Return a SYN as TCP header with options; addresses packed."""
    offset = (20 + len(_OPTIONS)) // 4 << 4

    def segment(check: int) -> bytes:
        head = struct.pack("!HHIIBBHHH", source_port, port, sequence, 0, offset, _SYN, _WINDOW, check, 0)
        return head + _OPTIONS

    plain = segment(0)
    pseudo = struct.pack("!HH", socket.IPPROTO_TCP, len(plain))
    return segment(checksum(source + destination + pseudo + plain))


def answers(packet: bytes, source: bytes, source_port: int, port: int) -> tuple[bytes, bytes] | None:
    """Return IP and TCP header of `packet` if it is the SYN+ACK from `source` to a SYN from `source_port`."""
    if len(packet) < 40:
        return None
    length = (packet[0] & 15) * 4 if packet[0] >> 4 == 4 else 40
    protocol, sender = (packet[9], packet[12:16]) if packet[0] >> 4 == 4 else (packet[6], packet[8:24])
    tcp = packet[length:]
    if protocol != socket.IPPROTO_TCP or sender != source or len(tcp) < 20 or length < 20:
        return None
    if struct.unpack_from("!HH", tcp) != (port, source_port) or tcp[13] & 0x17 != _SYN | _ACK:
        return None
    return packet[:length], tcp[: (tcp[12] >> 4) * 4]


def main() -> None:
    """Run: the arguments are two descriptors, own and peer address, own and peer port, and seconds to wait."""
    sender, catcher = (socket.socket(fileno=int(number)) for number in sys.argv[1:3])
    family = sender.family
    own, other = (socket.inet_pton(family, text) for text in sys.argv[3:5])
    own_port, port = int(sys.argv[5]), int(sys.argv[6])
    segment = syn(own, other, own_port, port, time.time_ns() >> 10 & 0xFFFFFFFF)
    for _ in range(_TRIES):
        sender.sendto(segment, (sys.argv[4], 0))
        end = time.monotonic() + float(sys.argv[7]) / _TRIES
        while (left := end - time.monotonic()) > 0 and select.select([catcher], [], [], left)[0]:
            headers = answers(catcher.recv(65535), other, own_port, port)
            if headers is not None:
                sys.stdout.write(f"{headers[0].hex()} {headers[1].hex()}\n")
                return


if __name__ == "__main__":
    main()
